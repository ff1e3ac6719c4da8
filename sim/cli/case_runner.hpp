// SPDX-License-Identifier: BSD-3-Clause
// Where cases run: in the simulator on this host, with one mediator or another, or on a machine
// that QEMU boots.
#pragma once

#include <memory>
#include <string>

#include "sim/cli/options.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::cli {

class CaseRunner {
 public:
  virtual ~CaseRunner() = default;
  /// Why this back end can't run the case, in a few words; empty: it can.
  virtual std::string why_not(const scenario::CompiledCase& compiled) const = 0;
  /// One run, without the sweeps of its faults.
  virtual RunRecord run_once(const scenario::CompiledCase& compiled, Choices& choices) = 0;
  /// With all the runs that its sweeps ask for.
  CaseResult run(const scenario::CompiledCase& compiled, const ChoiceMaker& choices);
};

/// What the options choose. Throws InputError for a bad file, MissingTool for what is not there.
std::unique_ptr<CaseRunner> chosen_runner(const Options& options);

}  // namespace sim::cli
