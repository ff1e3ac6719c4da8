// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/happens_before.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sim::explore {
namespace {

using Kind = OperationKind;
using Steps = std::vector<std::pair<size_t, Operation>>;

constexpr Operation read_of(uint64_t page) { return {Kind::memory, page, false}; }
constexpr Operation write_of(uint64_t page) { return {Kind::memory, page, true}; }
constexpr Operation everything(bool write) { return {Kind::everything, 0, write}; }

uint64_t signature(const Steps& run) {
  HappensBefore before;
  for (const auto& [task, operation] : run) before.add(task, operation);
  return before.signature();
}

TEST(HappensBefore, ReadsOfOneObjectCommute) {
  EXPECT_EQ(signature({{0, read_of(7)}, {1, read_of(7)}}),
            signature({{1, read_of(7)}, {0, read_of(7)}}));
}

TEST(HappensBefore, AWriteDoesNotCommuteWithWhatTouchesTheSame) {
  for (const Operation other : {read_of(7), write_of(7), everything(false), everything(true)}) {
    EXPECT_NE(signature({{0, write_of(7)}, {1, other}}), signature({{1, other}, {0, write_of(7)}}));
  }
}

TEST(HappensBefore, WritesOfDifferentObjectsCommute) {
  EXPECT_EQ(signature({{0, write_of(7)}, {1, write_of(8)}}),
            signature({{1, write_of(8)}, {0, write_of(7)}}));
  EXPECT_EQ(signature({{0, write_of(7)}, {1, {Kind::smc}}}),
            signature({{1, {Kind::smc}}, {0, write_of(7)}}));
}

TEST(HappensBefore, AcquireAndReleaseAreAboutTheSameLock) {
  const Operation acquire{Kind::lock_acquire, 3};
  const Operation release{Kind::lock_release, 3};
  EXPECT_NE(signature({{0, acquire}, {1, release}}), signature({{1, release}, {0, acquire}}));
}

TEST(HappensBefore, ReadingEverythingCommutesWithReads) {
  EXPECT_EQ(signature({{0, everything(false)}, {1, read_of(7)}}),
            signature({{1, read_of(7)}, {0, everything(false)}}));
  EXPECT_NE(signature({{0, everything(true)}, {1, read_of(7)}}),
            signature({{1, read_of(7)}, {0, everything(true)}}));
}

TEST(HappensBefore, WhichCallsWereOverBeforeOthersBeganCounts) {
  const Operation begin{Kind::call_begin, 0, false};
  const Operation end{Kind::call_end, 0, false};
  EXPECT_NE(signature({{0, begin}, {0, end}, {1, begin}, {1, end}}),
            signature({{0, begin}, {1, begin}, {0, end}, {1, end}}));
  EXPECT_NE(signature({{0, begin}, {0, end}, {1, begin}, {1, end}}),
            signature({{1, begin}, {1, end}, {0, begin}, {0, end}}));
  EXPECT_EQ(signature({{0, begin}, {1, begin}, {0, end}, {1, end}}),
            signature({{1, begin}, {0, begin}, {1, end}, {0, end}}))
      << "overlapping calls";
}

TEST(HappensBefore, NothingCommutesWithAnything) {
  const Operation none{Kind::none, 0, false};
  EXPECT_EQ(signature({{0, none}, {1, write_of(7)}}), signature({{1, write_of(7)}, {0, none}}));
}

TEST(HappensBefore, TheOrderWithinATaskCounts) {
  EXPECT_NE(signature({{0, read_of(7)}, {0, read_of(8)}}),
            signature({{0, read_of(8)}, {0, read_of(7)}}));
}

TEST(HappensBefore, ItCountsWhoseOperationItIs) {
  EXPECT_NE(signature({{0, read_of(7)}}), signature({{1, read_of(7)}}));
}

TEST(HappensBefore, TransitiveOrderCounts) {
  // 1 sees what 0 wrote to 7 only in the first: 8 comes after in both.
  EXPECT_NE(signature({{0, write_of(7)}, {1, read_of(7)}, {1, write_of(8)}, {2, read_of(8)}}),
            signature({{1, read_of(7)}, {0, write_of(7)}, {1, write_of(8)}, {2, read_of(8)}}));
}

TEST(HappensBefore, AClearedOneBeginsAgain) {
  HappensBefore before;
  for (uint64_t n = 0; n < 1000; ++n) before.add(n % 3, write_of(n));
  before.clear();
  EXPECT_EQ(before.signature(), 0U);
  before.add(0, write_of(7));
  EXPECT_EQ(before.signature(), signature({{0, write_of(7)}}));
}

TEST(HappensBefore, ManyObjectsAreToldApart) {
  Steps forward;
  Steps backward;
  for (uint64_t n = 0; n < 2000; ++n) forward.push_back({n % 2, write_of(n / 2)});
  // The two tasks touch every object in turn, in the other order the second comes first once.
  backward = forward;
  std::swap(backward[1000], backward[1001]);
  EXPECT_NE(signature(forward), signature(backward));
}

TEST(Visited, AStateIsEnteredAgainWithMoreBudgetOnly) {
  Visited visited;
  EXPECT_TRUE(visited.enter(5, 1));
  EXPECT_FALSE(visited.enter(5, 1));
  EXPECT_FALSE(visited.enter(5, 0));
  EXPECT_TRUE(visited.enter(5, 2));
  EXPECT_FALSE(visited.enter(5, 1));
  EXPECT_EQ(visited.size(), 1U);
}

TEST(Visited, ManyStates) {
  Visited visited;
  for (uint64_t n = 1; n <= 100000; ++n) EXPECT_TRUE(visited.enter(n * 0x9e3779b97f4a7c15ULL, 3));
  for (uint64_t n = 1; n <= 100000; ++n) EXPECT_FALSE(visited.enter(n * 0x9e3779b97f4a7c15ULL, 3));
  EXPECT_EQ(visited.size(), 100000U);
}

}  // namespace
}  // namespace sim::explore
