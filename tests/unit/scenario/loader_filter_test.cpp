// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/filter.hpp"

namespace sim::scenario {
namespace {

TEST(Glob, star_matches_any_text_and_slashes) {
  EXPECT_TRUE(glob_matches("mem/*", "mem/share/one"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("*share*one", "mem/share/one"));
  EXPECT_FALSE(glob_matches("*share*one", "mem/share/ones"));
}

TEST(Glob, question_mark_matches_exactly_one_character) {
  EXPECT_TRUE(glob_matches("mem/?", "mem/a"));
  EXPECT_FALSE(glob_matches("mem/?", "mem/"));
  EXPECT_FALSE(glob_matches("mem/?", "mem/ab"));
}

TEST(Glob, whole_name_must_match) {
  EXPECT_FALSE(glob_matches("mem", "mem/share"));
  EXPECT_TRUE(glob_matches("mem/a[x=1]", "mem/a[x=1]"));
}

TEST(Glob, many_stars_take_no_exponential_time) {
  const std::string text(5000, 'a');
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

TEST(Filter, colon_separates_patterns) {
  const Filter filter("mem/a:mem/b*");
  EXPECT_TRUE(filter.matches("mem/a"));
  EXPECT_TRUE(filter.matches("mem/bc"));
  EXPECT_FALSE(filter.matches("mem/c"));
}

TEST(Filter, dash_begins_the_exclusions) {
  const Filter filter("mem/*-mem/share*:mem/lend");
  EXPECT_TRUE(filter.matches("mem/reclaim"));
  EXPECT_FALSE(filter.matches("mem/share_one"));
  EXPECT_FALSE(filter.matches("mem/lend"));
}

TEST(Filter, exclusions_alone_take_all_the_rest) {
  const Filter filter("-mem/*");
  EXPECT_TRUE(filter.matches("setup/a"));
  EXPECT_FALSE(filter.matches("mem/a"));
}

TEST(Filter, dash_inside_a_word_belongs_to_the_name) {
  const Filter filter("mem/a[spmc=op-tee]");
  EXPECT_TRUE(filter.matches("mem/a[spmc=op-tee]"));
  EXPECT_FALSE(filter.matches("mem/a[spmc=op"));
  const Filter excluding("*-*[spmc=tf-a-el3]");
  EXPECT_FALSE(excluding.matches("mem/a[spmc=tf-a-el3]"));
  EXPECT_TRUE(excluding.matches("mem/a[spmc=op-tee]"));
}

TEST(Filter, without_a_pattern_is_bad_input) {
  for (const char* text : {"", ":", "-", ":-:"}) {
    EXPECT_THROW(Filter{text}, InputError) << text;
  }
}

}  // namespace
}  // namespace sim::scenario
