// SPDX-License-Identifier: BSD-3-Clause
// From an endpoint id to a small number (the slot of a VM, the place of a partition) in constant
// time: open addressing, linear probing, at most half full; deletion closes the gap, so nothing
// builds up. The caller has the lock.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/assert.hpp"
#include "ffa/types.hpp"

namespace mediator {

class IdIndex {
 public:
  struct Entry {
    ffa::EndpointId id{};
    uint16_t value = 0;
    bool used = false;
  };

  /// Entries for `ids` ids at once: a power of two, at least twice as many.
  static constexpr size_t entries_needed(size_t ids) { return std::bit_ceil(2 * (ids + 1)); }

  constexpr IdIndex() = default;
  /// `entries`: entries_needed(ids) unused ones.
  constexpr explicit IdIndex(std::span<Entry> entries) : entries_(entries) {}

  [[nodiscard]] constexpr std::optional<uint16_t> find(ffa::EndpointId id) const {
    if (entries_.empty()) return std::nullopt;
    const Entry& entry = entries_[place_of(id)];
    return entry.used ? std::optional{entry.value} : std::nullopt;
  }
  /// `id` is not in the index yet and there is room: our bug otherwise.
  constexpr void insert(ffa::EndpointId id, uint16_t value) {
    FFA_ASSERT(2 * (size_ + 1) <= entries_.size());
    Entry& entry = entries_[place_of(id)];
    FFA_ASSERT(!entry.used);
    entry = {id, value, true};
    ++size_;
  }
  /// Takes `id` out if it is there.
  constexpr void erase(ffa::EndpointId id) {
    if (entries_.empty()) return;
    size_t gap = place_of(id);
    if (!entries_[gap].used) return;
    --size_;
    // Bound: a run of used entries is shorter than the table. An entry may move back to the gap if
    // its home is not behind the gap.
    for (size_t at = next(gap); entries_[at].used; at = next(at)) {
      const size_t from_home = (at - home(entries_[at].id)) & mask();
      const size_t from_gap = (at - gap) & mask();
      if (from_home < from_gap) continue;
      entries_[gap] = entries_[at];
      gap = at;
    }
    entries_[gap] = {};
  }
  [[nodiscard]] constexpr size_t size() const { return size_; }

 private:
  [[nodiscard]] constexpr size_t mask() const { return entries_.size() - 1; }
  [[nodiscard]] constexpr size_t next(size_t place) const { return (place + 1) & mask(); }
  /// Fibonacci hashing: ids mostly count up, and neighbours should not form runs.
  [[nodiscard]] constexpr size_t home(ffa::EndpointId id) const {
    return ((id.raw() * 0x9e3779b1U) >> 13) & mask();
  }
  /// Where `id` is, or the unused entry where it would go. Bound: half of the table is unused.
  [[nodiscard]] constexpr size_t place_of(ffa::EndpointId id) const {
    size_t place = home(id);
    while (entries_[place].used && entries_[place].id != id) place = next(place);
    return place;
  }

  std::span<Entry> entries_;
  size_t size_ = 0;
};

}  // namespace mediator
