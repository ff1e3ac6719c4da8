// SPDX-License-Identifier: BSD-3-Clause
#include "sim/sched/choices.hpp"

#include <gtest/gtest.h>

#include <array>

#include "sim/engine/input_error.hpp"

namespace sim {
namespace {

// Published numbers: a seed in a bug report must mean the same for ever.
TEST(Choices, ASeedGivesTheSameDecisionsForEver) {
  const auto source = seeded_choices(42);
  std::array<uint32_t, 8> got{};
  for (auto& value : got) value = source->choose(1000, "any");
  const std::array<uint32_t, 8> golden = {741, 159, 278, 344, 38, 868, 218, 800};
  EXPECT_EQ(got, golden);
}

TEST(Choices, DifferentSeedsDiffer) {
  const auto one = seeded_choices(1);
  const auto two = seeded_choices(2);
  int same = 0;
  for (int n = 0; n < 64; ++n) same += one->choose(1000, "a") == two->choose(1000, "a") ? 1 : 0;
  EXPECT_LT(same, 8);
}

TEST(Choices, EveryAlternativeIsTakenSometimes) {
  const auto source = seeded_choices(3);
  std::array<int, 5> hits{};
  for (int n = 0; n < 500; ++n) ++hits.at(source->choose(5, "a"));
  for (const int hit : hits) EXPECT_GT(hit, 50);
}

TEST(Choices, OneAlternativeIsNoDecision) {
  Choices choices{recorded_choices("0:schedule=2", "t")};
  EXPECT_EQ(choices.choose(1, "schedule"), 0U);
  EXPECT_EQ(choices.choose(0, "schedule"), 0U);
  EXPECT_TRUE(choices.log().empty());
  EXPECT_EQ(choices.choose(3, "schedule"), 2U);
}

TEST(Choices, TextOfARunReplaysIt) {
  Choices first{seeded_choices(9)};
  std::vector<uint32_t> taken;
  for (uint32_t n = 0; n < 40; ++n)
    taken.push_back(first.choose(2 + n % 3, n % 2 == 0 ? "schedule" : "fault"));
  Choices again{recorded_choices(first.to_text(), "t")};
  for (uint32_t n = 0; n < 40; ++n) {
    EXPECT_EQ(again.choose(2 + n % 3, n % 2 == 0 ? "schedule" : "fault"), taken[n]);
  }
  EXPECT_EQ(again.to_text(), first.to_text());
}

TEST(Choices, SilenceMeansTheFirstAlternative) {
  const auto source = recorded_choices("2:schedule=1", "t");
  EXPECT_EQ(source->choose(2, "schedule"), 0U);
  EXPECT_EQ(source->choose(2, "fault"), 0U);
  EXPECT_EQ(source->choose(2, "schedule"), 1U);
  EXPECT_EQ(source->choose(2, "schedule"), 0U);
  EXPECT_EQ(recorded_choices("", "t")->choose(2, "a"), 0U);
}

TEST(Choices, MalformedTextIsBadInput) {
  for (const char* text :
       {"1", "1:a", "1:=2", "x:a=1", "1:a=x", "1:a=", ":a=1", "1:a=1,", ",", "1:a=1,1:a=2",
        "-1:a=1", "1:a=-1", "1:a=99999999999", "1:a=1 ", "99999999999999999999:a=1"}) {
    EXPECT_THROW(recorded_choices(text, "f.json:/choices"), InputError) << text;
  }
  try {
    recorded_choices("oops", "f.json:/choices");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "f.json:/choices: choices: \"oops\" is not position:label=number");
  }
}

TEST(Choices, ATextThatDoesNotFitTheRunIsBadInput) {
  EXPECT_THROW(recorded_choices("0:fault=1", "t")->choose(2, "schedule"), InputError);
  EXPECT_THROW(recorded_choices("0:schedule=2", "t")->choose(2, "schedule"), InputError);
}

TEST(Choices, ADecisionThatIsNeverReachedIsBadInput) {
  Choices choices{recorded_choices("1:schedule=1,2:fault_pin=0,3:schedule=1", "t")};
  (void)choices.choose(2, "schedule");
  (void)choices.choose(2, "schedule");
  EXPECT_THROW(choices.check_all_asked(), InputError);
  (void)choices.choose(2, "fault_pin");
  (void)choices.choose(2, "schedule");
  EXPECT_NO_THROW(choices.check_all_asked());
  // What is not reached is not taken: that is what 0 says.
  EXPECT_NO_THROW(Choices{recorded_choices("7:schedule=0", "t")}.check_all_asked());
}

}  // namespace
}  // namespace sim
