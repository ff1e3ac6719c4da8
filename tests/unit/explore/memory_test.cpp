// SPDX-License-Identifier: BSD-3-Clause
// Searches leave thousands of schedules midway: what their fibers owned is given back.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sim/engine/case_world.hpp"
#include "sim/explore/explorer.hpp"
#include "tests/unit/explore/concurrency_case.hpp"
#include "tests/unit/memory_in_use.hpp"

namespace sim::explore {
namespace {

/// A search in a world of its own; so many schedules were left midway.
uint64_t search(const scenario::CompiledCase& compiled, MediatorFactory& factory) {
  CaseWorld world{compiled, factory};
  const RunSchedule run = [&](Choices& choices) -> const RunRecord& { return world.run(choices); };
  const RunOnce no_sweep;
  Plan plan;
  plan.strategy = Strategy::exhaustive;
  Explorer explorer{compiled, run, no_sweep, plan};
  return explorer.run([](const Schedule&, const Progress&) { return true; }).pruned;
}

class Memory : public testing::TestWithParam<const char*> {};

TEST_P(Memory, ASearchGivesBackAllThatItTook) {
  const scenario::CompiledCase compiled = compiled_case(GetParam());
  const auto factory = built_in_mediator();
  (void)search(compiled, *factory);
  const size_t before = memory_in_use();
  EXPECT_GT(search(compiled, *factory), 100U);
  // What malloc keeps at hand counts as taken: a few chunks, and not some for each schedule.
  EXPECT_LT(memory_in_use(), before + 4096);
}

INSTANTIATE_TEST_SUITE_P(Cases, Memory,
                         testing::Values("set_get", "share_share", "retrieve_reclaim"));

}  // namespace
}  // namespace sim::explore
