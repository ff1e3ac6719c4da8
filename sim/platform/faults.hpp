// SPDX-License-Identifier: BSD-3-Clause
// Decides which operations of a world fail: the n-th one that matches, or those that the choice
// stream says. Counts, so that a sweep can tell when a fault does not fire any more. Asked by
// Bridge and by Simulation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/platform/fault_kinds.hpp"

namespace sim {

class Faults {
 public:
  /// As Choices::choose(). It may end the run instead of coming back.
  using Choose = std::function<uint32_t(uint32_t n, const char* label)>;

  /// Throws InputError for an operation that does not exist, or registers that are more than 18.
  Faults(const std::vector<FaultSpec>& specs, Choose choose);

  /// True for the operations of the machine that a fault may strike: not SMCs, and not `own_rx`,
  /// where the SPMC writes over the mediator's RX after it was read.
  static bool is_of_the_machine(std::string_view op);
  /// One operation of the kind `op` takes place, of an SMC the function in w0. The fault that
  /// strikes it, valid until the next one strikes, or nullptr.
  const FaultSpec* strike(std::string_view op, std::optional<uint32_t> fid = {});
  /// What else is open about a fault that struck: 0 unless it was chosen.
  uint32_t choose(const FaultSpec& struck, uint32_t n, const char* label) {
    return struck.chosen ? choose_(n, label) : 0;
  }
  /// Asked about each operation of the machine, and the fault that strikes it by itself, or
  /// nullptr: which one shall?
  using Judge = std::function<const FaultSpec*(std::string_view op, const FaultSpec* struck)>;
  void set_judge(Judge judge) { judge_ = std::move(judge); }
  [[nodiscard]] bool any() const { return !entries_.empty(); }
  [[nodiscard]] bool fired(size_t index) const { return entries_.at(index).state.fired; }
  void arm(size_t index, bool armed) { entries_.at(index).state.armed = armed; }
  /// What the choice stream let strike, in words.
  [[nodiscard]] const std::vector<std::string>& chosen() const { return told_; }

  /// restore() brings back what has been counted by now.
  void keep();
  void restore();

 private:
  struct State {
    bool armed = true;
    uint64_t seen = 0;
    bool fired = false;
  };
  struct Entry {
    FaultSpec spec;
    const char* label;
    State state;
    State kept{};
  };
  bool strikes(Entry& entry, std::optional<uint32_t> fid);
  const FaultSpec& answer(const Entry& entry, std::optional<uint32_t> fid);

  std::vector<Entry> entries_;
  Choose choose_;
  Judge judge_;
  FaultSpec answer_;  ///< of what strikes, with the status that was chosen
  std::vector<std::string> told_;
};

}  // namespace sim
