// SPDX-License-Identifier: BSD-3-Clause
// Runs a compiled case on the host: builds its world, lets the control program drive it, keeps the
// record. A case whose faults sweep is run once for every place where the fault can strike.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/run_record.hpp"
#include "sim/scenario/compile.hpp"
#include "sim/scenario/judge.hpp"
#include "sim/sched/choices.hpp"

namespace sim {

/// One run. The world's faults are taken as they are: a sweeping fault strikes at its `nth`.
RunRecord run(const scenario::CompiledCase& compiled, MediatorFactory& factory, Choices& choices);

/// The same in a world where a run under other choices came before.
RunRecord run_in_used_world(const scenario::CompiledCase& compiled, MediatorFactory& factory,
                            Choices& choices);

/// A case with all the runs that its sweeps ask for.
struct CaseResult {
  std::vector<scenario::Failure> failures;  ///< of the first run that failed
  RunRecord record;                         ///< of that run; else of the last
  std::string choices;                      ///< the decisions of that run
  std::string where;  ///< "fault 0 at 3, DENIED" for a run of a sweep, else empty
  std::string hash;   ///< of all runs together; of one run: its trace hash
  uint64_t runs = 0;
};

/// Makes the choice source of each run, the same each time.
using ChoiceMaker = std::function<std::unique_ptr<ChoiceSource>()>;

/// One run of a case, on whatever back end.
using RunOnce = std::function<RunRecord(const scenario::CompiledCase& compiled, Choices& choices)>;

CaseResult run_case(const scenario::CompiledCase& compiled, const RunOnce& run_once,
                    const ChoiceMaker& make_choices);
/// On the host.
CaseResult run_case(const scenario::CompiledCase& compiled, MediatorFactory& factory,
                    const ChoiceMaker& make_choices);

}  // namespace sim
