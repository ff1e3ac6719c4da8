// SPDX-License-Identifier: BSD-3-Clause
// Runs plans in worlds that are begun again, not made anew: built-in mediator, SPMC model, all
// invariants checked, every VM destroyed at the end.
#pragma once

#include <string>

#include "sim/scenario/compile.hpp"
#include "sim/sched/choices.hpp"
#include "tests/fuzz/call_plan.hpp"

namespace fuzz {

/// The world of a plan as a compiled case, without the plan's steps.
const sim::scenario::CompiledCase& base_case(WorldId world);

/// What was violated, one a line; empty: nothing. `hash`: of the trace, if asked for.
std::string run_plan(const Plan& plan, std::string* hash = nullptr);

/// The decisions of a plan.
std::unique_ptr<sim::ChoiceSource> decisions_of(const Plan& plan);

}  // namespace fuzz
