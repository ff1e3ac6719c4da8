// SPDX-License-Identifier: BSD-3-Clause
// The invariants that every world is checked for, one small class each. A run makes one Checkers
// for its Simulation and keeps it while the Simulation works; what is found is reported there as a
// Violation.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"

namespace sim {

class Checkers {
 public:
  /// Hooks into the simulation's steps. Before boot().
  explicit Checkers(Simulation& simulation);
  ~Checkers();
  Checkers(const Checkers&) = delete;
  Checkers& operator=(const Checkers&) = delete;

  /// After a run whose trace is `events`: I33, what was refused for now gets on. The simulation
  /// goes on, and is of no other use then.
  void check_progress(std::span<const trace::Event> events);

  /// Invariants that are checked, in order, without those that the machine, the scheduler and the
  /// engine see to.
  static std::vector<std::string> all();
  /// Those of them that were left out, wholly or in part, because this mediator does not offer
  /// observation.
  [[nodiscard]] std::vector<std::string> skipped() const;

  /// With Simulation::keep() and restore(): what the checkers know of the world.
  void keep();
  void restore();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim
