// SPDX-License-Identifier: BSD-3-Clause
// Where cases run: in the simulator on this host, with one mediator or another, or on a machine
// that QEMU boots.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/cli/options.hpp"
#include "sim/engine/run.hpp"
#include "sim/explore/explorer.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::cli {

class CaseRunner {
 public:
  virtual ~CaseRunner() = default;
  /// Why this back end can't run the case, in a few words; empty: it can.
  virtual std::string why_not(const scenario::CompiledCase& compiled) const = 0;
  /// What will be run next, in this order, whether it can run here or not; it outlives this.
  virtual void expect(std::vector<const scenario::CompiledCase*> /*cases*/) {}
  /// One run, without the sweeps of its faults.
  virtual RunRecord run_once(const scenario::CompiledCase& compiled, Choices& choices) = 0;
  /// With all the runs that its sweeps ask for.
  CaseResult run(const scenario::CompiledCase& compiled, const ChoiceMaker& choices);
  /// The same once more, where it can be in a world that other runs have used before.
  virtual CaseResult run_again(const scenario::CompiledCase& compiled, const ChoiceMaker& choices) {
    return run(compiled, choices);
  }
  /// For many runs of one case, which outlives the result, as does this.
  virtual explore::RunSchedule many_runs(const scenario::CompiledCase& compiled);
};

/// What the options choose. Throws InputError for a bad file, MissingTool for what is not there.
std::unique_ptr<CaseRunner> chosen_runner(const Options& options);

}  // namespace sim::cli
