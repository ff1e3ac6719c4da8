// SPDX-License-Identifier: BSD-3-Clause
// Runs one case and says what became of it. Called by `run`, in this process or in a worker.
#pragma once

#include <string>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/suite.hpp"
#include "sim/report/outcome.hpp"

namespace sim::cli {

/// What is known of a case before it runs.
report::Outcome blank_outcome(const ReadyCase& ready, uint64_t seed);

/// Never throws for what a case does; `ready` is not a skipped one. Skipped: the back end can't run
/// it. Writes the trace if `options.trace` is set; throws InputError where it can't.
report::Outcome run_one(const ReadyCase& ready, const RunOptions& options, CaseRunner& runner);

/// The command that does the case again.
std::string repro_command(const ReadyCase& ready, const RunOptions& options,
                          const report::Outcome& outcome);

}  // namespace sim::cli
