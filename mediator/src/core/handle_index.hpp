// SPDX-License-Identifier: BSD-3-Clause
// From a memory handle to the slot of a share, without walking a list: a hash table with linear
// probing over entries in the VM's arena. Deletion shifts back what follows, so no tombstones build
// up. The same handle may stand for several slots: while a share is being reclaimed, the SPMC may
// already give its handle to a new one.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "core/assert.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// A small number that was found, or nothing. As wide as the number, so that it stays in a
/// register.
class Found {
 public:
  constexpr Found() = default;
  constexpr explicit Found(uint32_t value) : value_(value) {}
  [[nodiscard]] constexpr bool has_value() const { return value_ != nothing; }
  constexpr explicit operator bool() const { return has_value(); }
  constexpr uint32_t operator*() const { return value_; }
  friend constexpr bool operator==(Found, Found) = default;

 private:
  static constexpr uint32_t nothing = ~uint32_t{0};
  uint32_t value_ = nothing;
};

/// `factor`: of the multiplicative hash.
template <uint64_t factor>
class HashIndex {
 public:
  struct Entry {
    ffa::Handle handle;
    uint32_t slot;
    uint32_t used;
  };
  /// Entries needed for `shares` handles: a power of two, at most half of it ever in use.
  static constexpr uint32_t entries_needed(uint32_t shares) {
    return std::bit_ceil(shares == 0 ? 2U : 2U * shares);
  }

  constexpr HashIndex() = default;
  /// `entries.size()` is entries_needed() of the most handles ever held.
  constexpr explicit HashIndex(std::span<Entry> entries) : entries_(entries) {
    for (Entry& entry : entries_) entry = Entry{};
  }

  constexpr void insert(ffa::Handle handle, uint32_t slot) {
    uint32_t at = home(handle);
    while (entries_[at].used != 0) at = after(at);  // bound: half of the entries are unused
    entries_[at] = Entry{handle, slot, 1};
  }

  /// The slot with this handle that `accept(slot)` takes, if there is one.
  template <class Accept>
  [[nodiscard]] constexpr Found find(ffa::Handle handle, Accept accept) const {
    if (entries_.empty()) return {};
    for (uint32_t at = home(handle); entries_[at].used != 0; at = after(at)) {
      if (entries_[at].handle == handle && accept(entries_[at].slot)) [[likely]]
        return Found{entries_[at].slot};
    }
    return {};
  }

  /// Takes out the entry of this handle and slot, which is there.
  constexpr void erase(ffa::Handle handle, uint32_t slot) {
    uint32_t hole = home(handle);
    while (entries_[hole].handle != handle || entries_[hole].slot != slot) {
      FFA_ASSERT(entries_[hole].used != 0);
      hole = after(hole);
    }
    entries_[hole] = Entry{};
    for (uint32_t at = after(hole); entries_[at].used != 0; at = after(at)) {
      // An entry may move to the hole unless its home lies cyclically behind the hole.
      const uint32_t mask = static_cast<uint32_t>(entries_.size() - 1);
      const uint32_t from_home = (at - home(entries_[at].handle)) & mask;
      const uint32_t from_hole = (at - hole) & mask;
      if (from_home < from_hole) continue;
      entries_[hole] = entries_[at];
      entries_[at] = Entry{};
      hole = at;
    }
  }

 private:
  [[nodiscard]] constexpr uint32_t home(ffa::Handle handle) const {
    // Multiplicative: the upper bits of the product depend on every bit of the handle, and handles
    // that follow each other lie far apart. There are two entries at least, so the shift is
    // below 64.
    const uint64_t product = handle.raw() * factor;
    return static_cast<uint32_t>(product >> std::countl_zero(uint64_t{entries_.size() - 1}));
  }
  [[nodiscard]] constexpr uint32_t after(uint32_t at) const {
    return static_cast<uint32_t>((at + 1) & (entries_.size() - 1));
  }

  std::span<Entry> entries_;
};

using HandleIndex = HashIndex<0x9e3779b97f4a7c15U>;

}  // namespace mediator
