// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/explorer.hpp"

#include <algorithm>
#include <utility>

#include "sim/explore/strategies.hpp"

namespace sim::explore {
namespace {

/// 0 everywhere: no task is preempted.
std::unique_ptr<ChoiceSource> no_preemption() { return recorded_choices("", "no preemption"); }

}  // namespace

Explorer::Explorer(const scenario::CompiledCase& compiled, const RunOnce& run_once, Plan plan)
    : compiled_(compiled), run_once_(run_once), plan_(plan) {}

Progress Explorer::run(const Watch& watch) {
  progress_ = {};
  if (plan_.strategy == Strategy::exhaustive) {
    walk_tree(watch);
  } else {
    take_seeds(watch);
  }
  return progress_;
}

/// A schedule of a case whose faults sweep is a run for every place where they strike.
Schedule Explorer::run_one(const ChoiceMaker& make_choices) {
  Schedule schedule;
  size_t longest = 0;
  const RunOnce counted = [&](const scenario::CompiledCase& compiled, Choices& choices) {
    RunRecord record = run_once_(compiled, choices);
    longest = std::max(longest, choices.log().size());
    return record;
  };
  schedule.result = run_case(compiled_, counted, make_choices);
  progress_.longest = std::max(progress_.longest, longest);
  ++progress_.schedules;
  return schedule;
}

void Explorer::walk_tree(const Watch& watch) {
  Tree tree{plan_.bounds};
  const bool sweeps = !compiled_.sweeps.empty() || !compiled_.each_status.empty();
  do {
    Schedule schedule = run_one([&] { return sweeps ? no_preemption() : path_choices(tree); });
    const bool all = sweeps ? progress_.longest == 0 : !tree.next();
    progress_.exhausted = all;
    if (!watch(schedule, progress_) || all || sweeps) return;
  } while (true);
}

std::unique_ptr<ChoiceSource> Explorer::by_seed(uint64_t seed) const {
  if (plan_.strategy == Strategy::pct) {
    return priority_choices(seed, plan_.depth, schedule_decisions_);
  }
  return seeded_choices(seed);
}

void Explorer::take_seeds(const Watch& watch) {
  if (plan_.strategy == Strategy::pct) {
    (void)run_one(no_preemption);
    schedule_decisions_ = progress_.longest;
    progress_ = {};
  }
  for (uint64_t seed = plan_.first_seed; seed != plan_.end_seed; ++seed) {
    Schedule schedule = run_one([&] { return by_seed(seed); });
    schedule.seed = seed;
    // Nothing was left open: any other seed does the same.
    progress_.exhausted = progress_.longest == 0;
    if (!watch(schedule, progress_) || progress_.exhausted) return;
  }
}

}  // namespace sim::explore
