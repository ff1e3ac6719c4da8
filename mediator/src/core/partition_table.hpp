// SPDX-License-Identifier: BSD-3-Clause
// The partitions that the SPMC reported at boot, one entry per service: a snapshot, so that a
// guest's query costs no world switch and no SPMC answer is parsed twice. Constant after probe().
// [DEN0077A 1.2 §6.2, §13.8]
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/arena.hpp"
#include "core/id_index.hpp"
#include "ffa/partition_properties.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// One service of a partition. A partition with several UUIDs has several entries, the same but for
/// the UUID.
struct Partition {
  ffa::EndpointId id{};
  uint16_t execution_contexts = 0;
  ffa::PartitionProperties properties{};
  alignas(8) ffa::Uuid uuid{};
};

class PartitionTable {
 public:
  static constexpr size_t bytes(size_t max_partitions) {
    return Arena::bytes<Partition>(max_partitions) +
           Arena::bytes<IdIndex::Entry>(IdIndex::entries_needed(max_partitions));
  }
  PartitionTable(size_t max_partitions, Arena& arena)
      : entries_(arena.make_array<Partition>(max_partitions)),
        index_(arena.make_array<IdIndex::Entry>(IdIndex::entries_needed(max_partitions))) {}

  /// False: the table is full.
  [[nodiscard]] bool add(const Partition& partition) {
    if (size_ == entries_.size()) return false;
    if (!index_.find(partition.id)) index_.insert(partition.id, static_cast<uint16_t>(size_));
    entries_[size_++] = partition;
    return true;
  }
  void clear() {
    for (const Partition& entry : entries()) index_.erase(entry.id);
    size_ = 0;
  }
  /// The first entry of the partition with this id, or nullptr.
  [[nodiscard]] const Partition* find(ffa::EndpointId id) const {
    const auto place = index_.find(id);
    return place ? &entries_[*place] : nullptr;
  }
  /// True if the UUID names a service of this partition.
  [[nodiscard]] bool serves(const Partition& partition, const ffa::Uuid& uuid) const {
    return std::any_of(entries().begin(), entries().end(), [&](const Partition& entry) {
      return entry.id == partition.id && entry.uuid == uuid;
    });
  }
  [[nodiscard]] std::span<const Partition> entries() const { return entries_.first(size_); }
  /// True if entry `place` is the first of its partition: what is sent once per partition goes
  /// there.
  [[nodiscard]] bool is_first(size_t place) const {
    return find(entries_[place].id) == &entries_[place];
  }

 private:
  std::span<Partition> entries_;
  IdIndex index_;
  size_t size_ = 0;
};

/// A set of places of the partition table.
class PartitionSet {
 public:
  static constexpr size_t bytes(size_t max_partitions) {
    return Arena::bytes<uint64_t>(words(max_partitions));
  }
  PartitionSet(size_t max_partitions, Arena& arena)
      : words_(arena.make_array<uint64_t>(words(max_partitions))) {}

  void insert(size_t place) { words_[place / 64] |= bit(place); }
  void erase(size_t place) { words_[place / 64] &= ~bit(place); }
  [[nodiscard]] bool contains(size_t place) const { return (words_[place / 64] & bit(place)) != 0; }

 private:
  static constexpr size_t words(size_t max_partitions) { return (max_partitions + 63) / 64; }
  static constexpr uint64_t bit(size_t place) { return uint64_t{1} << (place % 64); }

  std::span<uint64_t> words_;
};

}  // namespace mediator
