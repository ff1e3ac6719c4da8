// SPDX-License-Identifier: BSD-3-Clause
// Descriptors: [DDI0487 D8.3, D8.5]. Bits 58:55, which the MMU ignores, hold the kind of memory.
#include "ports/qemu-virt/el2/stage2.hpp"

#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/el2/places.hpp"

namespace ports::qemu {
namespace {

using mediator::MemoryKind;

constexpr uint64_t page = ffa::page_size;
constexpr uint64_t block = 2 << 20;
constexpr size_t entries = 512;
constexpr unsigned ipa_bits = 48;
constexpr unsigned level0_shift = 39;
constexpr unsigned level1_shift = 30;
constexpr unsigned level2_shift = 21;
constexpr unsigned level3_shift = 12;
constexpr unsigned last_level = 3;

constexpr uint64_t valid = 1;
constexpr uint64_t table_or_page = 2;  // at level 3: a page; above: a table, not a block
constexpr uint64_t address_mask = 0x0000fffffffff000;
constexpr uint64_t memory_normal = 0xf << 2;  // write-back, inner and outer
constexpr uint64_t memory_device = 0x1 << 2;  // nGnRE
constexpr uint64_t access_read = 1 << 6;
constexpr uint64_t access_write = 2 << 6;
constexpr uint64_t inner_shareable = 3 << 8;
constexpr uint64_t access_flag = 1 << 10;
constexpr uint64_t execute_never = uint64_t{1} << 54;
constexpr unsigned kind_shift = 55;
constexpr uint64_t kind_private = 0xf;
// Lent or donated: read-write and read-only memory; the tables remember which. To the MMU such an
// entry is invalid, so that no TLB holds it and giving back needs no invalidation.
constexpr uint8_t kind_rw_withdrawn = static_cast<uint8_t>(MemoryKind::ram_none);
constexpr uint8_t kind_ro_withdrawn = kind_rw_withdrawn + 1;
// Another VM's pages that this one has retrieved.
constexpr uint8_t kind_ro_borrowed = kind_rw_withdrawn + 2;
constexpr uint8_t kind_rw_borrowed = kind_rw_withdrawn + 3;

uint8_t kind_bits(uint64_t entry) { return (entry >> kind_shift) & 0xf; }

MemoryKind kind_of(uint64_t entry) {
  switch (const uint8_t kind = kind_bits(entry)) {
    case kind_private:
      return MemoryKind::none;
    case kind_ro_withdrawn:
      return MemoryKind::ram_none;
    case kind_ro_borrowed:
    case kind_rw_borrowed:
      return MemoryKind::foreign;
    default:
      return static_cast<MemoryKind>(kind);
  }
}

uint64_t attributes_of(uint8_t kind) {
  const uint64_t common = access_flag | static_cast<uint64_t>(kind) << kind_shift;
  switch (kind) {
    case static_cast<uint8_t>(MemoryKind::ram_rw):
    case static_cast<uint8_t>(MemoryKind::foreign):
    case kind_rw_borrowed:
      return common | valid | memory_normal | inner_shareable | access_read | access_write;
    case static_cast<uint8_t>(MemoryKind::ram_ro):
    case kind_ro_borrowed:
      return common | valid | memory_normal | inner_shareable | access_read;
    case kind_rw_withdrawn:
    case kind_ro_withdrawn:
      return common | memory_normal | inner_shareable;
    default:  // a device: mapped, but the VM may not touch the board's real ones
      return common | valid | memory_device | execute_never;
  }
}

uint64_t* next_table = nullptr;

uint64_t* new_table() {
  const Places::Room& room = places.stage2_tables;
  uint64_t* const table = next_table;
  next_table += entries;
  if (reinterpret_cast<uintptr_t>(next_table) > room.base + room.bytes) {
    give_up(exit_too_large, "stage-2 tables");
  }
  for (size_t n = 0; n < entries; ++n) table[n] = 0;
  return table;
}

uint64_t* table_at(uint64_t entry) {
  return reinterpret_cast<uint64_t*>(static_cast<uintptr_t>(entry & address_mask));
}

bool is_table(uint64_t entry) {
  return (entry & (valid | table_or_page)) == (valid | table_or_page);
}

/// Changed tables are seen by every later access.
void publish() { asm volatile("dsb ish; tlbi alle1is; dsb ish; isb" ::: "memory"); }

/// Entries that were invalid became valid: no TLB holds them.
void publish_new() { asm volatile("dsb ish; isb" ::: "memory"); }

/// The table below `entry`, made if there is none; a block is replaced by a table of pages, break
/// before make.
uint64_t* descend(uint64_t& entry) {
  if (is_table(entry)) return table_at(entry);
  uint64_t* const table = new_table();
  if (const uint64_t was = entry; (was & valid) != 0) {
    for (size_t n = 0; n < entries; ++n) table[n] = (was + n * page) | table_or_page;
    entry = 0;
    publish();
  }
  entry = reinterpret_cast<uintptr_t>(table) | table_or_page | valid;
  return table;
}

size_t index_at(uint64_t ipa, unsigned shift) { return (ipa >> shift) % entries; }

/// A leaf and how much it maps; the entry is 0 where nothing is mapped.
struct Leaf {
  uint64_t entry = 0;
  uint64_t bytes = page;
};

Leaf leaf_of(const uint64_t* root, uint64_t ipa) {
  if (ipa >> ipa_bits != 0) return {};
  const uint64_t level0 = root[index_at(ipa, level0_shift)];
  if (!is_table(level0)) return {};
  const uint64_t level1 = table_at(level0)[index_at(ipa, level1_shift)];
  if (!is_table(level1)) return {};
  const uint64_t level2 = table_at(level1)[index_at(ipa, level2_shift)];
  if (is_table(level2)) return {table_at(level2)[index_at(ipa, level3_shift)], page};
  return {level2, block};
}

/// The level-2 table: its entries are blocks, or tables of pages.
uint64_t* level2_of(uint64_t* root, uint64_t ipa) {
  uint64_t* const level1 = descend(root[index_at(ipa, level0_shift)]);
  return descend(level1[index_at(ipa, level1_shift)]);
}

void set_page(uint64_t* root, uint64_t ipa, uint64_t entry) {
  uint64_t* const level2 = level2_of(root, ipa);
  descend(level2[index_at(ipa, level2_shift)])[index_at(ipa, level3_shift)] = entry;
}

/// Unmaps the VM's own pages and blocks below a table of this level; tables stay.
void unmap_below(uint64_t* table, unsigned level) {
  for (size_t n = 0; n < entries; ++n) {
    if (level < last_level && is_table(table[n])) {
      unmap_below(table_at(table[n]), level + 1);
    } else if (kind_of(table[n]) != MemoryKind::none) {
      table[n] = 0;
    }
  }
}

}  // namespace

void Stage2::forget_all() { next_table = reinterpret_cast<uint64_t*>(places.stage2_tables.base); }

void Stage2::create(uint16_t vmid) {
  root_ = new_table();
  vmid_ = vmid;
}

void Stage2::map(const guest::PackedRun& run) {
  const uint64_t attributes = attributes_of(run.kind);
  const bool memory = run.kind != static_cast<uint8_t>(MemoryKind::device);
  for (uint64_t done = 0; done < run.pages * page;) {
    const uint64_t ipa = run.ipa + done;
    const uint64_t pa = run.pa + done;
    const bool whole =
        run.block >= block && (ipa | pa) % block == 0 && run.pages * page - done >= block;
    if (whole) {
      level2_of(root_, ipa)[index_at(ipa, level2_shift)] = pa | attributes;
    } else {
      set_page(root_, ipa, (pa | attributes | table_or_page) & ~(memory ? valid : 0));
    }
    done += whole ? block : page;
  }
  publish();
}

uint64_t Stage2::touch(uint64_t ipa) {
  const Leaf leaf = leaf_of(root_, ipa);
  const uint8_t kind = kind_bits(leaf.entry);
  const uint64_t present = attributes_of(kind) & valid;
  if (kind_of(leaf.entry) == MemoryKind::none || leaf.bytes != page) return 0;
  if (present == 0 || (leaf.entry & valid) != 0) return 0;
  set_page(root_, ipa, leaf.entry | valid);
  publish_new();
  return leaf.entry & address_mask;
}

void Stage2::map_private(uint64_t ipa, uint64_t pa, uint64_t bytes, Private use) {
  uint64_t attributes =
      access_flag | access_read | kind_private << kind_shift | table_or_page | valid;
  attributes |= use == Private::registers ? memory_device : memory_normal | inner_shareable;
  if (use == Private::variables || use == Private::registers) attributes |= access_write;
  if (use != Private::code) attributes |= execute_never;
  for (uint64_t done = 0; done < bytes; done += page) {
    set_page(root_, ipa + done, (pa + done) | attributes);
  }
  publish();
}

bool Stage2::unmap(uint64_t ipa) {
  if (kind_of(leaf_of(root_, ipa).entry) == MemoryKind::none) return false;
  set_page(root_, ipa, 0);
  publish();
  return true;
}

bool Stage2::set_access(uint64_t ipa, uint64_t pages, bool full) {
  const auto kind_at = [&](uint64_t n) { return kind_bits(leaf_of(root_, ipa + n * page).entry); };
  constexpr auto rw = static_cast<uint8_t>(MemoryKind::ram_rw);
  constexpr auto ro = static_cast<uint8_t>(MemoryKind::ram_ro);
  for (uint64_t n = 0; n < pages; ++n) {
    const uint8_t kind = kind_at(n);
    const bool withdrawn = kind == kind_rw_withdrawn || kind == kind_ro_withdrawn;
    if (full ? !withdrawn : kind != rw && kind != ro) return false;
  }
  for (uint64_t n = 0; n < pages; ++n) {
    const Leaf leaf = leaf_of(root_, ipa + n * page);
    const bool writable = kind_at(n) == rw || kind_at(n) == kind_rw_withdrawn;
    const uint8_t gone = writable ? kind_rw_withdrawn : kind_ro_withdrawn;
    const uint8_t to = full ? (writable ? rw : ro) : gone;
    const uint64_t pa = (leaf.entry & address_mask) + (ipa + n * page) % leaf.bytes;
    set_page(root_, ipa + n * page, pa | attributes_of(to) | table_or_page);
  }
  if (full) publish_new();
  return true;
}

bool Stage2::map_borrowed(uint64_t ipa, uint64_t pa, uint64_t pages, bool writable) {
  const uint64_t end = ipa + pages * page;
  if (end < ipa || (end - 1) >> ipa_bits != 0) return false;
  for (uint64_t at = ipa; at < end; at += page) {
    if (leaf_of(root_, at).entry != 0) return false;
  }
  const uint64_t attributes =
      attributes_of(writable ? kind_rw_borrowed : kind_ro_borrowed) | table_or_page;
  for (uint64_t n = 0; n < pages; ++n)
    set_page(root_, ipa + n * page, (pa + n * page) | attributes);
  publish_new();
  return true;
}

bool Stage2::is_borrowed(uint64_t ipa) const {
  const uint8_t kind = kind_bits(leaf_of(root_, ipa).entry);
  return kind == kind_ro_borrowed || kind == kind_rw_borrowed;
}

void Stage2::unmap_borrowed(uint64_t ipa, uint64_t pages) {
  for (uint64_t n = 0; n < pages; ++n) set_page(root_, ipa + n * page, 0);
}

void Stage2::invalidate() { publish(); }

void Stage2::unmap_all() {
  unmap_below(root_, 0);
  publish();
}

mediator::Extent Stage2::find(uint64_t ipa, uint64_t pages) const {
  mediator::Extent extent;
  uint64_t found = 0;
  while (found < pages) {
    const uint64_t at = ipa + found * page;
    const Leaf leaf = leaf_of(root_, at);
    const MemoryKind kind = kind_of(leaf.entry);
    if (at < ipa || kind == MemoryKind::none) break;
    const uint64_t offset = at % leaf.bytes;
    const uint64_t pa = (leaf.entry & address_mask) + offset;
    if (found == 0) {
      extent.pa = ffa::Pa{pa};
      extent.kind = kind;
    } else if (kind != extent.kind || pa != extent.pa.raw() + found * page) {
      break;
    }
    const uint64_t here = (leaf.bytes - offset) / page;
    found += here < pages - found ? here : pages - found;
  }
  extent.pages = ffa::PageCount{found};
  return extent;
}

uint64_t Stage2::vttbr() const {
  return reinterpret_cast<uintptr_t>(root_) | static_cast<uint64_t>(vmid_) << 48;
}

}  // namespace ports::qemu
