// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/explorer.hpp"

#include <algorithm>
#include <utility>

#include "sim/explore/strategies.hpp"
#include "sim/trace/event.hpp"

namespace sim::explore {
namespace {

/// 0 everywhere: no task is preempted.
std::unique_ptr<ChoiceSource> no_preemption() { return recorded_choices("", "no preemption"); }

}  // namespace

Explorer::Explorer(const scenario::CompiledCase& compiled, const RunSchedule& run_schedule,
                   const RunOnce& run_once, Plan plan)
    : compiled_(compiled),
      run_schedule_(run_schedule),
      run_once_(run_once),
      plan_(std::move(plan)) {}

Progress Explorer::run(const Watch& watch) {
  progress_ = {};
  if (!compiled_.choices.empty()) {
    run_without_tree(
        watch, [&] { return recorded_choices(compiled_.choices, compiled_.file + ":/choices"); });
  } else if (plan_.strategy == Strategy::bytes) {
    run_without_tree(watch, [&] { return byte_choices(plan_.bytes); });
  } else if (plan_.strategy == Strategy::exhaustive || plan_.strategy == Strategy::sweep) {
    if (sweeps()) {
      run_without_tree(watch, no_preemption);
    } else {
      walk_tree(watch);
    }
  } else {
    take_seeds(watch);
  }
  return progress_;
}

bool Explorer::sweeps() const {
  return !compiled_.sweeps.empty() || !compiled_.each_status.empty();
}

/// A schedule of a case whose faults sweep is a run for every place where they strike.
Schedule Explorer::run_one(const ChoiceMaker& make_choices) {
  Schedule schedule;
  uint64_t longest = 0;
  if (sweeps()) {
    const RunOnce counted = [&](const scenario::CompiledCase& compiled, Choices& choices) {
      RunRecord record = run_once_(compiled, choices);
      longest = std::max(longest, choices.decisions());
      return record;
    };
    schedule.result = run_case(compiled_, counted, make_choices);
  } else {
    Choices choices{make_choices()};
    const RunRecord& record = run_schedule_(choices);
    longest = choices.decisions();
    schedule.record = &record;
    schedule.result.runs = 1;
    schedule.result.where = record.chosen_faults;
    schedule.result.failures = judge(compiled_, record);
    if (schedule.result.failures.empty()) choices.check_all_asked();
    if (!schedule.result.failures.empty()) {
      schedule.result.record = record;
      schedule.result.choices = choices.to_text();
      schedule.result.hash = trace::trace_hash(record.events);
    }
  }
  progress_.longest = std::max(progress_.longest, longest);
  ++progress_.schedules;
  return schedule;
}

/// All paths, each to its end or to a state that others have come to.
void Explorer::walk_tree(const Watch& watch) {
  Tree tree{plan_.bounds};
  Reduction reduction;
  const ChoiceMaker path = [&] { return path_choices(tree, plan_.reduce ? &reduction : nullptr); };
  do {
    try {
      Schedule schedule = run_one(path);
      progress_.exhausted = !tree.next();
      if (!watch(schedule, progress_)) return;
    } catch (const Pruned&) {
      ++progress_.pruned;
      progress_.exhausted = !tree.next();
    }
    progress_.states = reduction.visited.size();
  } while (!progress_.exhausted);
}

/// One schedule, which is all of them if it leaves nothing open.
void Explorer::run_without_tree(const Watch& watch, const ChoiceMaker& make_choices) {
  Schedule schedule = run_one(make_choices);
  progress_.exhausted = progress_.longest == 0;
  watch(schedule, progress_);
}

std::unique_ptr<ChoiceSource> Explorer::by_seed(uint64_t seed, std::string& drawn) const {
  switch (plan_.strategy) {
    case Strategy::pct:
      return priority_choices(seed, plan_.depth, places_);
    case Strategy::hostile:
      return hostile_choices(seed);
    case Strategy::swarm:
      return swarm_choices(seed, places_, drawn);
    default:
      return seeded_choices(seed);
  }
}

void Explorer::take_seeds(const Watch& watch) {
  if (plan_.strategy == Strategy::pct || plan_.strategy == Strategy::swarm) {
    // Of a case whose faults sweep, the longest of its runs.
    uint64_t counted = 0;
    (void)run_one([&] {
      places_ = std::max(places_, std::exchange(counted, 0));
      return counting_choices(counted);
    });
    places_ = std::max(places_, counted);
    progress_ = {};
  }
  for (uint64_t seed = plan_.first_seed; seed != plan_.end_seed; ++seed) {
    std::string drawn;
    Schedule schedule = run_one([&] { return by_seed(seed, drawn); });
    schedule.seed = seed;
    schedule.drawn = std::move(drawn);
    // Nothing was left open: any other seed does the same.
    progress_.exhausted = progress_.longest == 0;
    if (!watch(schedule, progress_) || progress_.exhausted) return;
  }
}

}  // namespace sim::explore
