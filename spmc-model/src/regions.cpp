// SPDX-License-Identifier: BSD-3-Clause
// Ranges of all regions lie packed in one pool, in the order of the regions' creation; freeing
// closes the gap. A region is found by its handle in an array of indices that is sorted by handle.
#include "src/regions.hpp"

#include <algorithm>

namespace spmc_model {

namespace {

using ffa::Error;
using ffa::Status;

constexpr unsigned guest_shift = 16;

bool same_owner_space(const SpmcStorage& s, const Region& region, ffa::EndpointId owner) {
  return !s.personality.handles.guest_in_handle || region.sender == owner;
}

std::span<const uint16_t> regions_in_use(const SpmcStorage& s) {
  return std::span{s.region_order}.first(s.regions_used);
}

/// The place in the order of handles of the first region whose handle is not below this one.
size_t place_of(const SpmcStorage& s, ffa::Handle handle) {
  const auto order = regions_in_use(s);
  const auto at = std::lower_bound(
      order.begin(), order.end(), handle.raw(),
      [&s](uint16_t region, uint64_t raw) { return s.regions[region].handle.raw() < raw; });
  return static_cast<size_t>(at - order.begin());
}

/// The region with this handle whose owner lives, or, if `left`, is gone. A handle may be there
/// twice: what a VM that is gone left keeps its own.
const Region* find_by_handle(const SpmcStorage& s, ffa::Handle handle, bool left) {
  const auto order = regions_in_use(s);
  for (size_t at = place_of(s, handle); at < order.size(); ++at) {
    const Region& region = s.regions[order[at]];
    if (region.handle != handle) break;
    if (region.owner_gone == left) return &region;
  }
  return nullptr;
}

/// What a VM that is gone left keeps its number from others, where they are numbered together.
bool numbers_anew(const SpmcStorage& s, const Region& region) {
  return region.owner_gone && s.personality.handles.guest_in_handle;
}

bool handle_in_use(const SpmcStorage& s, ffa::Handle handle) {
  if (find_by_handle(s, handle, false) != nullptr) return true;
  const Region* const left = find_by_handle(s, handle, true);
  return left != nullptr && !numbers_anew(s, *left);
}

ffa::Handle indexed_handle(const SpmcStorage& s, ffa::EndpointId owner, uint32_t index) {
  const HandleScheme& scheme = s.personality.handles;
  uint64_t value = scheme.base | index;
  if (scheme.guest_in_handle) value |= static_cast<uint64_t>(owner.raw()) << guest_shift;
  return ffa::Handle{value};
}

/// The next handle by the personality's scheme. NO_MEMORY: the owner has as many as it may.
ffa::Result<ffa::Handle> next_handle(SpmcStorage& s, ffa::EndpointId owner) {
  const HandleScheme& scheme = s.personality.handles;
  uint32_t live = 0;
  for (const uint16_t index : regions_in_use(s)) {
    const Region& region = s.regions[index];
    if (numbers_anew(s, region)) continue;
    if (region.handle.hypervisor_allocated() || !same_owner_space(s, region, owner)) continue;
    ++live;
  }
  if (live >= scheme.live_limit) return Error{Status::no_memory};
  if (scheme.counting) return ffa::Handle{scheme.base + s.handles_given++};
  for (uint32_t index = 0; index <= live; ++index) {
    const ffa::Handle handle = indexed_handle(s, owner, index);
    if (!handle_in_use(s, handle)) return handle;
  }
  return Error{Status::no_memory};
}

ffa::Result<ffa::Handle> choose_handle(SpmcStorage& s, ffa::EndpointId owner, ffa::Handle preset) {
  const bool chosen = preset.raw() != 0 && preset != ffa::invalid_handle;
  if (!chosen || !s.personality.preset_handle) return next_handle(s, owner);
  if (!preset.hypervisor_allocated() || handle_in_use(s, preset)) return Error{Status::no_memory};
  return preset;
}

/// Takes the first free region into the order, by this handle.
Region& take_slot(SpmcStorage& s, ffa::Handle handle) {
  const auto order = s.region_order.begin();
  const uint16_t slot = order[s.regions_used];
  const auto place = order + static_cast<ptrdiff_t>(place_of(s, handle));
  std::copy_backward(place, order + s.regions_used, order + s.regions_used + 1);
  *place = slot;
  ++s.regions_used;
  return s.regions[slot];
}

void give_slot_back(SpmcStorage& s, const Region& region) {
  const auto slot = static_cast<uint16_t>(&region - s.regions.data());
  const auto order = s.region_order.begin();
  auto place = order + static_cast<ptrdiff_t>(place_of(s, region.handle));
  while (*place != slot) ++place;
  std::copy(place + 1, order + s.regions_used, place);
  --s.regions_used;
  order[s.regions_used] = slot;
}

}  // namespace

ffa::Result<Region*> add_region(SpmcStorage& s, ffa::EndpointId sender, ffa::Handle preset,
                                uint32_t ranges) {
  const bool full = s.regions_used == max_regions || ranges > s.ranges.size() - s.ranges_used;
  if (full) return Error{Status::no_memory};
  FFA_TRY(const ffa::Handle handle, choose_handle(s, sender, preset));
  Region& region = take_slot(s, handle);
  region = Region{};
  region.state = RegionState::receiving;
  region.sender = sender;
  region.handle = handle;
  region.total_ranges = ranges;
  region.first_range = s.ranges_used;
  s.ranges_used += ranges;
  return &region;
}

void free_region(SpmcStorage& s, Region& region) {
  const uint32_t hole = region.first_range;
  const uint32_t length = region.total_ranges;
  for (uint32_t i = hole + length; i < s.ranges_used; ++i) s.ranges[i - length] = s.ranges[i];
  for (const uint16_t index : regions_in_use(s)) {
    Region& other = s.regions[index];
    if (other.first_range > hole) other.first_range -= length;
  }
  s.ranges_used -= length;
  give_slot_back(s, region);
  region = Region{};
}

Region* find_region(SpmcStorage& s, ffa::Handle handle) {
  return const_cast<Region*>(find_by_handle(s, handle, false));
}

Region* find_left_region(SpmcStorage& s, ffa::Handle handle) {
  return const_cast<Region*>(find_by_handle(s, handle, true));
}

void end_hold(Borrowing& borrowing) {
  borrowing.held = DataAccess::none;
  borrowing.retrievals = 0;
  borrowing.zero_when_given_up = false;
}

void leave_regions(SpmcStorage& s, ffa::EndpointId owner) {
  for (Region& region : s.regions) {
    if (region.state == RegionState::free || region.sender != owner || region.owner_gone) continue;
    if (region.state == RegionState::receiving) {
      free_region(s, region);
      continue;
    }
    // Numbers of their own start anew with the next VM of this id; those of all VMs stay taken.
    region.owner_gone = s.personality.handles.guest_in_handle;
    for (Borrowing& borrowing : region.borrowings) end_hold(borrowing);
  }
}

void drop_all_holds(SpmcStorage& s, size_t sp) {
  for (Region& region : s.regions) {
    if (region.state == RegionState::free) continue;
    if (region.borrowings[sp].zero_when_given_up) zero_pages(s, region);
    end_hold(region.borrowings[sp]);
  }
}

void zero_pages(SpmcStorage& s, const Region& region) {
  s.page = {};
  for (const Range& range : ranges_of(s, region)) {
    for (uint32_t n = 0; n < range.pages; ++n) {
      s.memory->write(ffa::Pa{range.address.raw() + uint64_t{n} * ffa::page_size}, s.page);
    }
  }
}

void drop_holds(SpmcStorage& s, size_t sp, ffa::EndpointId owner) {
  for (const uint16_t slot : regions_in_use(s)) {
    Region& region = s.regions[slot];
    if (region.sender != owner || region.owner_gone) continue;
    end_hold(region.borrowings[sp]);
  }
}

uint32_t holders(const Region& region) {
  uint32_t count = 0;
  for (const Borrowing& each : region.borrowings) count += each.held != DataAccess::none ? 1 : 0;
  return count;
}

std::span<const Range> ranges_of(const SpmcStorage& s, const Region& region) {
  return s.ranges.subspan(region.first_range, region.received_ranges);
}

bool touches(const SpmcStorage& s, const Region& region, ffa::Pa from, uint32_t pages) {
  const uint64_t end = from.raw() + uint64_t{pages} * ffa::page_size;
  for (const Range& range : ranges_of(s, region)) {
    const uint64_t range_end = range.address.raw() + uint64_t{range.pages} * ffa::page_size;
    if (from.raw() < range_end && range.address.raw() < end) return true;
  }
  return false;
}

}  // namespace spmc_model
