// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/machine.hpp"

#include <algorithm>
#include <cstring>

#include "guest/canary.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/memory_map.h"

namespace ports::qemu {
namespace {

using mediator::MemoryKind;

constexpr uint64_t page = ffa::page_size;
constexpr uint64_t block = 2 << 20;
constexpr size_t ram_pages = WORLD_RAM_BYTES / page;
constexpr std::byte refused_byte{0xee};
constexpr uint16_t code(guest::CanaryOwner owner) { return static_cast<uint16_t>(owner); }
constexpr uint16_t owner_none = code(guest::CanaryOwner::none);
constexpr uint16_t owner_hypervisor = code(guest::CanaryOwner::hypervisor);
constexpr uint16_t owner_stranger = code(guest::CanaryOwner::stranger);
constexpr uint16_t owner_quarantined = code(guest::CanaryOwner::quarantined);

bool is_ram(MemoryKind kind) { return kind == MemoryKind::ram_rw || kind == MemoryKind::ram_ro; }

/// Pages that anybody has had: not zero any more when the next case of the same boot begins.
std::array<bool, ram_pages> used;

/// Runs of one region are neighbours, in the layout and in the VM.
void limit_mappings(Vm& vm, const guest::PackedRun& run) {
  if (run.block == 0) return;
  const uint64_t end = run.ipa + run.pages * page;
  if (vm.mappings_count != 0) {
    Mappings& last = vm.mappings[vm.mappings_count - 1];
    if (last.end == run.ipa && last.size == run.block) {
      last.end = end;
      return;
    }
  }
  if (vm.mappings_count == vm.mappings.size()) give_up(exit_too_large, "regions of a VM");
  vm.mappings[vm.mappings_count++] = {run.ipa, end, run.block};
}

std::byte* at_pa(uint64_t pa) { return reinterpret_cast<std::byte*>(static_cast<uintptr_t>(pa)); }

}  // namespace

Machine::Machine(const guest::Package& package, Recorder& recorder)
    : package_(package), recorder_(recorder) {
  if (package.ram_base != WORLD_RAM || package.ram_size != WORLD_RAM_BYTES) {
    give_up(exit_bad_input, "case.package: its RAM is not this board's");
  }
  for (uint64_t n = 0; n < ram_pages; ++n) {
    page_at(WORLD_RAM + n * page) = {owner_none, 0, 0, false};
    if (!used[n]) continue;
    std::memset(at_pa(WORLD_RAM + n * page), 0, page);
    used[n] = false;
  }
  for (size_t n = 0; n < package.vm_count; ++n) {
    vms_[n].config = &package.vms[n];
    vms_[n].stage2.create(static_cast<uint16_t>(n + 1));
  }
  if (!add_own_buffer(package.own_tx_pa) || !add_own_buffer(package.own_rx_pa)) {
    give_up(exit_too_large, "the mediator's own buffers");
  }
}

Machine::Page& Machine::page_at(uint64_t pa) {
  static std::array<Page, ram_pages> pages;
  return pages[(pa - WORLD_RAM) / page];
}

bool Machine::is_ours(uint64_t pa, uint64_t bytes) const {
  return pa >= WORLD_RAM && bytes <= WORLD_RAM_BYTES && pa - WORLD_RAM <= WORLD_RAM_BYTES - bytes;
}

void Machine::give(uint64_t pa, uint64_t pages, uint16_t owner) {
  for (uint64_t n = 0; n < pages; ++n) page_at(pa + n * page) = {owner, 0, 0, owner != owner_none};
}

void Machine::fill(uint64_t pa, uint64_t pages) {
  for (uint64_t at = pa; at < pa + pages * page; at += page) {
    Page& one = page_at(at);
    if (!one.bare) continue;
    one.bare = false;
    used[(at - WORLD_RAM) / page] = true;
    auto* const words = reinterpret_cast<uint64_t*>(at_pa(at));
    for (uint64_t n = 0; n < page / 8; ++n) words[n] = guest::canary_word(one.owner, at + 8 * n);
  }
}

bool Machine::touch(uint16_t id, uint64_t ipa) {
  Vm* const vm = find(id);
  const uint64_t pa = vm == nullptr ? 0 : vm->stage2.touch(ipa / page * page);
  if (pa != 0) fill(pa, 1);
  return pa != 0;
}

bool Machine::add_own_buffer(uint64_t pa) {
  const uint64_t pages = package_.mediator.spmc_buffer_pages;
  if (pages > max_buffer_pages) return false;
  Buffer& buffer = buffers_[next_buffer_ - 1];
  buffer.id = next_buffer_++;
  buffer.own = true;
  buffer.pages = pages;
  for (uint64_t n = 0; n < pages; ++n) buffer.pa[n] = pa + n * page;
  give(pa, pages, owner_hypervisor);
  fill(pa, pages);
  return true;
}

Vm* Machine::find(uint16_t id) {
  for (Vm& vm : vms()) {
    if (vm.id() == id) return &vm;
  }
  return nullptr;
}

/// The layout of the VM's n-th creation, or its last one: a plan that took an earlier creation for
/// granted has none for the next, and is mended from the record.
const guest::PackedLayout& Machine::layout_of(const Vm& vm) const {
  const guest::PackedLayout* found = nullptr;
  size_t seen = 0;
  for (size_t n = 0; n < package_.layout_count && seen <= vm.creations; ++n) {
    if (package_.layouts[n].vm != vm.id()) continue;
    found = &package_.layouts[n];
    ++seen;
  }
  if (found == nullptr) give_up(exit_bad_input, "case.package: no layout for a VM");
  return *found;
}

void Machine::add_vm(Vm& vm) {
  const guest::PackedLayout& layout = layout_of(vm);
  ++vm.creations;
  vm.layout = &layout;
  vm.life = Life::creating;
  for (size_t n = 0; n < layout.runs(); ++n) {
    const guest::PackedRun run = layout.run(n);
    if (run.ipa < WINDOW_IPA + WINDOW_BYTES && run.ipa + run.pages * page > WINDOW_IPA) {
      give_up(exit_bad_input, "case.package: a VM's memory lies where its programs run");
    }
    vm.stage2.map(run);
    limit_mappings(vm, run);
    const auto kind = static_cast<MemoryKind>(run.kind);
    if (kind == MemoryKind::device) continue;
    const bool foreign = kind == MemoryKind::foreign;
    if (!foreign) give(run.pa, run.pages, vm.id());
    if (foreign && page_at(run.pa).owner == owner_none) give(run.pa, run.pages, owner_stranger);
    if (run.block >= block) fill(run.pa, run.pages);  // stage 2 has blocks there
  }
}

/// Which pages the VM leaves behind pinned: the plan of a later creation must go without them.
void Machine::record_quarantine(const Vm& vm) {
  guest::RecordWriter& out = recorder_.writer();
  uint64_t count = 0;
  for (const bool counting : {true, false}) {
    if (!counting) {
      out.begin(guest::RecordTag::quarantined);
      out.word(vm.id());
      out.word(count);
    }
    for (size_t r = 0; r < vm.layout->runs(); ++r) {
      const guest::PackedRun run = vm.layout->run(r);
      for (uint64_t n = 0; n < run.pages; ++n) {
        const mediator::Extent extent = vm.stage2.find(run.ipa + n * page, 1);
        const bool ram = is_ram(extent.kind) || extent.kind == MemoryKind::ram_none;
        if (!ram || page_at(extent.pa.raw()).pins == 0) continue;
        if (counting) ++count;
        if (!counting) out.word(run.ipa + n * page);
      }
    }
  }
  out.end();
}

void Machine::remove_vm(Vm& vm) {
  for (Buffer& buffer : buffers_) {
    if (buffer.id == 0 || buffer.own || buffer.vm != vm.id()) continue;
    recorder_.violation("I22: a VM goes while buffers of it are mapped");
    buffer = {};
  }
  if (vm.pins != 0 && !vm.quarantined) {
    recorder_.violation("I06: a VM goes while page references are held");
  }
  if (vm.quarantined) record_quarantine(vm);
  if (vm.borrowed != 0) recorder_.violation("I12: a VM goes while it borrows pages");
  for (uint64_t n = 0; n < ram_pages; ++n) {
    Page& one = page_at(WORLD_RAM + n * page);
    if (one.owner == vm.id())
      one = {one.pins != 0 ? owner_quarantined : owner_none, 0, one.borrowed, false};
  }
  vm.stage2.unmap_all();
  vm = {.config = vm.config,
        .stage2 = vm.stage2,
        .creations = vm.creations,
        .arena = vm.arena,
        .unsure_of_buffers = vm.unsure_of_buffers};
}

bool Machine::buffer_maps(uint16_t id, uint64_t ipa) const {
  return std::any_of(buffers_.begin(), buffers_.end(), [&](const Buffer& buffer) {
    return buffer.id != 0 && !buffer.own && buffer.vm == id && ipa >= buffer.ipa &&
           (ipa - buffer.ipa) / page < buffer.pages;
  });
}

bool Machine::remove_page(uint16_t id, uint64_t ipa) {
  Vm* const vm = find(id);
  if (vm == nullptr || !vm->exists()) return false;
  const uint64_t first = ipa / page * page;
  const mediator::Extent extent = vm->stage2.find(first, 1);
  if (extent.kind == MemoryKind::none || buffer_maps(id, first)) return false;
  if (vm->stage2.is_borrowed(first)) return false;
  const uint64_t pa = extent.pa.raw();
  const bool ours = is_ours(pa, page);
  if (ours && is_ram(extent.kind) && page_at(pa).pins != 0) return false;
  vm->stage2.unmap(first);
  vm->remapped = true;
  if (ours && page_at(pa).owner == id) give(pa, 1, owner_hypervisor);
  return true;
}

mediator::Extent Machine::translate(uint16_t id, uint64_t ipa, uint64_t pages) {
  const Vm* const vm = find(id);
  if (vm == nullptr || !vm->exists()) return {};
  if (ipa % page != 0) {
    recorder_.violation("I21: translate of an unaligned address");
    return {};
  }
  for (const Mappings& part : std::span{vm->mappings}.first(vm->mappings_count)) {
    if (ipa < part.begin || ipa >= part.end) continue;
    pages = std::min(pages, (part.size - ipa % part.size) / page);
  }
  return vm->stage2.find(ipa, pages);
}

bool Machine::pin(uint16_t id, uint64_t ipa, const mediator::Extent& extent) {
  Vm* const vm = find(id);
  const uint64_t pages = extent.pages.raw();
  if (vm == nullptr || !vm->exists() || pages == 0 || ipa % page != 0) {
    recorder_.violation("I05: pin of something that names nothing");
    return false;
  }
  const mediator::Extent present = vm->stage2.find(ipa, pages);
  const bool same =
      present.pa == extent.pa && present.pages == extent.pages && present.kind == extent.kind;
  if (!same) {
    if (!vm->remapped) recorder_.violation("I01: pin of what the VM's stage 2 never held");
    return false;
  }
  if (!is_ram(extent.kind)) {
    recorder_.violation("I01: pin of pages that are not the VM's RAM");
    return false;
  }
  fill(extent.pa.raw(), pages);  // the secure world may be told of them
  for (uint64_t n = 0; n < pages; ++n) ++page_at(extent.pa.raw() + n * page).pins;
  vm->pins += pages;
  return true;
}

void Machine::unpin(uint16_t id, uint64_t ipa, uint64_t pages) {
  Vm* const vm = find(id);
  const auto pinned_page = [&](uint64_t n) -> Page* {
    const mediator::Extent extent = vm->stage2.find(ipa + n * page, 1);
    if (!is_ram(extent.kind) || page_at(extent.pa.raw()).pins == 0) return nullptr;
    return &page_at(extent.pa.raw());
  };
  bool good = vm != nullptr && vm->exists() && pages != 0 && ipa % page == 0;
  for (uint64_t n = 0; good && n < pages; ++n) good = pinned_page(n) != nullptr;
  if (!good) {
    recorder_.violation("I05: unpin of pages that are not all pinned");
    return;
  }
  bool loose = false;
  for (uint64_t n = 0; n < pages; ++n) {
    Page* const one = pinned_page(n);
    const bool used = one->borrowed != 0 || buffer_maps(id, ipa + n * page);
    loose = loose || (--one->pins == 0 && used);
  }
  vm->pins -= pages;
  if (loose) recorder_.violation("I06: unpin of pages that a buffer or a borrower still maps");
}

bool Machine::set_access(uint16_t id, uint64_t ipa, uint64_t pages, bool full) {
  Vm* const vm = find(id);
  bool good = vm != nullptr && vm->exists() && pages != 0 && ipa % page == 0;
  for (uint64_t n = 0; good && n < pages; ++n) {
    const mediator::Extent extent = vm->stage2.find(ipa + n * page, 1);
    const bool ram = is_ram(extent.kind) || extent.kind == MemoryKind::ram_none;
    good = ram && page_at(extent.pa.raw()).pins != 0;
  }
  good = good && vm->stage2.set_access(ipa, pages, full);
  if (good) vm->stale = full ? vm->stale - std::min(vm->stale, pages) : vm->stale + pages;
  if (!good)
    recorder_.violation("I04: access to pages that are not pinned RAM, or it was so before");
  return good;
}

bool Machine::map_into(uint16_t id, uint64_t ipa, const mediator::Extent& extent, bool writable) {
  Vm* const vm = find(id);
  const uint64_t pa = extent.pa.raw();
  const uint64_t pages = extent.pages.raw();
  bool good = vm != nullptr && vm->exists() && pages != 0 && pages <= ram_pages &&
              (ipa | pa) % page == 0 && is_ours(pa, pages * page);
  for (uint64_t n = 0; good && n < pages; ++n) {
    const Page& one = page_at(pa + n * page);
    good = one.pins != 0 && one.owner != id;
  }
  if (!good) {
    recorder_.violation("I06: a borrower gets what are no pinned pages of another VM");
    return false;
  }
  const bool in_window = ipa < WINDOW_IPA + WINDOW_BYTES && ipa + pages * page > WINDOW_IPA;
  if (in_window || !vm->stage2.map_borrowed(ipa, pa, pages, writable)) return false;
  for (uint64_t n = 0; n < pages; ++n) ++page_at(pa + n * page).borrowed;
  vm->borrowed += pages;
  return true;
}

void Machine::unmap_from(uint16_t id, uint64_t ipa, uint64_t pages) {
  Vm* const vm = find(id);
  bool good = vm != nullptr && vm->exists() && pages != 0 && pages <= ram_pages && ipa % page == 0;
  for (uint64_t n = 0; good && n < pages; ++n) good = vm->stage2.is_borrowed(ipa + n * page);
  if (!good) {
    recorder_.violation("I04: pages are taken from a VM that were not mapped into it");
    return;
  }
  for (uint64_t n = 0; n < pages; ++n) {
    --page_at(vm->stage2.find(ipa + n * page, 1).pa.raw()).borrowed;
  }
  vm->stage2.unmap_borrowed(ipa, pages);
  vm->borrowed -= pages;
  vm->stale += pages;
}

void Machine::tlbi(uint16_t id) {
  Stage2::invalidate();
  if (Vm* const vm = find(id)) vm->stale = 0;
}

uint32_t Machine::map(uint16_t id, uint64_t ipa, uint64_t pages) {
  const Vm* const vm = find(id);
  auto* const place = std::find_if(buffers_.begin(), buffers_.end(),
                                   [](const Buffer& buffer) { return buffer.id == 0; });
  if (vm == nullptr || !vm->exists() || pages == 0 || ipa % page != 0) {
    recorder_.violation("I21: map of something that names nothing");
    return 0;
  }
  if (pages > max_buffer_pages || place == buffers_.end()) {
    give_up(exit_too_large, "mapped buffers");
  }
  Buffer buffer{.vm = id, .ipa = ipa, .pages = pages};
  for (uint64_t n = 0; n < pages; ++n) {
    const mediator::Extent extent = vm->stage2.find(ipa + n * page, 1);
    const bool ram = extent.kind == MemoryKind::ram_rw || extent.kind == MemoryKind::ram_none;
    if (!ram || page_at(extent.pa.raw()).pins == 0) {
      recorder_.violation("I21: map of pages that are not pinned writable RAM of the VM");
      return 0;
    }
    buffer.pa[n] = extent.pa.raw();
  }
  buffer.id = next_buffer_++;
  *place = buffer;
  return buffer.id;
}

Machine::Buffer* Machine::find_buffer(uint32_t id) {
  auto* const found = std::find_if(buffers_.begin(), buffers_.end(),
                                   [id](const Buffer& buffer) { return buffer.id == id; });
  return id == 0 || found == buffers_.end() ? nullptr : found;
}

void Machine::unmap(uint32_t id) {
  Buffer* const buffer = find_buffer(id);
  if (buffer == nullptr || buffer->own) {
    recorder_.violation("I22: unmap of a buffer that is not a mapped one of a VM");
    return;
  }
  *buffer = {};
}

template <class Access>
bool Machine::copy(uint32_t id, uint32_t offset, size_t length, const char* what, Access access) {
  const Buffer* const buffer = find_buffer(id);
  if (buffer == nullptr) {
    recorder_.violation("I22: access to a buffer that is not mapped");
    return false;
  }
  const uint64_t bytes = buffer->pages * page;
  if (offset > bytes || length > bytes - offset) {
    recorder_.violation(what);
    return false;
  }
  for (size_t done = 0; done < length;) {
    const uint64_t at = offset + done;
    const size_t part = std::min<uint64_t>(length - done, page - at % page);
    access(at_pa(buffer->pa[at / page] + at % page), done, part);
    done += part;
  }
  return true;
}

void Machine::copy_in(uint32_t id, uint32_t offset, std::span<std::byte> to) {
  const bool done = copy(id, offset, to.size(), "I21: copy_in leaves its buffer",
                         [&](const std::byte* from, size_t at, size_t part) {
                           std::memcpy(to.data() + at, from, part);
                         });
  if (!done) std::fill(to.begin(), to.end(), refused_byte);
}

void Machine::copy_out(uint32_t id, uint32_t offset, std::span<const std::byte> from) {
  copy(id, offset, from.size(), "I21: copy_out leaves its buffer",
       [&](std::byte* to, size_t at, size_t part) { std::memcpy(to, from.data() + at, part); });
}

void Machine::clear(uint32_t id, uint32_t offset, uint32_t length) {
  copy(id, offset, length, "I21: clear leaves its buffer",
       [](std::byte* to, size_t, size_t part) { std::memset(to, 0, part); });
}

uint32_t Machine::buffer_at(uint16_t id, uint64_t ipa) const {
  for (const Buffer& buffer : buffers_) {
    if (buffer.id != 0 && !buffer.own && buffer.vm == id && buffer.ipa == ipa) return buffer.id;
  }
  return 0;
}

bool Machine::is_tx(uint32_t buffer, uint16_t id) {
  const Vm* const vm = find(id);
  return vm != nullptr && vm->buffers.pages != 0 && buffer_at(id, vm->buffers.tx_ipa) == buffer;
}

mediator::OwnBuffers Machine::own_buffers() const {
  return {{mediator::BufferId{1}, ffa::Pa{package_.own_tx_pa}},
          {mediator::BufferId{2}, ffa::Pa{package_.own_rx_pa}}};
}

uint32_t Machine::mapped_buffers(uint16_t id) const {
  return static_cast<uint32_t>(std::count_if(
      buffers_.begin(), buffers_.end(),
      [id](const Buffer& buffer) { return buffer.id != 0 && !buffer.own && buffer.vm == id; }));
}

bool Machine::is_readable(uint16_t id, uint64_t ipa, uint64_t length) {
  const Vm* const vm = find(id);
  if (vm == nullptr || !vm->exists() || ipa + length < ipa) return false;
  for (uint64_t at = ipa / page * page; at < ipa + length; at += page) {
    const mediator::Extent extent = vm->stage2.find(at, 1);
    const bool hidden = extent.kind == MemoryKind::none || extent.kind == MemoryKind::device ||
                        extent.kind == MemoryKind::ram_none;
    if (hidden) return false;
  }
  return true;
}

void Machine::read(uint16_t id, uint64_t ipa, std::span<std::byte> to) {
  const Vm* const vm = find(id);
  for (size_t done = 0; done < to.size();) {
    const uint64_t at = ipa + done;
    const size_t part = std::min<uint64_t>(to.size() - done, page - at % page);
    const uint64_t pa = vm->stage2.find(at / page * page, 1).pa.raw();
    fill(pa, 1);
    std::memcpy(to.data() + done, at_pa(pa + at % page), part);
    done += part;
  }
}

}  // namespace ports::qemu
