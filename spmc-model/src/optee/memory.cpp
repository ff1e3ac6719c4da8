// SPDX-License-Identifier: BSD-3-Clause
#include "src/optee/memory.hpp"

#include "src/bytes.hpp"
#include "src/regions.hpp"

namespace spmc_model::optee {

namespace {

using ffa::Error;

/// The VM's complete region that the service may read and write, or nullptr.
Region* usable_region(SpmcStorage& s, const Vm& vm, ffa::Handle handle) {
  Region* const region = find_region(s, handle);
  if (region == nullptr || region->state != RegionState::complete || region->sender != vm.id) {
    return nullptr;
  }
  return region->borrowings[vm.sp].granted == DataAccess::read_write ? region : nullptr;
}

const Use* use_of(const Vm& vm, ffa::Handle handle) {
  for (const Thread& thread : vm.threads) {
    for (const Use& use : thread.uses) {
      if (thread.used && use.active && use.handle == handle) return &use;
    }
  }
  return nullptr;
}

/// Calls `access(address, done, bytes)` for each piece of the view that lies in one range.
template <class Access>
bool for_each_piece(SpmcStorage& s, const View& view, uint64_t at, uint64_t bytes, Access access) {
  const Region* const region = find_region(s, view.handle);
  if (region == nullptr || !within(view.size, at, bytes)) return false;
  uint64_t skip = view.offset + at;
  uint64_t done = 0;
  for (const Range& range : ranges_of(s, *region)) {
    if (done == bytes) break;
    const uint64_t length = uint64_t{range.pages} * ffa::page_size;
    if (skip >= length) {
      skip -= length;
      continue;
    }
    const uint64_t left = bytes - done;
    const uint64_t piece = left < length - skip ? left : length - skip;
    if (!access(ffa::Pa{range.address.raw() + skip}, done, piece)) return false;
    done += piece;
    skip = 0;
  }
  return done == bytes;
}

}  // namespace

ffa::Result<View, Tee> use_region(SpmcStorage& s, Vm& vm, Thread& thread, unsigned use,
                                  ffa::Handle handle, uint16_t internal_offset) {
  if (internal_offset >= ffa::page_size) return Error{Tee::bad_parameters};
  Region* const region = usable_region(s, vm, handle);
  if (region == nullptr) return Error{Tee::bad_parameters};
  const Use* const other = use_of(vm, handle);
  if (other != nullptr && other->internal_offset != internal_offset) {
    return Error{Tee::bad_parameters};
  }
  region->borrowings[vm.sp].held = region->borrowings[vm.sp].granted;
  thread.uses[use] = Use{true, internal_offset, handle};
  const uint64_t bytes = uint64_t{region->received_pages} * ffa::page_size;
  return View{handle, internal_offset, bytes - internal_offset};
}

bool in_use(const Vm& vm, ffa::Handle handle) { return use_of(vm, handle) != nullptr; }

bool unregister_region(SpmcStorage& s, const Vm& vm, ffa::Handle handle) {
  if (in_use(vm, handle)) return false;
  Region* const region = usable_region(s, vm, handle);
  if (region != nullptr) region->borrowings[vm.sp].held = DataAccess::none;
  return true;
}

bool read(SpmcStorage& s, const View& view, uint64_t at, std::span<std::byte> to) {
  return for_each_piece(s, view, at, to.size(), [&](ffa::Pa from, uint64_t done, uint64_t bytes) {
    return s.memory->read(from, to.subspan(done, bytes));
  });
}

bool write(SpmcStorage& s, const View& view, uint64_t at, std::span<const std::byte> from) {
  return for_each_piece(s, view, at, from.size(), [&](ffa::Pa to, uint64_t done, uint64_t bytes) {
    return s.memory->write(to, from.subspan(done, bytes));
  });
}

}  // namespace spmc_model::optee
