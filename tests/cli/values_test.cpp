// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/values.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sim/cli/workers.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::cli {
namespace {

TEST(Seed, decimal_and_hexadecimal_numbers_are_taken_as_they_are) {
  EXPECT_EQ(parse_seed("0"), 0U);
  EXPECT_EQ(parse_seed("42"), 42U);
  EXPECT_EQ(parse_seed("0x2A"), 42U);
  EXPECT_EQ(parse_seed("18446744073709551615"), ~uint64_t{0});
  EXPECT_EQ(parse_seed("0xffffffffffffffff"), ~uint64_t{0});
}

TEST(Seed, git_hash_is_hashed_the_same_every_time) {
  const std::string hash = "0e6d7dd4b1f0a9b3c2d1e0f9a8b7c6d5e4f3a2b1";
  EXPECT_EQ(parse_seed(hash), parse_seed(hash));
  EXPECT_NE(parse_seed(hash), parse_seed(hash.substr(1)));
  EXPECT_EQ(parse_seed("ABCDEF"), parse_seed("abcdef"));
  EXPECT_NE(parse_seed("18446744073709551616"), 0U) << "all digits, too large for a number: a hash";
}

TEST(Seed, anything_else_is_bad_input) {
  for (const char* text : {"", "xyz", "-1", "1.5", "0x", "0xg", " 1", "0x10000000000000000"}) {
    EXPECT_THROW(parse_seed(text), InputError) << text;
  }
}

TEST(ShardText, index_runs_from_one_to_count) {
  EXPECT_EQ(parse_shard("1/1").count, 1U);
  EXPECT_EQ(parse_shard("2/8").index, 2U);
  EXPECT_EQ(parse_shard("2/8").count, 8U);
  for (const char* text : {"", "1", "/", "1/", "/2", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2"}) {
    EXPECT_THROW(parse_shard(text), InputError) << text;
  }
}

TEST(VaryText, gives_a_name_and_strings) {
  const auto axis = parse_vary("guest=1.0,1.2");
  EXPECT_EQ(axis.name, "guest");
  EXPECT_EQ(axis.values, (std::vector<nlohmann::json>{"1.0", "1.2"}));
  EXPECT_EQ(parse_vary("other=a=b").values, std::vector<nlohmann::json>{"a=b"});
  for (const char* text :
       {"", "guest", "=1", "guest=", "guest=1.0,", "guest=1.3", "guest=1.0,1.0"}) {
    EXPECT_THROW(parse_vary(text), InputError) << text;
  }
}

TEST(ShellQuoted, quotes_only_what_needs_it) {
  EXPECT_EQ(shell_quoted("scenarios/mem/a.json"), "scenarios/mem/a.json");
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted("a[1]"), "'a[1]'");
  EXPECT_EQ(shell_quoted(""), "''");
}

report::Outcome named(size_t i, const std::string& skip) {
  report::Outcome outcome;
  outcome.name = "case " + std::to_string(i);
  outcome.skip = skip;
  return outcome;
}

class WorkersTest : public testing::TestWithParam<unsigned> {};

TEST_P(WorkersTest, outcomes_come_in_order_and_a_lost_process_costs_one_case) {
  std::vector<std::string> told;
  run_in_workers(
      10, GetParam(),
      [](size_t i) {
        if (i == 4) _exit(9);
        return named(i, "ran");
      },
      [](size_t i, const Death& death) { return named(i, death.text()); },
      [&](size_t i, report::Outcome outcome) {
        EXPECT_EQ(i, told.size());
        told.push_back(outcome.name + " " + outcome.skip);
      });
  ASSERT_EQ(told.size(), 10U);
  EXPECT_EQ(told[3], "case 3 ran");
  EXPECT_EQ(told[4], "case 4 exit code 9");
  EXPECT_EQ(told[9], "case 9 ran");
}

TEST(Workers, no_case_is_no_work) {
  run_in_workers(0, 3, {}, {}, [](size_t, report::Outcome) { FAIL(); });
}

INSTANTIATE_TEST_SUITE_P(Jobs, WorkersTest, testing::Values(1U, 2U, 3U, 20U));

}  // namespace
}  // namespace sim::cli
