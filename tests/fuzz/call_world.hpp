// SPDX-License-Identifier: BSD-3-Clause
// Runs plans in worlds that are begun again, not made anew: built-in mediator, SPMC model, all
// invariants checked, every VM destroyed at the end.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "sim/scenario/compile.hpp"
#include "sim/sched/choices.hpp"
#include "sim/trace/event.hpp"
#include "tests/fuzz/call_plan.hpp"

namespace fuzz {

/// The world of a plan as a compiled case, without the plan's steps.
const sim::scenario::CompiledCase& base_case(WorldId world);

struct PlanRun {
  std::string violated;                       ///< one a line; empty: nothing
  std::span<const sim::trace::Event> events;  ///< until it ended; valid until the next run
};
PlanRun run_plan(const Plan& plan);

/// The same in a world made for this plan alone, which `world` keeps.
struct FreshRun {
  std::shared_ptr<const void> world;
  PlanRun run;
};
FreshRun run_plan_fresh(const Plan& plan);

/// The decisions of a plan.
std::unique_ptr<sim::ChoiceSource> decisions_of(const Plan& plan);

}  // namespace fuzz
