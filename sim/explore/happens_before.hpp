// SPDX-License-Identifier: BSD-3-Clause
// Which schedules lead to the same state: two orders of the same operations do if they differ only
// in the order of operations that don't depend on each other. Used by the exhaustive search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/sched/operation.hpp"

namespace sim::explore {

/// A hash of two numbers; their order counts.
uint64_t combine(uint64_t hash, uint64_t value);

/// What has happened in a run so far, as a partial order, in one number: equal for equivalent
/// prefixes, different for others but for a chance of 2^-64.
///
/// Each operation has a hash over itself, its predecessor in its task, and the earlier operations
/// that it depends on; the sum of all, in whatever order they came, is the number.
class HappensBefore {
 public:
  HappensBefore();
  void clear();
  void add(size_t task, const Operation& operation);
  /// A decision that is no scheduler's: whatever comes later depends on it.
  void add_decision(uint32_t taken);
  [[nodiscard]] uint64_t signature() const { return all_; }

 private:
  /// Sums of the hashes of the operations on one object.
  struct Object {
    uint64_t run = 0;  ///< of which run these are; of another one: none yet
    uint64_t name = 0;
    uint64_t reads = 0;
    uint64_t writes = 0;
  };

  void count(uint64_t hash, bool write);
  Object& object(const Operation& operation);
  void grow();

  uint64_t run_ = 0;
  size_t used_ = 0;
  std::vector<Object> objects_;  ///< open addressing; a power of two
  std::vector<uint64_t> last_;   ///< of each task
  uint64_t all_ = 0;
  uint64_t writes_ = 0;             ///< of whatever object
  uint64_t everything_reads_ = 0;   ///< operations that read everything
  uint64_t everything_writes_ = 0;  ///< and those that write it
  uint64_t calls_ended_ = 0;
};

/// States that were searched from, each with what could be spent from there.
class Visited {
 public:
  Visited();
  void clear();
  /// False: the state was searched with at least this budget. `state` is any number but 0.
  bool enter(uint64_t state, uint8_t budget);
  [[nodiscard]] size_t size() const { return used_; }

 private:
  void grow();
  [[nodiscard]] size_t place(uint64_t state) const;

  std::vector<uint64_t> states_;  ///< open addressing; a power of two; 0: free
  std::vector<uint8_t> budgets_;
  size_t used_ = 0;
};

}  // namespace sim::explore
