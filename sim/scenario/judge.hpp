// SPDX-License-Identifier: BSD-3-Clause
// Judges a run by its record alone: trace and dumps, never a live object, so that every back end is
// judged the same.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/run_record.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::scenario {

/// One thing that is not as it should be.
struct Failure {
  std::string pointer{};  ///< of the expectation or the step: "/steps/3/expect/w2"
  std::string expected{};
  std::string actual{};
  std::string rule{};  ///< the mediator's rule that rejected the call, or the invariant that broke
  std::string text{};  ///< one line for people
  bool no_progress = false;
};

/// Everything that failed, in the order of the steps; violations last.
std::vector<Failure> judge(const CompiledCase& compiled, const RunRecord& record);

}  // namespace sim::scenario
