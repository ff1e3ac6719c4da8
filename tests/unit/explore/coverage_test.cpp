// SPDX-License-Identifier: BSD-3-Clause
// What runs have met, and that it unites from parts to what one campaign has met.
#include "sim/engine/coverage.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>

#include "sim/explore/explained_world.hpp"
#include "sim/explore/happens_before.hpp"
#include "tests/unit/explore/concurrency_case.hpp"

namespace sim::explore {
namespace {

DistinctCount counted(uint64_t from, uint64_t end) {
  DistinctCount count;
  for (uint64_t n = from; n < end; ++n) count.add(combine(n, 7));
  return count;
}

TEST(DistinctCount, FewAreCountedExactly) {
  DistinctCount count = counted(0, DistinctCount::max_kept - 1);
  EXPECT_EQ(count.count(), DistinctCount::max_kept - 1);
  count.unite(counted(100, 200));
  EXPECT_EQ(count.count(), DistinctCount::max_kept - 1);
  EXPECT_TRUE(count.exact());
  EXPECT_EQ(DistinctCount{}.count(), 0U);
}

TEST(DistinctCount, ManyAreEstimated) {
  for (const uint32_t many : {2'000U, 50'000U, 300'000U}) {
    const DistinctCount count = counted(0, many);
    EXPECT_FALSE(count.exact());
    EXPECT_NEAR(static_cast<double>(count.count()), many, 0.15 * many);
  }
}

TEST(DistinctCount, PartsUniteToTheWhole) {
  DistinctCount united = counted(7'000, 20'000);
  united.unite(counted(0, 9'000));
  EXPECT_EQ(united, counted(0, 20'000));
}

TEST(StateDigest, OrderAndNumberOfWordsCount) {
  const auto digest = [](std::initializer_list<uint64_t> words) {
    StateDigest all;
    for (const uint64_t word : words) all.add(word);
    return all.value();
  };
  EXPECT_NE(digest({1, 2}), digest({2, 1}));
  EXPECT_NE(digest({}), digest({0}));
  EXPECT_NE(digest({0}), digest({0, 0}));
  EXPECT_EQ(digest({5, 6}), digest({5, 6}));
}

/// Of the schedules of some seeds; none: of the one in which no vCPU is preempted.
template <class World = CaseWorld>
CoverageNames covered(const char* name, uint64_t from, uint64_t end) {
  scenario::CompiledCase compiled = compiled_case(name);
  compiled.world.coverage = std::make_shared<Coverage>();
  const auto factory = built_in_mediator();
  World world{compiled, *factory};
  for (uint64_t seed = from; seed < end; ++seed) {
    Choices choices{seeded_choices(seed)};
    world.run(choices);
  }
  if (from == end) {
    Choices choices{recorded_choices("", "no preemption")};
    world.run(choices);
  }
  return compiled.world.coverage->in_words();
}

TEST(Coverage, TellsRulesAndPlacesByName) {
  const CoverageNames names = covered("reclaim_reclaim", 0, 60);
  EXPECT_TRUE(names.accepted.contains("mem_handle_zero"));
  EXPECT_FALSE(names.rejected.empty());
  EXPECT_TRUE(names.switches.contains("FFA_MEM_RECLAIM before lock vm_memory"));
  EXPECT_GT(names.states.count(), 3U);
  for (const std::string& place : names.switches) EXPECT_TRUE(names.yields.contains(place));
}

TEST(Coverage, WithoutPreemptionNoPlaceIsSwitchedAt) {
  const CoverageNames names = covered("reclaim_reclaim", 0, 0);
  EXPECT_TRUE(names.switches.empty());
  EXPECT_FALSE(names.yields.empty());
}

TEST(Coverage, PartsUniteToTheWhole) {
  CoverageNames united = covered("two_guests_share", 10, 40);
  united.unite(covered("two_guests_share", 0, 10));
  EXPECT_EQ(united, covered("two_guests_share", 0, 40));
}

TEST(Coverage, TheSearchForAnExplanationIsNoPartOfIt) {
  EXPECT_EQ(covered<ExplainedWorld>("reclaim_reclaim", 0, 20), covered("reclaim_reclaim", 0, 20));
}

}  // namespace
}  // namespace sim::explore
