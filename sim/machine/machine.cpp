// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/engine/input_error.hpp"
#include "sim/machine/layout.hpp"
#include "sim/machine/machine_impl.hpp"

namespace sim {

namespace {

// Device registers and secure memory of the simulated board, below every RAM that a world may ask
// for.
constexpr uint64_t device_base = 0x09000000;
constexpr uint64_t device_pages = 0x01000000 / page_bytes;
constexpr uint64_t secure_base = 0x0e000000;
constexpr uint64_t secure_pages = 0x01000000 / page_bytes;
// What a refused copy_in leaves in the mediator's memory: no byte of anybody.
constexpr std::byte refused_byte{0xee};

PageOwner region_owner(const RegionSpec& region, uint16_t vm) {
  switch (region.kind) {
    case RegionKind::ram_rw:
    case RegionKind::ram_ro:
      return owned_by(vm);
    case RegionKind::device:
      return PageOwner::device;
    case RegionKind::foreign:
      return PageOwner::stranger;
    case RegionKind::none:
      return PageOwner::none;
  }
  return PageOwner::none;
}

}  // namespace

void Machine::Impl::claim_board() {
  const auto aligned = [](uint64_t value) { return value % page_bytes == 0; };
  if (!aligned(spec.ram_base) || !aligned(spec.ram_size) || spec.ram_size == 0 ||
      spec.ram_base + spec.ram_size < spec.ram_base) {
    throw InputError("world", "RAM is not a range of whole 4 KiB pages");
  }
  ram.add(spec.ram_base / page_bytes, spec.ram_size / page_bytes);
  if (!spec.sparse_ram) {
    devices.add(device_base / page_bytes, device_pages);
    memory.give(secure_base / page_bytes, secure_pages, PageOwner::secure);
  }
  const uint64_t pages = spec.mediator.spmc_buffer_pages;
  for (const uint64_t pa : {spec.own_tx_pa, spec.own_rx_pa}) {
    const bool free = aligned(pa) && !memory.any_owned(pa / page_bytes, pages);
    if (!free || (!ram.take_at(pa / page_bytes, pages) && !spec.sparse_ram)) {
      throw InputError("world", fmt::format("the mediator's buffer at {:#x} is not free RAM", pa));
    }
    memory.give(pa / page_bytes, pages, PageOwner::hypervisor);
    buffers.add({std::nullopt,
                 pa / page_bytes,
                 pages,
                 {{pa / page_bytes, pa / page_bytes, pages, mediator::MemoryKind::ram_rw}}});
  }
}

// Fixed addresses leave the pool before anything else is placed. A foreign page may be another
// VM's.
void Machine::Impl::claim_fixed(const VmSpec& vm) {
  for (size_t n = 0; n < vm.memory.size(); ++n) {
    const RegionSpec& region = vm.memory[n];
    if (!region.pa || region.kind == RegionKind::none || region.kind == RegionKind::foreign)
      continue;
    const uint64_t page = *region.pa / page_bytes;
    const uint64_t pages = region.size / page_bytes;
    const bool taken =
        region.kind == RegionKind::device ? devices.take_at(page, pages) : ram.take_at(page, pages);
    if (!taken && !spec.sparse_ram) {
      throw InputError(fmt::format("world: vm {} memory[{}]", vm.config.id.raw(), n),
                       fmt::format("host address {:#x} is not free", *region.pa));
    }
  }
}

void Machine::Impl::check_fit() const {
  PageAllocator together = ram;
  for (const VmSpec& vm : spec.vms) {
    PageAllocator alone = ram;
    PageAllocator device_pool = devices;
    for (size_t n = 0; n < vm.memory.size(); ++n) {
      const RegionSpec& region = vm.memory[n];
      const std::string place = fmt::format("world: vm {} memory[{}]", vm.config.id.raw(), n);
      if (region.ipa % page_bytes != 0 || region.size % page_bytes != 0 ||
          region.ipa + region.size < region.ipa || (region.pa && *region.pa % page_bytes != 0)) {
        throw InputError(place, "not a range of whole 4 KiB pages");
      }
      const bool block_ok = region.block == 0 || region.block == page_bytes ||
                            region.block == 2ULL << 20 || region.block == 1ULL << 30;
      if (!block_ok) throw InputError(place, "a block is 4 KiB, 2 MiB or 1 GiB");
      PageAllocator& pool = region.kind == RegionKind::device ? device_pool
                            : vm.create_at_boot               ? together
                                                              : alone;
      if (!lay_out(region, pool)) throw InputError(place, "does not fit the world's RAM");
    }
  }
}

void Machine::Impl::add_region(uint16_t id, Vm& vm, const RegionSpec& region,
                               const std::string& place) {
  PageAllocator& pool = region.kind == RegionKind::device ? devices : ram;
  const auto runs = lay_out(region, pool);
  if (!runs) throw InputError(place, "does not fit the world's RAM");
  for (const Stage2::Run& run : *runs) {
    if (!vm.stage2.map(run)) throw InputError(place, "overlaps another region of the VM");
    const bool others = region.pa && memory.any_owned(run.pa_page, run.pages);
    if (others && region.kind == RegionKind::foreign) continue;
    if (others) throw InputError(place, "its host address belongs to someone else");
    memory.give(run.pa_page, run.pages, region_owner(region, id));
    if (region.pa) pool.take_at(run.pa_page, run.pages);
    vm.host.push_back({run, region.pa.has_value()});
  }
}

template <class Bytes, class Access>
bool Machine::Impl::walk(uint16_t id, uint64_t ipa, Bytes bytes, Access access) const {
  const Vm* vm = find(id);
  if (vm == nullptr) return false;
  // Two passes, so that a fault in the middle leaves nothing half done.
  for (const bool dry : {true, false}) {
    size_t done = 0;
    while (done < bytes.size()) {
      const uint64_t at = ipa + done;
      if (at < ipa) return false;
      const uint64_t offset = at % page_bytes;
      const uint64_t wanted = (offset + bytes.size() - done + page_bytes - 1) / page_bytes;
      const Stage2::Run run = vm->reach(at / page_bytes, wanted);
      if (run.pages == 0 || run.kind == mediator::MemoryKind::ram_none) return false;
      const size_t length =
          std::min<uint64_t>(bytes.size() - done, run.pages * page_bytes - offset);
      const uint64_t pa = run.pa_page * page_bytes + offset;
      if (!access(run.kind, pa, bytes.subspan(done, length), dry)) return false;
      done += length;
    }
  }
  return true;
}

template <class Bytes, class Access>
bool Machine::Impl::copy(uint32_t id, uint32_t offset, Bytes bytes, const char* what,
                         Access access) {
  const MappedBuffer* buffer = buffers.find(id);
  if (buffer == nullptr) {
    report(fmt::format("I22: {} of buffer {}, which is not mapped", what, id));
    return false;
  }
  if (offset > buffer->bytes() || bytes.size() > buffer->bytes() - offset) {
    report(fmt::format("I21: {} of {} bytes at offset {} leaves buffer {} of {} bytes", what,
                       bytes.size(), offset, id, buffer->bytes()));
    return false;
  }
  uint64_t skip = offset;
  for (const Stage2::Run& run : buffer->runs) {
    const uint64_t size = run.pages * page_bytes;
    if (skip < size && !bytes.empty()) {
      const size_t length = std::min<uint64_t>(bytes.size(), size - skip);
      access(run.pa_page * page_bytes + skip, bytes.first(length));
      bytes = bytes.subspan(length);
      skip = 0;
    } else {
      skip -= std::min(skip, size);
    }
  }
  return true;
}

Machine::Machine(const WorldSpec& spec, std::function<void(const std::string&)> report)
    : impl_(std::make_unique<Impl>(spec, std::move(report))) {
  impl_->claim_board();
  for (const VmSpec& vm : spec.vms) impl_->claim_fixed(vm);
  impl_->check_fit();
}

Machine::~Machine() = default;

mediator::Extent Machine::translate(uint16_t vm, uint64_t ipa, uint64_t pages) const {
  const Impl::Vm* found = impl_->find(vm);
  if (found == nullptr) return {};
  if (ipa % page_bytes != 0) {
    impl_->report(fmt::format("I21: translate of the unaligned address {:#x} of VM {}", ipa, vm));
    return {};
  }
  return to_extent(found->look_up(ipa / page_bytes, pages));
}

bool Machine::remove_page(uint16_t id, uint64_t ipa) {
  Impl::Vm* vm = impl_->find(id);
  const uint64_t page = ipa / page_bytes;
  if (vm == nullptr || vm->pins.at(page) != 0 || impl_->buffers.maps(id, page, 1)) return false;
  if (vm->rights.at(page) != Rights::own) return false;  // another VM's page
  ++impl_->page_views;
  const auto taken = vm->stage2.unmap(page, 1);
  if (taken.empty()) return false;
  vm->remapped = true;
  const uint64_t frame = taken.front().pa_page;
  if (impl_->memory.owner(frame) == owned_by(id)) {
    // The frame is the hypervisor's now; it returns to the pool with the VM's other pages.
    impl_->memory.give(frame, 1, PageOwner::hypervisor);
  }
  return true;
}

uint64_t Machine::stage2_digest(uint16_t vm) const {
  const Impl::Vm* found = impl_->find(vm);
  return found == nullptr ? 0 : found->digest();
}

void Machine::add_vm(const VmSpec& spec) {
  ++impl_->page_views;
  const uint16_t id = spec.config.id.raw();
  const std::string where = fmt::format("world: vm {}", id);
  if (impl_->find(id) != nullptr) throw InputError(where, "exists already");
  Impl::Vm& vm = impl_->vms[id];
  for (size_t n = 0; n < spec.memory.size(); ++n) {
    vm.limit_mappings(spec.memory[n]);
    impl_->add_region(id, vm, spec.memory[n], fmt::format("{} memory[{}]", where, n));
  }
}

void Machine::remove_vm(uint16_t id) {
  ++impl_->page_views;
  Impl::Vm* vm = impl_->find(id);
  if (vm == nullptr) {
    impl_->report(fmt::format("there is no VM {} to remove", id));
    return;
  }
  if (const uint32_t mapped = impl_->buffers.count(id); mapped != 0) {
    impl_->report(fmt::format("I22: VM {} goes while {} of its buffers are mapped", id, mapped));
    impl_->buffers.remove_all(id);
  }
  const uint64_t pinned = pinned_pages(id);
  if (pinned != 0 && !vm->quarantined) {
    impl_->report(fmt::format("I06: VM {} goes while {} page references are held", id, pinned));
  }
  if (const uint64_t borrowed = borrowed_pages(id); borrowed != 0) {
    impl_->report(fmt::format("I12: VM {} goes while it borrows {} pages", id, borrowed));
    vm->rights.for_each(vm->low, vm->high, [&](uint64_t begin, uint64_t end, Rights rights) {
      if (!is_borrowed(rights)) return;
      for (const Stage2::Run& run : vm->stage2.unmap(begin, end - begin)) impl_->end_borrowing(run);
    });
  }
  for (const auto& host : vm->host) {
    const Stage2::Run& run = host.run;
    const bool fixed = host.fixed;
    vm->pins.for_each(run.ipa_page, run.ipa_page + run.pages,
                      [&](uint64_t begin, uint64_t end, uint32_t count) {
                        const uint64_t pa_page = run.pa_page + (begin - run.ipa_page);
                        if (count != 0 && is_ram(run.kind)) {
                          impl_->memory.relabel(pa_page, end - begin, PageOwner::quarantined);
                          return;
                        }
                        impl_->memory.give(pa_page, end - begin, PageOwner::none);
                        if (fixed) return;
                        const bool device = run.kind == mediator::MemoryKind::device;
                        (device ? impl_->devices : impl_->ram).add(pa_page, end - begin);
                      });
  }
  impl_->vms.erase(id);
}

bool Machine::has_vm(uint16_t vm) const { return impl_->find(vm) != nullptr; }

bool Machine::pin(uint16_t id, uint64_t ipa, const mediator::Extent& extent) {
  Impl::Vm* vm = impl_->find(id);
  const uint64_t pages = extent.pages.raw();
  if (vm == nullptr || pages == 0 || ipa % page_bytes != 0) {
    impl_->report(
        fmt::format("I05: pin of {} pages at {:#x} of VM {} names nothing", pages, ipa, id));
    return false;
  }
  const uint64_t page = ipa / page_bytes;
  const mediator::Extent present = to_extent(vm->find(page, pages));
  const bool same =
      present.pa == extent.pa && present.pages == extent.pages && present.kind == extent.kind;
  if (!same) {
    if (!vm->remapped) {
      impl_->report(
          fmt::format("I01: pin of {:#x}, {} pages of VM {} at {:#x}, which its stage 2 never held",
                      extent.pa.raw(), pages, id, ipa));
    }
    return false;
  }
  if (!is_ram(extent.kind)) {
    impl_->report(fmt::format("I01: pin of {} pages at {:#x} of VM {}, which are not its RAM",
                              pages, ipa, id));
    return false;
  }
  vm->pins.update(page, page + pages, [](uint32_t count) { return count + 1; });
  impl_->count_pins(*vm, page, pages, 1);
  vm->widen(page, pages);
  return true;
}

void Machine::unpin(uint16_t id, uint64_t ipa, uint64_t pages) {
  Impl::Vm* vm = impl_->find(id);
  const uint64_t page = ipa / page_bytes;
  if (vm == nullptr || pages == 0 || ipa % page_bytes != 0 || page + pages < page) {
    impl_->report(
        fmt::format("I05: unpin of {} pages at {:#x} of VM {} names nothing", pages, ipa, id));
    return;
  }
  if (!vm->pins.all_of(page, page + pages, [](uint32_t count) { return count != 0; })) {
    impl_->report(
        fmt::format("I05: unpin of {} pages at {:#x} of VM {}, not all pinned", pages, ipa, id));
    return;
  }
  vm->pins.update(page, page + pages, [](uint32_t count) { return count - 1; });
  impl_->count_pins(*vm, page, pages, -1);
  const bool loose =
      !vm->pins.all_of(page, page + pages, [](uint32_t count) { return count != 0; });
  if (loose) impl_->check_loose(id, *vm, page, pages);
}

uint64_t Machine::pinned_pages(uint16_t vm) const {
  uint64_t sum = 0;
  const Impl::Vm* found = impl_->find(vm);
  if (found == nullptr || found->low >= found->high) return sum;
  found->pins.for_each(found->low, found->high, [&](uint64_t begin, uint64_t end, uint32_t count) {
    sum += (end - begin) * count;
  });
  return sum;
}

std::vector<Pinned> Machine::pins(uint16_t id) const {
  std::vector<Pinned> result;
  const Impl::Vm* vm = impl_->find(id);
  if (vm == nullptr || vm->low >= vm->high) return result;
  constexpr size_t usual = 8;
  result.reserve(usual);
  vm->pins.for_each(vm->low, vm->high, [&](uint64_t begin, uint64_t end, uint32_t count) {
    if (count != 0) result.push_back({begin * page_bytes, end - begin, count});
  });
  return result;
}

std::vector<uint64_t> Machine::quarantine(uint16_t vm) {
  std::vector<uint64_t> pages;
  if (Impl::Vm* found = impl_->find(vm)) found->quarantined = true;
  for (const Pinned& range : pins(vm)) {
    for (uint64_t n = 0; n < range.pages; ++n) pages.push_back(range.ipa + n * page_bytes);
  }
  return pages;
}

uint32_t Machine::map(uint16_t id, uint64_t ipa, uint64_t pages) {
  const Impl::Vm* vm = impl_->find(id);
  const uint64_t first = ipa / page_bytes;
  const auto refuse = [&](const char* why) {
    impl_->report(fmt::format("I21: map of {} pages at {:#x} of VM {}: {}", pages, ipa, id, why));
    return 0U;
  };
  if (vm == nullptr || pages == 0 || pages >> 52 != 0 || ipa % page_bytes != 0) {
    return refuse("names nothing");
  }
  if (!vm->pins.all_of(first, first + pages, [](uint32_t count) { return count != 0; })) {
    return refuse("not pinned");
  }
  MappedBuffer buffer{id, first, pages, {}};
  for (uint64_t page = first; page < first + pages;) {
    const Stage2::Run run = vm->stage2.find(page, first + pages - page);
    if (run.kind != mediator::MemoryKind::ram_rw) return refuse("not writable RAM of the VM");
    buffer.runs.push_back(run);
    page += run.pages;
  }
  return impl_->buffers.add(std::move(buffer));
}

void Machine::unmap(uint32_t buffer) {
  if (buffer == Buffers::own_tx || buffer == Buffers::own_rx || !impl_->buffers.remove(buffer)) {
    impl_->report(
        fmt::format("I22: unmap of buffer {}, which is not a mapped one of a VM", buffer));
  }
}

void Machine::copy_in(uint32_t buffer, uint32_t offset, std::span<std::byte> to) {
  const bool done = impl_->copy(buffer, offset, to, "copy_in",
                                [&](uint64_t pa, auto part) { impl_->memory.read(pa, part); });
  if (!done) std::fill(to.begin(), to.end(), refused_byte);
}

void Machine::copy_out(uint32_t buffer, uint32_t offset, std::span<const std::byte> from) {
  impl_->copy(buffer, offset, from, "copy_out",
              [&](uint64_t pa, auto part) { impl_->memory.write(pa, part); });
}

mediator::OwnBuffers Machine::own_buffers() const {
  return {{mediator::BufferId{Buffers::own_tx}, ffa::Pa{impl_->spec.own_tx_pa}},
          {mediator::BufferId{Buffers::own_rx}, ffa::Pa{impl_->spec.own_rx_pa}}};
}

std::optional<uint16_t> Machine::vm_of_buffer(uint32_t buffer) const {
  const MappedBuffer* const found = impl_->buffers.find(buffer);
  return found == nullptr ? std::nullopt : found->vm;
}

std::optional<uint64_t> Machine::page_of_buffer(uint32_t buffer, uint32_t offset) const {
  const MappedBuffer* const found = impl_->buffers.find(buffer);
  if (found == nullptr) return std::nullopt;
  uint64_t page = offset / page_bytes;
  for (const Stage2::Run& run : found->runs) {
    if (page < run.pages) return run.pa_page + page;
    page -= run.pages;
  }
  return std::nullopt;
}

uint32_t Machine::mapped_buffers(uint16_t vm) const { return impl_->buffers.count(vm); }

bool Machine::read_ipa(uint16_t vm, uint64_t ipa, std::span<std::byte> to) const {
  return impl_->walk(vm, ipa, to, [&](auto kind, uint64_t pa, auto part, bool dry) {
    if (kind == mediator::MemoryKind::device) return false;
    return dry || impl_->memory.read(pa, part);
  });
}

uint64_t Machine::guest_writes() const { return impl_->guest_writes; }

bool Machine::write_ipa(uint16_t vm, uint64_t ipa, std::span<const std::byte> from) {
  ++impl_->guest_writes;
  return impl_->walk(vm, ipa, from, [&](auto kind, uint64_t pa, auto part, bool dry) {
    const bool writable =
        kind == mediator::MemoryKind::ram_rw || kind == mediator::MemoryKind::foreign;
    return writable && (dry || impl_->memory.write(pa, part));
  });
}

bool Machine::read_pa(uint64_t pa, std::span<std::byte> to) const {
  return impl_->memory.read(pa, to);
}

bool Machine::write_pa(uint64_t pa, std::span<const std::byte> from) {
  return impl_->memory.write(pa, from);
}

PageOwner Machine::owner(uint64_t pa) const { return impl_->memory.owner(pa / page_bytes); }

std::optional<uint64_t> Machine::find_other(uint64_t pa, uint64_t pages,
                                            std::array<PageOwner, 2> owners) const {
  const auto page = impl_->memory.find_other(pa / page_bytes, pages, owners);
  if (!page) return std::nullopt;
  return *page * page_bytes;
}

uint64_t Machine::memory_digest(PageOwner owner) const { return impl_->memory.digest(owner); }

void Machine::keep() {
  impl_->kept_state = *impl_;
  impl_->memory.keep();
}

void Machine::restore() {
  ++impl_->page_views;
  static_cast<MachineState&>(*impl_) = impl_->kept_state;
  impl_->memory.restore();
}

}  // namespace sim
