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

}  // namespace
}  // namespace sim::explore
