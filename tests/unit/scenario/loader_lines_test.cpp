// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_lines.hpp"

#include <gtest/gtest.h>

namespace sim::scenario {
namespace {

const std::string text = R"({ "$schema": "x",
  // a comment
  "steps": [
    {"do": "id_get"},
    {"do": "version", "version": 5
    , "expect":
      {"success": {"w2": 2,
        "a/b~c": "two\nlines"}}}],
  "list": [1,
           2,
           [3,
            4]]
})";

TEST(LineTable, keys_and_elements_have_the_line_that_they_stand_in) {
  const LineTable table(text);
  EXPECT_EQ(table.line_of("/$schema"), 1U);
  EXPECT_EQ(table.line_of("/steps"), 3U);
  EXPECT_EQ(table.line_of("/steps/0"), 4U);
  EXPECT_EQ(table.line_of("/steps/1/version"), 5U);
  EXPECT_EQ(table.line_of("/steps/1/expect"), 6U);
  EXPECT_EQ(table.line_of("/steps/1/expect/success/w2"), 7U);
  EXPECT_EQ(table.line_of("/steps/1/expect/success/a~1b~0c"), 8U);
}

TEST(LineTable, a_number_ends_in_its_own_line) {
  const LineTable table(text);
  EXPECT_EQ(table.line_of("/list/0"), 9U);
  EXPECT_EQ(table.line_of("/list/1"), 10U);
  EXPECT_EQ(table.line_of("/list/2"), 11U);
  EXPECT_EQ(table.line_of("/list/2/0"), 11U);
  EXPECT_EQ(table.line_of("/list/2/1"), 12U);
  EXPECT_EQ(LineTable("[1\n,2\n]").line_of("/0"), 1U);
}

TEST(LineTable, what_the_file_does_not_have_is_where_its_parent_stands) {
  const LineTable table(text);
  EXPECT_EQ(table.line_of("/steps/1/expect/success/w9/x"), 7U);
  EXPECT_EQ(table.line_of("/steps/7"), 3U);
  EXPECT_EQ(table.line_of("/world/vms/vm1"), 1U);
  EXPECT_EQ(table.line_of(""), 1U);
  EXPECT_EQ(table.line_of("no pointer"), 1U);
}

TEST(LineTable, of_broken_text_what_comes_before_counts) {
  EXPECT_EQ(LineTable("{\"a\": 1,\n\"b\": }").line_of("/b"), 2U);
  EXPECT_EQ(LineTable("").line_of("/a"), 1U);
  EXPECT_EQ(LineTable("\xff\xfe").line_of("/a"), 1U);
}

}  // namespace
}  // namespace sim::scenario
