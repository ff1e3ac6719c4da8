// SPDX-License-Identifier: BSD-3-Clause
// Runs one case and says what became of it. Called by `run`, in this process or in a worker.
#pragma once

#include <functional>
#include <string>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/last_words.hpp"
#include "sim/cli/suite.hpp"
#include "sim/report/outcome.hpp"
#include "sim/report/seen.hpp"

namespace sim::cli {

/// What is known of a case before it runs.
report::Outcome blank_outcome(const ReadyCase& ready, uint64_t seed);

/// Never throws for what a case does; `ready` is not a skipped one. Skipped: the back end can't run
/// it. Writes the trace if `options.trace` is set; throws InputError where it can't.
report::Outcome run_one(const ReadyCase& ready, const RunOptions& options, CaseRunner& runner);

/// Of a case that ended its process.
report::Outcome lost_case(const ReadyCase& ready, const RunOptions& options, const Death& death);

/// What a result makes of an outcome.
void judge_into(report::Outcome& outcome, const ReadyCase& ready, const CaseResult& result);

/// In which world it ran, and what its guests saw of it.
void tell_seen(report::Outcome& outcome, const ReadyCase& ready, const report::Seen& seen);

/// Runs `body`; whatever it throws is a failure of the outcome.
void catch_into(report::Outcome& outcome, const std::function<void()>& body);

/// The options that say in which mediator, and on what: " --fine", …; empty: ours, on the host.
std::string where_it_runs(const RunOptions& options);

/// The command that does the case again.
std::string repro_command(const ReadyCase& ready, const RunOptions& options,
                          const report::Outcome& outcome);

}  // namespace sim::cli
