// SPDX-License-Identifier: BSD-3-Clause
// Runs a compiled case under many schedules: all within bounds, or those of a range of seeds. The
// command line, and whoever looks for a schedule with some property, watches each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/run.hpp"
#include "sim/explore/tree.hpp"

namespace sim::explore {

/// `sweep`: all with at most one fault, each at each place, and no preemption but those of the
/// bounds.
enum class Strategy : uint8_t { random, exhaustive, pct, hostile, swarm, bytes, sweep };

/// Not one schedule, nor a search with an order of its own.
constexpr bool takes_seeds(Strategy strategy) {
  return strategy != Strategy::exhaustive && strategy != Strategy::sweep &&
         strategy != Strategy::bytes;
}

struct Plan {
  Strategy strategy = Strategy::random;
  Bounds bounds;            ///< of `exhaustive`
  uint64_t first_seed = 0;  ///< of the others: this one, and those up to the end
  uint64_t end_seed = 1;
  uint32_t depth = 3;            ///< of `pct`
  bool reduce = true;            ///< `exhaustive`: equivalent schedules are run once
  std::vector<uint8_t> bytes{};  ///< of `bytes`
};

/// One schedule that was run to its end. Its record, its hash and the choices that repeat it are
/// there only if it failed.
struct Schedule {
  CaseResult result;
  const RunRecord* record = nullptr;  ///< of the run, while Watch is told; none where faults sweep
  std::optional<uint64_t> seed;
  std::string drawn;  ///< `swarm`: what the seed stands for
};

struct Progress {
  uint64_t schedules = 0;
  uint64_t longest = 0;    ///< decisions in one schedule, at most
  uint64_t pruned = 0;     ///< schedules that were left when they came to a state known already
  size_t states = 0;       ///< known to the reduction
  bool exhausted = false;  ///< these were all that the bounds allow
};

/// One run of a case, without sweeps. The record is valid until the next one, and needs no hash.
using RunSchedule = std::function<const RunRecord&(Choices& choices)>;

class Explorer {
 public:
  /// `run_once`: for cases whose faults sweep. What is passed outlives the explorer.
  Explorer(const scenario::CompiledCase& compiled, const RunSchedule& run_schedule,
           const RunOnce& run_once, Plan plan);

  /// Told of each schedule; false: no more of them.
  using Watch = std::function<bool(Schedule&, const Progress&)>;
  /// Throws Divergence where the case is not deterministic, and what a run throws.
  Progress run(const Watch& watch);

 private:
  [[nodiscard]] bool sweeps() const;
  Schedule run_one(const ChoiceMaker& make_choices);
  std::unique_ptr<ChoiceSource> by_seed(uint64_t seed, std::string& drawn) const;
  void walk_tree(const Watch& watch);
  void run_without_tree(const Watch& watch, const ChoiceMaker& make_choices);
  void take_seeds(const Watch& watch);

  const scenario::CompiledCase& compiled_;
  const RunSchedule& run_schedule_;
  const RunOnce& run_once_;
  Plan plan_;
  Progress progress_;
  uint64_t places_ = 0;  ///< PCT: where the run without preemption could have had one
};

}  // namespace sim::explore
