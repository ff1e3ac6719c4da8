// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/matrix.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

std::vector<std::string> suffixes(const std::vector<Axis>& axes) {
  std::vector<std::string> list;
  const auto combinations = combine(axes);
  for (const auto& combination : *combinations) list.push_back(combination.suffix);
  return list;
}

TEST(Matrix, no_axis_gives_one_case_without_suffix) {
  EXPECT_EQ(suffixes({}), std::vector<std::string>{""});
}

TEST(Matrix, last_axis_turns_fastest_and_the_order_is_kept) {
  EXPECT_EQ(suffixes({{"spmc", {"op-tee"}}, {"cut", {json::array(), json::array({96})}}}),
            (std::vector<std::string>{"[spmc=op-tee,cut=[]]", "[spmc=op-tee,cut=[96]]"}));
}

TEST(Matrix, values_that_a_filter_would_misread_go_by_number) {
  EXPECT_EQ(
      suffixes({{"v", {"a:b", "*", "x y", "-1", json::object(), "a-b"}}}),
      (std::vector<std::string>{"[v=#0]", "[v=#1]", "[v=#2]", "[v=#3]", "[v={}]", "[v=a-b]"}));
}

TEST(Matrix, too_many_combinations_are_refused) {
  const std::vector<json> ten(10, 1);
  EXPECT_TRUE(combine({{"a", ten}, {"b", ten}, {"c", ten}, {"d", ten}}).has_value());
  EXPECT_FALSE(
      combine({{"a", ten}, {"b", ten}, {"c", ten}, {"d", ten}, {"e", {1, 2}}}).has_value());
}

std::optional<json> lookup(const std::string& name) {
  if (name == "n") return json(7);
  if (name == "list") return json::array({1, 2});
  if (name == "s") return json("text");
  return {};
}

json substituted(json value) {
  substitute(value, lookup, "f.json", json::json_pointer("/steps"));
  return value;
}

TEST(Variables, one_that_stands_alone_keeps_its_type) {
  EXPECT_EQ(substituted("${n}"), json(7));
  EXPECT_EQ(substituted("${list}"), json::array({1, 2}));
  EXPECT_EQ(substituted({{"a", {"${n}", "${s}"}}}), json({{"a", {7, "text"}}}));
}

TEST(Variables, inside_text_they_become_text) {
  EXPECT_EQ(substituted("0x${n}"), json("0x7"));
  EXPECT_EQ(substituted("${s}${n}"), json("text7"));
  EXPECT_EQ(substituted("a ${list} b"), json("a [1,2] b"));
}

TEST(Variables, slots_of_the_guest_are_left_alone) {
  EXPECT_EQ(substituted("$h.lo"), json("$h.lo"));
}

TEST(Variables, unknown_one_is_bad_input_at_its_place) {
  json value = {{"do", "x"}, {"list", {1, "${nope}"}}};
  try {
    substitute(value, lookup, "f.json", json::json_pointer("/steps/3"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "f.json:/steps/3/list/1: unknown variable 'nope'");
  }
}

TEST(Variables, unclosed_brace_is_bad_input) {
  EXPECT_THROW(substituted("${n"), InputError);
  EXPECT_THROW(substituted("x${n"), InputError);
}

}  // namespace
}  // namespace sim::scenario
