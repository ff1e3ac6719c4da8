// SPDX-License-Identifier: BSD-3-Clause
// All scenarios, one after the other in one process: wall time, loading and compiling apart.
#include <benchmark/benchmark.h>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/run_case.hpp"
#include "sim/cli/suite.hpp"

namespace {

void suite(benchmark::State& state) {
  sim::cli::Options options;
  options.selection.paths = {SCENARIOS_DIR};
  const auto loaded = sim::cli::load_suite(options.selection);
  if (!loaded) {
    state.SkipWithError("the scenarios can't be loaded");
    return;
  }
  const auto runner = sim::cli::chosen_runner(options);
  double cases = 0;
  for (auto _ : state) {
    for (const sim::cli::ReadyCase& ready : loaded->cases) {
      if (!ready.loaded.skip.empty()) continue;
      const auto outcome = sim::cli::run_one(ready, options.run, *runner);
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
