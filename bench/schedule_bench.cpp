// SPDX-License-Identifier: BSD-3-Clause
// Schedules a second: one case of three vCPUs with some twenty yields each, under one seed after
// the other, with all checkers.
#include <benchmark/benchmark.h>

#include <string>

#include "sim/cli/suite.hpp"
#include "sim/engine/case_world.hpp"
#include "sim/scenario/judge.hpp"

namespace {

void schedules(benchmark::State& state, bool hashed) {
  sim::cli::Selection selection;
  selection.paths = {THREE_VCPUS};
  const auto loaded = sim::cli::load_suite(selection);
  if (!loaded) {
    state.SkipWithError("the scenario can't be loaded");
    return;
  }
  const sim::scenario::CompiledCase& compiled = loaded->cases.front().compiled;
  const auto factory = sim::built_in_mediator();
  sim::CaseWorld world{compiled, *factory};
  uint64_t seed = 0;
  double decisions = 0;
  for (auto _ : state) {
    sim::Choices choices{sim::seeded_choices(++seed)};
    const sim::RunRecord& record = world.run(choices);
    if (hashed) benchmark::DoNotOptimize(world.hash());
    const auto failures = sim::scenario::judge(compiled, record);
    if (!failures.empty()) {
      state.SkipWithError(failures.front().text.c_str());
      return;
    }
    decisions += static_cast<double>(choices.log().size());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["decisions"] = benchmark::Counter(decisions, benchmark::Counter::kAvgIterations);
}

BENCHMARK_CAPTURE(schedules, judged, false);
BENCHMARK_CAPTURE(schedules, judged_and_hashed, true);

}  // namespace
