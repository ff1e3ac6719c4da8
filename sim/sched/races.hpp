// SPDX-License-Identifier: BSD-3-Clause
// Finds accesses to the mediator's memory that nothing orders, in whatever schedule: vector clocks
// of tasks, locks and atomic words, and of each byte of memory the last write and the reads since.
// Owned by Scheduler; fed by mediators that tell their accesses (docs/explore.md, "fine").
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sim/sched/operation.hpp"

namespace sim {

class Races {
 public:
  /// What happened so far comes before all that follows.
  void clear();
  /// False: no access was told since clear().
  [[nodiscard]] bool active() const { return active_; }
  /// Locks, atomic words, interrupts and references to VMs order what tasks do.
  void order(size_t task, const Operation& operation);

  struct Other {
    size_t task = 0;
    bool write = false;
    const void* code = nullptr;
  };
  struct Access {
    uint64_t at = 0;  ///< a byte
    bool write = false;
    const void* code = nullptr;  ///< is handed back if another one races with it
  };
  /// The access to the same byte that it races with, if there is one. A byte is told of once.
  std::optional<Other> access(size_t task, const Access& access);

 private:
  using Clock = std::vector<uint32_t>;  // by task
  struct Done {
    uint32_t when = 0;  // 0: never
    const void* code = nullptr;
  };
  struct Byte {
    size_t writer = none;
    Done written;
    std::vector<Done> reads;  // by task
    bool told = false;
  };
  static constexpr size_t none = ~size_t{0};

  Clock& clock(size_t task);
  static void join(Clock& into, const Clock& from);

  bool active_ = false;
  std::vector<Clock> tasks_;
  std::map<uint64_t, Clock> objects_;
  std::map<uint64_t, Byte> bytes_;
};

}  // namespace sim
