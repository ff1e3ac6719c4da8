// SPDX-License-Identifier: BSD-3-Clause
// Two runs are compared event by event: the first one that counts for the hash is told.
#include "sim/cli/determinism.hpp"

#include <gtest/gtest.h>

namespace sim::cli {
namespace {

std::vector<trace::Event> three_calls() {
  std::vector<trace::Event> events(3);
  for (size_t n = 0; n < events.size(); ++n) {
    events[n].seq = 2 * n + 1;
    events[n].seq_ret = 2 * n + 2;
    events[n].vm = 1;
    events[n].in.x[0] = 0x84000063;
    events[n].out.x[0] = 0x10001;
  }
  return events;
}

TEST(FirstDifference, IsNoneBetweenEqualTraces) {
  EXPECT_FALSE(first_difference(three_calls(), three_calls()));
}

TEST(FirstDifference, IsToldWithItsNumberAndBothLines) {
  auto other = three_calls();
  other[1].out.x[0] = 0x10002;
  other[2].out.x[0] = 0x10003;
  const auto found = first_difference(three_calls(), other);
  ASSERT_TRUE(found);
  EXPECT_NE(found->text.find("event 2"), std::string::npos) << found->text;
  EXPECT_NE(found->expected.find("10001"), std::string::npos) << found->expected;
  EXPECT_NE(found->actual.find("10002"), std::string::npos) << found->actual;
}

TEST(FirstDifference, IsTheFirstEventThatOneHasNot) {
  auto shorter = three_calls();
  shorter.pop_back();
  const auto found = first_difference(three_calls(), shorter);
  ASSERT_TRUE(found);
  EXPECT_NE(found->text.find("event 3"), std::string::npos) << found->text;
  EXPECT_EQ(found->actual, "none");
}

TEST(CheckAgain, TakesTheSameDecisionsAndComparesWhatCameOfThem) {
  Choices taken{recorded_choices("1:fault=1", "t")};
  (void)taken.choose(3, "fault");
  (void)taken.choose(2, "fault");
  const auto asks_alike = [](Choices& again) {
    EXPECT_EQ(again.choose(3, "fault"), 0U);
    EXPECT_EQ(again.choose(2, "fault"), 1U);
    return three_calls();
  };
  EXPECT_NO_THROW(check_again(three_calls(), taken, asks_alike));
  EXPECT_THROW(check_again({}, taken, asks_alike), Nondeterminism);
  const auto asks_less = [](Choices& again) {
    (void)again.choose(3, "fault");
    return three_calls();
  };
  EXPECT_THROW(check_again(three_calls(), taken, asks_less), Nondeterminism);
  const auto asks_otherwise = [](Choices& again) {
    (void)again.choose(3, "fault");
    (void)again.choose(2, "schedule");
    return three_calls();
  };
  EXPECT_THROW(check_again(three_calls(), taken, asks_otherwise), Nondeterminism);
}

}  // namespace
}  // namespace sim::cli
