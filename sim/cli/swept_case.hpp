// SPDX-License-Identifier: BSD-3-Clause
// One run of a case whose faults sweep, as a case of its own: what reads or shrinks a failure is
// about one run.
#pragma once

#include <optional>
#include <string>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/suite.hpp"

namespace sim::cli {

/// True if its faults sweep.
bool sweeps(const ReadyCase& ready);

/// The run that an outcome names by its `where`: each fault that sweeps strikes there only, and
/// answers so. Nothing: the case is one run. Throws InputError(name, reason) where that is no run
/// of it.
std::optional<ReadyCase> swept_case(const ReadyCase& ready, const std::string& where);

/// `where` of the first run that fails under these choices, in a child process, since it may end
/// its process; empty: none does. Throws InputError where it can't be run.
std::string first_that_fails(const ReadyCase& ready, CaseRunner& runner,
                             const ChoiceMaker& make_choices);

}  // namespace sim::cli
