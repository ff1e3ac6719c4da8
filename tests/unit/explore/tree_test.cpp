// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/tree.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

namespace sim::explore {
namespace {

using Cost = Tree::Cost;

/// All paths of a case that asks three questions: which it is depends on nothing.
std::set<std::string> paths(Bounds bounds, std::array<Cost, 3> costs, uint32_t n) {
  Tree tree{bounds};
  std::set<std::string> seen;
  do {
    std::string path;
    for (const Cost cost : costs) path += std::to_string(tree.decide(n, cost));
    EXPECT_TRUE(seen.insert(path).second) << path << " twice";
  } while (tree.next());
  return seen;
}

TEST(Tree, WithoutABoundWalksAllPaths) {
  const std::array<Cost, 3> free{Cost::nothing, Cost::nothing, Cost::nothing};
  EXPECT_EQ(paths({0, 0}, free, 3).size(), 27U);
}

TEST(Tree, PreemptionsAreBounded) {
  const std::array<Cost, 3> costs{Cost::preemption, Cost::preemption, Cost::preemption};
  EXPECT_EQ(paths({0, 9}, costs, 2), (std::set<std::string>{"000"}));
  EXPECT_EQ(paths({1, 0}, costs, 2), (std::set<std::string>{"000", "001", "010", "100"}));
  EXPECT_EQ(paths({2, 0}, costs, 2).size(), 7U);
  EXPECT_EQ(paths({3, 0}, costs, 2).size(), 8U);
}

TEST(Tree, FaultsHaveABoundOfTheirOwn) {
  const std::array<Cost, 3> costs{Cost::fault, Cost::preemption, Cost::fault};
  EXPECT_EQ(paths({1, 0}, costs, 2), (std::set<std::string>{"000", "010"}));
  EXPECT_EQ(paths({0, 1}, costs, 2), (std::set<std::string>{"000", "001", "100"}));
  EXPECT_EQ(paths({1, 1}, costs, 2).size(), 6U);
}

TEST(Tree, LaterQuestionsMayDependOnEarlierDecisions) {
  Tree tree{{1, 0}};
  uint32_t schedules = 0;
  do {
    if (tree.decide(2, Cost::preemption) == 1) (void)tree.decide(5, Cost::nothing);
    ++schedules;
  } while (tree.next());
  EXPECT_EQ(schedules, 6U);
  EXPECT_EQ(tree.longest(), 2U);
}

TEST(Tree, AnotherQuestionAtTheSamePlaceIsADivergence) {
  Tree tree{{2, 0}};
  (void)tree.decide(2, Cost::preemption);
  (void)tree.decide(2, Cost::preemption);
  ASSERT_TRUE(tree.next());
  EXPECT_THROW((void)tree.decide(3, Cost::preemption), Divergence);
}

TEST(Tree, ARunThatEndsTooEarlyIsADivergence) {
  Tree tree{{2, 0}};
  (void)tree.decide(2, Cost::preemption);
  (void)tree.decide(2, Cost::preemption);
  ASSERT_TRUE(tree.next());
  (void)tree.decide(2, Cost::preemption);
  EXPECT_THROW((void)tree.next(), Divergence);
}

}  // namespace
}  // namespace sim::explore
