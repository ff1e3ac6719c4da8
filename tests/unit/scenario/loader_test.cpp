// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace sim::scenario {
namespace {

namespace fs = std::filesystem;

/// A directory of scenarios that goes away again.
class Loader : public testing::Test {
 protected:
  Loader() : root_(fs::temp_directory_path() / ("ffa-sim-loader-" + std::to_string(getpid()))) {
    fs::create_directories(root_);
    options_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto value = environment_.find(name);
      if (value == environment_.end()) return {};
      return value->second;
    };
  }
  ~Loader() override { fs::remove_all(root_); }

  /// `rest` goes behind $schema and name.
  void scenario(const std::string& name, const std::string& rest) {
    const auto depth = std::count(name.begin(), name.end(), '/');
    std::string up;
    for (auto i = depth; i > 0; --i) up += "../";
    file(name + ".json", "{\"$schema\": \"" + up + "schema/scenario.json\", \"name\": \"" + name +
                             "\", " + rest + "}");
  }
  void file(const std::string& name, const std::string& text) {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::FILE* stream = std::fopen(path.c_str(), "wb");
    ASSERT_NE(stream, nullptr);
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fclose(stream);
  }
  LoadResult load() { return load_scenarios({root_.string()}, options_); }
  std::vector<std::string> names() {
    std::vector<std::string> list;
    const LoadResult result = load();
    EXPECT_EQ(result.errors, std::vector<std::string>{});
    for (const auto& loaded : result.cases) list.push_back(loaded.data.name);
    return list;
  }
  std::string only_error() {
    const LoadResult result = load();
    EXPECT_EQ(result.errors.size(), 1U);
    std::string error = result.errors.empty() ? "" : result.errors.front();
    const std::string prefix = root_.string() + "/";
    return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
  }

  fs::path root_;
  std::map<std::string, std::string> environment_;
  LoadOptions options_;
};

const std::string step = R"("steps": [{"do": "rx_release"}])";
using Names = std::vector<std::string>;

TEST_F(Loader, files_are_taken_in_order_and_schema_directories_left_out) {
  scenario("mem/b", step);
  scenario("mem/a", step);
  scenario("base/z", step);
  file("schema/other.json", "no JSON");
  file("mem/notes.txt", "no JSON");
  EXPECT_EQ(names(), (Names{"base/z", "mem/a", "mem/b"}));
}

TEST_F(Loader, same_file_twice_is_one_case) {
  scenario("mem/a", step);
  const auto result = load_scenarios(
      {root_.string(), (root_ / "mem").string(), (root_ / "mem/a.json").string()}, options_);
  EXPECT_EQ(result.cases.size(), 1U);
  EXPECT_TRUE(result.errors.empty());
}

TEST_F(Loader, one_bad_file_does_not_hide_another) {
  scenario("mem/a", step);
  file("mem/b.json", "{");
  scenario("mem/c", R"("steps": [{"do": "nothing"}])");
  EXPECT_EQ(load().errors.size(), 2U);
}

TEST_F(Loader, directory_without_scenarios_is_bad_input) {
  EXPECT_TRUE(only_error().ends_with(": no scenario in it"));
}

TEST_F(Loader, matrix_makes_a_case_of_each_combination) {
  scenario("mem/a", R"("matrix": {"guest": ["1.0", "1.1"], "n": [1, 2]}, )" + step);
  EXPECT_EQ(names(), (Names{"mem/a[guest=1.0,n=1]", "mem/a[guest=1.0,n=2]", "mem/a[guest=1.1,n=1]",
                            "mem/a[guest=1.1,n=2]"}));
}

TEST_F(Loader, case_knows_its_variables_and_has_no_matrix_left) {
  scenario("mem/a", R"("matrix": {"n": [3]}, "world": {"pcpus": "${n}"}, )" + step);
  const auto result = load();
  ASSERT_EQ(result.cases.size(), 1U);
  EXPECT_EQ(result.cases[0].data.variables.at("n"), "3");
  EXPECT_EQ(result.cases[0].data.doc.at("world").at("pcpus"), 3);
  EXPECT_FALSE(result.cases[0].data.doc.contains("matrix"));
}

TEST_F(Loader, mistake_that_all_combinations_share_is_told_once) {
  scenario("mem/a", R"("matrix": {"n": [1, 2, 3]}, "steps": [{"do": "nothing"}])");
  EXPECT_TRUE(only_error().starts_with("mem/a.json:/steps/0/do: 'nothing' is not a step"));
}

TEST_F(Loader, name_must_be_the_path_below_the_schema_directory) {
  file("mem/frag/a.json",
       R"({"$schema": "../../schema/scenario.json", "name": "frag/a", )" + step + "}");
  EXPECT_EQ(only_error(),
            "mem/frag/a.json:/name: 'frag/a' does not fit the file's path: 'mem/frag/a' expected");
}

TEST_F(Loader, unknown_row_in_covers_is_bad_input) {
  scenario("mem/a", R"("covers": ["GEN-001", "GEN-999"], )" + step);
  EXPECT_EQ(only_error(), "mem/a.json:/covers/1: 'GEN-999' is not a row of the conformance matrix");
}

TEST_F(Loader, scenario_without_steps_is_bad_input) {
  scenario("mem/a", R"("world": {})");
  EXPECT_EQ(only_error(), "mem/a.json: needs either 'steps' or 'threads'");
}

TEST_F(Loader, missing_environment_variable_skips_and_a_set_one_is_replaced) {
  scenario(
      "mem/a",
      R"("needs": ["AN_IMAGE"], "steps": [{"do": "rx_release", "text": "${AN_IMAGE} ${OTHER}"}])");
  environment_["OTHER"] = "o";
  auto result = load();
  ASSERT_EQ(result.errors, Names{});
  EXPECT_EQ(result.cases.at(0).skip, "environment variable AN_IMAGE is not set");
  environment_["AN_IMAGE"] = "file.bin";
  result = load();
  ASSERT_EQ(result.errors, Names{});
  EXPECT_EQ(result.cases.at(0).skip, "");
  EXPECT_EQ(result.cases.at(0).data.doc.at("steps").at(0).at("text"), "file.bin o");
}

TEST_F(Loader, other_back_end_is_loaded_and_not_selected) {
  scenario("mem/a", R"("backends": ["qemu"], )" + step);
  scenario("mem/b", R"("backends": ["host", "qemu"], )" + step);
  const auto result = load();
  ASSERT_EQ(result.cases.size(), 2U);
  EXPECT_FALSE(result.cases[0].selected);
  EXPECT_TRUE(result.cases[1].selected);
}

TEST_F(Loader, vary_fills_in_what_the_world_leaves_open) {
  options_.vary = {{"guest", {"1.0", "1.2"}}};
  scenario("mem/open", step);
  scenario("mem/fixed", R"("world": {"vms": {"vm1": {"version": "1.1"}}}, )" + step);
  const auto result = load();
  ASSERT_EQ(result.errors, Names{});
  ASSERT_EQ(result.cases.size(), 3U);
  EXPECT_EQ(result.cases[0].data.name, "mem/fixed");
  EXPECT_EQ(result.cases[1].data.name, "mem/open[guest=1.0]");
  EXPECT_EQ(result.cases[2].data.doc.at("world").at("vms").at("vm1").at("version"), "1.2");
  EXPECT_EQ(result.cases[2].varied.at("guest"), "1.2");
  EXPECT_TRUE(result.cases[0].varied.empty());
}

TEST_F(Loader, vary_does_not_touch_a_variable_of_the_matrix) {
  options_.vary = {{"guest", {"1.0"}}};
  scenario("mem/a",
           R"("matrix": {"guest": ["1.1", "1.2"]},
             "world": {"vms": {"vm1": {"version": "${guest}"}}}, )" +
               step);
  EXPECT_EQ(names(), (Names{"mem/a[guest=1.1]", "mem/a[guest=1.2]"}));
}

TEST_F(Loader, vary_backing_reaches_each_silent_region) {
  options_.vary = {{"backing", {"scattered"}}};
  scenario(
      "mem/a",
      R"("world": {"vms": {"vm1": {"memory": [{"ipa": "0x40000000", "size": "2M", "backing": "reversed"},
                                                          {"ipa": "0x50000000", "size": "1M"}]}}}, )" +
          step);
  const auto result = load();
  ASSERT_EQ(result.errors, Names{});
  const auto& memory = result.cases.at(0).data.doc.at("world").at("vms").at("vm1").at("memory");
  EXPECT_EQ(memory.at(0).at("backing"), "reversed");
  EXPECT_EQ(memory.at(1).at("backing"), "scattered");
}

TEST_F(Loader, vary_gives_a_value_to_a_variable_without_a_matrix) {
  options_.vary = {{"count", {"2"}}};
  scenario("mem/a",
           R"("world": {"pcpus": 1}, "steps": [{"do": "rx_release", "text": "${count}"}])");
  EXPECT_EQ(names(), Names{"mem/a[count=2]"});
}
TEST_F(Loader, AGuestConfigurationIsReadForEachCaseAndNotedOnce) {
  file("c/g_1.cfg", "tee='ffa'\nvcpus=2\nkernel='k'");
  const std::string vm =
      R"("world": {"vms": {"vm1": {"config": "g_${v}.cfg"}}}, "steps": [{"do": "id_get"}])";
  scenario("c/d", R"("matrix": {"v": [1], "w": [1, 2]}, )" + vm);
  const LoadResult result = load();
  EXPECT_EQ(result.errors, std::vector<std::string>{});
  EXPECT_EQ(result.notes,
            std::vector{(root_ / "c/g_1.cfg").string() + ": not used: kernel (line 3)"});
  ASSERT_EQ(result.cases.size(), 2U);
  for (const LoadedCase& loaded : result.cases) {
    EXPECT_EQ(loaded.data.doc["world"]["vms"]["vm1"],
              (nlohmann::json{{"tee", "ffa"}, {"vcpus", 2}}));
  }
}
TEST_F(Loader, WhatTheSchemaRefusesOfAGuestConfigurationStandsInItsLine) {
  file("c/g.cfg", "tee='ffa'\nvcpus=65");
  scenario("c/d", R"("matrix": {"w": [1, 2]}, "steps": [{"do": "id_get"}],
                     "world": {"vms": {"vm1": {"config": "g.cfg"}}})");
  EXPECT_EQ(only_error(), "c/g.cfg:2: 65 is out of range: at most 64");
}

}  // namespace
}  // namespace sim::scenario
