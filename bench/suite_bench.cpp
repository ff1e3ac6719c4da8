// SPDX-License-Identifier: BSD-3-Clause
// All scenarios, one after the other in one process: wall time, loading and compiling apart.
#include <benchmark/benchmark.h>

#include "sim/cli/run_case.hpp"
#include "sim/cli/suite.hpp"
#include "sim/engine/mediator_under_test.hpp"

namespace {

void suite(benchmark::State& state) {
  sim::cli::Selection selection;
  selection.paths = {SCENARIOS_DIR};
  const auto loaded = sim::cli::load_suite(selection);
  if (!loaded) {
    state.SkipWithError("the scenarios can't be loaded");
    return;
  }
  const auto factory = sim::built_in_mediator();
  const sim::cli::RunOptions options;
  double cases = 0;
  for (auto _ : state) {
    for (const sim::cli::ReadyCase& ready : loaded->cases) {
      if (!ready.loaded.skip.empty()) continue;
      const auto outcome = sim::cli::run_one(ready, options, *factory);
      if (outcome.result == sim::report::Result::failed) {
        state.SkipWithError(outcome.name.c_str());
        return;
      }
      ++cases;
    }
  }
  state.counters["cases"] = cases;
}

BENCHMARK(suite)->Iterations(1)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
