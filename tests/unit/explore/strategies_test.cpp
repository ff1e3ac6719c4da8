// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/strategies.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace sim::explore {
namespace {

/// Tasks that do nothing but take a number of steps; the order in which they took them.
std::string order(ChoiceSource& source, std::vector<uint32_t> steps) {
  std::string taken;
  size_t current = ~size_t{0};
  for (;;) {
    std::vector<size_t> tasks;
    const bool running = current < steps.size() && steps[current] != 0;
    if (running) tasks.push_back(current);
    for (size_t task = 0; task < steps.size(); ++task) {
      if (steps[task] != 0 && !(running && task == current)) tasks.push_back(task);
    }
    if (tasks.empty()) return taken;
    current = tasks[tasks.size() == 1 ? 0 : source.schedule({tasks, running})];
    --steps[current];
    taken += static_cast<char>('a' + current);
  }
}

size_t switches(const std::string& order) {
  size_t count = 0;
  for (size_t n = 1; n < order.size(); ++n) count += order[n] != order[n - 1] ? 1 : 0;
  return count;
}

TEST(Counting, WhereATaskRunsThatAnotherCouldPreempt) {
  uint64_t places = 0;
  EXPECT_EQ(order(*counting_choices(places), {2, 2, 2}), "aabbcc");
  EXPECT_EQ(places, 2U);
}

TEST(Prefix, ThenASeedDecides) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    seen.insert(order(*prefix_choices("1:schedule=1", 3, seed), {4, 4}));
  }
  EXPECT_GT(seen.size(), 5U);
  for (const std::string& order : seen) EXPECT_EQ(order.substr(0, 3), "abb");
  EXPECT_EQ(order(*prefix_choices("1:schedule=1", 8, 5), {4, 4}), "abbbbaaa");
}

TEST(Pct, TheSameSeedTakesTheSameOrder) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(order(*priority_choices(seed, 3, 12), {4, 4, 4}),
              order(*priority_choices(seed, 3, 12), {4, 4, 4}));
  }
}

TEST(Pct, OfDepthOneNeverPreempts) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    seen.insert(order(*priority_choices(seed, 1, 8), {4, 4}));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"aaaabbbb", "bbbbaaaa"}));
}

TEST(Pct, FallsAtMostDepthMinusOneTimes) {
  size_t most = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    most = std::max(most, switches(order(*priority_choices(seed, 3, 12), {6, 6})));
  }
  EXPECT_EQ(most, 3U) << "two falls, and the end of a task";
}

TEST(Pct, OfDepthTwoComesToEveryPlace) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    seen.insert(order(*priority_choices(seed, 2, 8), {4, 4}));
  }
  for (const char* one : {"aaabbbba", "aabbbbaa", "abbbbaaa", "bbbaaaab", "bbaaaabb", "baaaabbb"}) {
    EXPECT_TRUE(seen.contains(one)) << one;
  }
}

TEST(Pct, AFallIsNeverSpentWhereNobodyRuns) {
  // Without preemption the first and the second task can be preempted once each.
  for (uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(switches(order(*priority_choices(seed, 2, 2), {2, 2, 2})), 3U) << seed;
  }
}

TEST(Sparse, TheRunningTaskMostlyGoesOn) {
  size_t switched = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    switched += switches(order(*sparse_choices(seed, 16), {50, 50}));
  }
  EXPECT_GT(switched, 300U) << "some 5 a schedule, and the end of a task";
  EXPECT_LT(switched, 1000U);
}

/// Two tasks that can always go on: how often the second is taken after `operation` of the first.
uint32_t taken_after(const Operation& operation) {
  constexpr size_t tasks[] = {0, 1};
  uint32_t count = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const auto source = hostile_choices(seed);
    source->performed(0, operation);
    count += source->schedule({tasks, true});
  }
  return count;
}

TEST(Hostile, StrikesAfterAnythingThatWasLookedAt) {
  for (const Operation& check :
       {Operation{OperationKind::memory, 7, false}, Operation{OperationKind::p2m, 1, false},
        Operation{OperationKind::atomic, 7, true}, Operation{OperationKind::lock_release, 7}}) {
    EXPECT_GT(taken_after(check), 100U);
  }
  for (const Operation& other :
       {Operation{OperationKind::memory, 7, true}, Operation{OperationKind::lock_acquire, 7}}) {
    EXPECT_LT(taken_after(other), 40U);
  }
}

TEST(Swarm, DrawsEveryStrategyAndSaysWhich) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::string told;
    const auto source = swarm_choices(seed, 100, told);
    seen.insert(told.substr(0, told.find_first_of(" ,")));
  }
  EXPECT_EQ(seen, (std::set<std::string>{"hostile", "pct", "random"}));
}

TEST(Swarm, KindsOfDecisionsAreOnOrOff) {
  size_t on = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    std::string told;
    const auto source = swarm_choices(seed, 100, told);
    uint32_t sum = 0;
    for (uint32_t n = 0; n < 1000; ++n) sum += source->choose(4, "fault");
    const bool said = told.find(", fault on") != std::string::npos;
    EXPECT_EQ(sum != 0, said) << told;
    on += said ? 1 : 0;
  }
  EXPECT_GT(on, 25U);
  EXPECT_LT(on, 75U);
}

TEST(Bytes, ADecisionIsAByte) {
  const auto source = byte_choices({1, 7, 255});
  EXPECT_EQ(source->choose(3, "a"), 1U);
  EXPECT_EQ(source->choose(3, "a"), 1U);
  EXPECT_EQ(source->choose(2, "a"), 1U);
  EXPECT_EQ(source->choose(2, "a"), 0U) << "behind the end";
}

}  // namespace
}  // namespace sim::explore
