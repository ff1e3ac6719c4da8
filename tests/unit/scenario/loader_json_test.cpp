// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_json.hpp"

#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"

namespace sim::scenario {
namespace {

std::string error_of(const std::string& text) {
  try {
    (void)parse_scenario(text, "f.json");
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

TEST(ScenarioText, comments_are_allowed) {
  const auto document =
      parse_scenario("// first\n{ \"$schema\": \"s\", /* x */ \"name\": \"n\" }", "f.json");
  EXPECT_EQ(document.at("name"), "n");
}

TEST(ScenarioText, keys_keep_the_order_of_the_file) {
  const auto document = parse_scenario(R"({"$schema": 1, "z": 2, "a": 3})", "f.json");
  std::string order;
  for (const auto& [key, value] : document.items()) order += key;
  EXPECT_EQ(order, "$schemaza");
}

TEST(ScenarioText, syntax_error_names_line_and_column) {
  EXPECT_TRUE(error_of("{\"$schema\": 1,\n  \"a\": ]}").starts_with("f.json:2:8: syntax error"))
      << error_of("{\"$schema\": 1,\n  \"a\": ]}");
}

TEST(ScenarioText, every_cut_of_a_document_is_bad_input) {
  const std::string whole = R"({"$schema": "s", "a": [1, {"b": "c"}], "d": true})";
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(error_of(whole.substr(0, length)).empty()) << length;
  }
  EXPECT_EQ(error_of(whole), "");
}

TEST(ScenarioText, schema_must_come_first) {
  EXPECT_EQ(error_of(R"({"name": "n", "$schema": "s"})"),
            "f.json:/name: '$schema' must come first");
}

TEST(ScenarioText, doubled_key_is_refused_at_any_depth) {
  EXPECT_EQ(error_of(R"({"$schema": 1, "a": [0, {"b": 1, "b": 2}]})"),
            "f.json:/a/1/b: key 'b' stands twice");
  EXPECT_EQ(error_of(R"({"$schema": 1, "a": {"b": 1}, "c": {"b": 1}})"), "");
}

TEST(ScenarioText, only_an_object_is_a_scenario) {
  for (const char* text : {"[]", "3", "\"x\"", "null"}) {
    EXPECT_EQ(error_of(text), "f.json: a scenario is an object") << text;
  }
}

TEST(ScenarioText, depth_is_bounded) {
  const auto nested = [](size_t depth) {
    return "{\"$schema\": " + std::string(depth, '[') + std::string(depth, ']') + "}";
  };
  EXPECT_EQ(error_of(nested(max_json_depth - 1)), "");
  EXPECT_NE(error_of(nested(max_json_depth)), "");
  EXPECT_NE(error_of(nested(200000)), "");
}

TEST(ScenarioText, strings_are_bounded) {
  const auto with = [](size_t size) { return "{\"$schema\": \"" + std::string(size, 'a') + "\"}"; };
  EXPECT_EQ(error_of(with(max_json_string)), "");
  EXPECT_NE(error_of(with(max_json_string + 1)), "");
}

TEST(ScenarioText, files_that_cannot_be_read_are_bad_input) {
  EXPECT_THROW(read_text_file("/nonexistent/f.json", 10), InputError);
  EXPECT_THROW(read_text_file("/", 10), InputError);
  EXPECT_THROW(read_text_file("/dev/zero", 1000), InputError);
}

}  // namespace
}  // namespace sim::scenario
