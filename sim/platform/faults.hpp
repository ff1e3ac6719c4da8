// SPDX-License-Identifier: BSD-3-Clause
// Decides which operations of a world fail: the n-th one that matches. Counts, so that a sweep can
// tell when a fault does not fire any more. Asked by Bridge and by Simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/engine/world_spec.hpp"

namespace sim {

class Faults {
 public:
  /// Throws InputError for an operation that does not exist, or registers that are more than 18.
  explicit Faults(const std::vector<FaultSpec>& specs);

  /// True for the operations of the machine that a fault may strike: not SMCs, and not `own_rx`,
  /// where the SPMC writes over the mediator's RX after it was read.
  static bool is_of_the_machine(std::string_view op);
  /// One operation of the kind `op` takes place, of an SMC the function in w0. The fault that
  /// strikes it, or nullptr.
  const FaultSpec* strike(std::string_view op, std::optional<uint32_t> fid = {});
  /// Asked about each operation of the machine, and the fault that strikes it by itself, or
  /// nullptr: which one shall?
  using Judge = std::function<const FaultSpec*(std::string_view op, const FaultSpec* struck)>;
  void set_judge(Judge judge) { judge_ = std::move(judge); }
  [[nodiscard]] bool any() const { return !entries_.empty(); }
  [[nodiscard]] bool fired(size_t index) const { return entries_.at(index).state.fired; }
  void arm(size_t index, bool armed) { entries_.at(index).state.armed = armed; }

  /// restore() brings back what has been counted by now.
  void keep() {
    for (Entry& entry : entries_) entry.kept = entry.state;
  }
  void restore() {
    for (Entry& entry : entries_) entry.state = entry.kept;
  }

 private:
  struct State {
    bool armed = true;
    uint64_t seen = 0;
    bool fired = false;
  };
  struct Entry {
    FaultSpec spec;
    State state;
    State kept{};
  };
  std::vector<Entry> entries_;
  Judge judge_;
};

}  // namespace sim
