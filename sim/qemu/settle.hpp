// SPDX-License-Identifier: BSD-3-Clause
// Where the pages of VMs lie is planned before a run, which may show that the plan was wrong.
#pragma once

#include <functional>
#include <string>

#include "sim/engine/run_record.hpp"
#include "sim/qemu/package.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::qemu {

/// A run with this plan.
using RunByPlan = std::function<RunRecord(const Plan& plan)>;

/// A run whose plan turned out right, or which stopped; after some attempts that settle nothing, a
/// stopped one. A VM that the mediator refused leaves its pages to those that come later, so that
/// with what is known after a run the plan may be another.
RunRecord run_until_settled(const scenario::CompiledCase& compiled, const RunByPlan& once);

/// The record of a machine that did not end well: a mediator that has stopped.
RunRecord stopped(const scenario::CompiledCase& compiled, const std::string& how,
                  bool hung = false);

}  // namespace sim::qemu
