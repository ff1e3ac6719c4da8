// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "sim/scenario/coverage.hpp"
#include "sim/scenario/schema.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

json scenario_with(json more) {
  json document = {{"$schema", "../schema/scenario.json"},
                   {"name", "mem/a"},
                   {"steps", json::array({{{"do", "rx_release"}}})}};
  document.update(more);
  return document;
}

/// "pointer: reason", "" if the scenario is fine.
std::string complaint(const json& more) {
  static SchemaChecker checker;
  const auto found = checker.check_scenario(scenario_with(more));
  return found ? found->pointer + ": " + found->reason : "";
}

std::string step_complaint(const json& step) {
  static SchemaChecker checker;
  const auto found = checker.check_step(step);
  return found ? found->pointer + ": " + found->reason : "";
}

TEST(Schema, accepts_a_scenario_with_and_without_a_world) {
  EXPECT_EQ(complaint(json::object()), "");
  EXPECT_EQ(complaint({{"world", {{"vms", {{"vm1", {{"vcpus", 2}}}}}}}}), "");
}

// What fitted once is remembered; nothing else passes for it.
TEST(Schema, what_is_like_a_good_scenario_or_step_is_looked_at_nevertheless) {
  const json step = {{"do", "rx_release"}};
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(complaint({{"steps", json::array({step, step, step})}}), "");
    EXPECT_EQ(complaint({{"steps", 3}}), "/steps: 3 is not an array");
    EXPECT_NE(complaint({{"steps", "[3]"}}), "");
    EXPECT_NE(complaint({{"steps", json::array()}}), "");
    EXPECT_NE(complaint({{"world", {{"pcpus", "1"}}}}), "");
    EXPECT_EQ(complaint({{"world", {{"pcpus", 1}}}}), "");
    EXPECT_EQ(step_complaint(step), "");
    EXPECT_NE(step_complaint({{"do", "rx_release"}, {"more", 1}}), "");
  }
}

TEST(Schema, unknown_key_is_named_with_those_that_are_known) {
  const std::string text = complaint({{"world", {{"pcpu", 1}}}});
  EXPECT_TRUE(text.starts_with("/world/pcpu: unknown key 'pcpu'; known: ")) << text;
  EXPECT_NE(text.find("pcpus"), std::string::npos) << text;
}

TEST(Schema, wrong_type_says_what_it_should_be) {
  EXPECT_EQ(complaint({{"world", {{"pcpus", "two"}}}}), "/world/pcpus: 'two' is not an integer");
  EXPECT_EQ(complaint({{"covers", "GEN-001"}}), "/covers: 'GEN-001' is not an array");
}

TEST(Schema, number_out_of_range_says_the_range) {
  EXPECT_EQ(complaint({{"world", {{"pcpus", 0}}}}), "/world/pcpus: 0 is out of range: at least 1");
  EXPECT_EQ(complaint({{"world", {{"sps", {{"sp1", {{"id", 65536}}}}}}}}),
            "/world/sps/sp1/id: 65536 is out of range: at most 65535");
}

TEST(Schema, word_out_of_a_list_names_the_list) {
  EXPECT_EQ(complaint({{"world", {{"sps", {{"sp1", {{"kind", "eko"}}}}}}}}),
            "/world/sps/sp1/kind: 'eko' is not one of echo, memory_user, optee, notifier");
}

TEST(Schema, step_is_judged_by_its_do) {
  EXPECT_EQ(step_complaint({{"do", "rx_release"}}), "");
  EXPECT_TRUE(
      step_complaint({{"do", "rx_relase"}}).starts_with("/do: 'rx_relase' is not a step; known: "));
  EXPECT_EQ(step_complaint({{"on", "vm1.0"}}), ": key 'do' is missing");
  EXPECT_EQ(step_complaint(3), ": 3 is not a step: object expected");
  EXPECT_EQ(step_complaint({{"do", 3}}).substr(0, 21), "/do: 3 is not a step;");
}

TEST(Schema, one_mistake_in_a_step_gives_its_deepest_place) {
  const std::string text = step_complaint(
      json::parse(R"({"do": "share", "ranges": [["0x40001000", 1], ["0x4000000k", 1]]})"));
  EXPECT_TRUE(text.starts_with("/ranges/1/0: '0x4000000k' is not ")) << text;
}

TEST(Schema, unknown_key_with_quotes_in_it_is_named_whole) {
  const std::string text = step_complaint({{"do", "rx_release"}, {"it's", 1}});
  EXPECT_TRUE(text.starts_with("/it's: unknown key 'it's'")) << text;
}

TEST(Schema, every_step_refuses_unknown_keys) {
  for (const auto& [name, schema] : step_schemas().items()) {
    EXPECT_EQ(schema.value("additionalProperties", json(true)), json(false)) << name;
    const std::string text = step_complaint({{"do", name}, {"no_such_key", 1}});
    EXPECT_NE(text, "") << name;
  }
}

TEST(Schema, all_references_of_the_bundle_lead_somewhere) {
  const json& bundle = bundled_schema();
  size_t references = 0;
  const std::function<void(const json&)> follow = [&](const json& node) {
    if (node.is_object() && node.contains("$ref") && node.at("$ref").is_string()) {
      const auto text = node.at("$ref").get<std::string>();
      ASSERT_TRUE(text.starts_with("#/")) << text;
      EXPECT_TRUE(bundle.contains(json::json_pointer(text.substr(1)))) << text;
      ++references;
    }
    if (!node.is_structured()) return;
    for (const auto& child : node) follow(child);
  };
  follow(bundle);
  EXPECT_GT(references, 50U);
}

TEST(Coverage, matrix_has_each_row_once_and_in_a_known_chapter) {
  std::set<std::string> ids;
  std::set<std::string> chapters;
  for (const auto& [name, title] : matrix_chapters()) chapters.insert(name);
  for (const MatrixRow& row : matrix_rows()) {
    EXPECT_TRUE(ids.insert(row.id).second) << row.id;
    EXPECT_TRUE(chapters.contains(row.chapter)) << row.id;
    EXPECT_TRUE(row.id.starts_with(row.chapter + "-")) << row.id;
    EXPECT_FALSE(row.condition.empty() || row.result.empty()) << row.id;
  }
  EXPECT_EQ(ids.size(), 469U);
}

TEST(Coverage, rows_left_out_are_rows_with_one_of_four_reasons) {
  const std::set<std::string> reasons = {"other_instance", "other_version", "spmc_duty", "policy"};
  for (const auto& [id, row] : left_out_rows()) {
    EXPECT_TRUE(is_matrix_row(id)) << id;
    EXPECT_TRUE(reasons.contains(row.reason)) << id;
    EXPECT_FALSE(row.note.empty()) << id;
  }
  EXPECT_FALSE(is_matrix_row("GEN-000"));
}

TEST(Coverage, row_is_covered_left_out_or_uncovered) {
  const auto all = measure_coverage({"ID-001", "RTRV-001"}, {});
  size_t rows = 0;
  for (const auto& chapter : all) {
    rows += chapter.covered.size() + chapter.left_out.size() + chapter.uncovered.size();
  }
  EXPECT_EQ(rows, matrix_rows().size());
  const auto some = measure_coverage({"ID-001", "RTRV-001"}, {"RTRV", "ID"});
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].chapter, "ID");
  EXPECT_EQ(some[0].covered, std::vector<std::string>{"ID-001"});
  EXPECT_EQ(some[1].covered, std::vector<std::string>{"RTRV-001"}) << "covering beats leaving out";
}

}  // namespace
}  // namespace sim::scenario
