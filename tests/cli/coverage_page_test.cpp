// SPDX-License-Identifier: BSD-3-Clause
// Requirements are traced to the scenarios, versions, personalities and statuses of their cases.
#include "sim/cli/coverage_page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sim::cli {
namespace {

using scenario::LoadedCase;

LoadedCase covering(const char* name, std::vector<std::string> rows, const char* doc) {
  LoadedCase loaded;
  loaded.data.name = name;
  loaded.data.doc = nlohmann::json::parse(doc);
  loaded.covers = std::move(rows);
  return loaded;
}

std::vector<LoadedCase> some_cases() {
  return {covering(
              "gen/a[guest=1.0]", {"GEN-001"},
              R"({"world": {"vms": {"vm1": {"version": "1.0"}}, "spmc": {"personality": "hafnium"}},
                       "steps": [{"expect": [{"when": {}, "error": "DENIED"}, {"success": true}]}]})"),
          covering("gen/a[guest=1.2]", {"GEN-001"},
                   R"({"world": {"vms": {"vm1": {"version": "1.2"}}}})"),
          covering("ver/b", {"GEN-001", "VER-001"},
                   R"({"threads": {"vm1.0": [{"expect": {"one_of": ["SUCCESS", "BUSY"]}}]}})"),
          covering("ver/c", {}, "{}")};
}

TEST(CoveragePage, ARowIsTracedToAllThatItsCasesSay) {
  const auto rows = trace_requirements(some_cases());
  ASSERT_EQ(rows.size(), 2U);
  const RowCoverage& row = rows.at("GEN-001");
  EXPECT_EQ(row.scenarios, (std::set<std::string>{"gen/a", "ver/b"}));
  EXPECT_EQ(row.versions, (std::set<std::string>{"1.0", "1.1", "1.2"})) << "silent: 1.1";
  EXPECT_EQ(row.personalities, (std::set<std::string>{"hafnium", "op-tee"}));
  EXPECT_EQ(row.errors, (std::set<std::string>{"BUSY", "DENIED", "SUCCESS"}));
  EXPECT_EQ(rows.at("VER-001").scenarios, (std::set<std::string>{"ver/b"}));
}

TEST(CoveragePage, SaysWhatIsCoveredByWhomWhatIsLeftOutAndWhatIsNot) {
  const std::string page = coverage_page(some_cases());
  const auto has = [&](const char* text) { return page.find(text) != std::string::npos; };
  EXPECT_TRUE(
      has("| GEN | calling convention, dispatch, register discipline | 17 | 1 | 0 | 1 | 1 | 1 | 1 "
          "| 1 | 0 |"));
  EXPECT_TRUE(has("`gen/a`, `ver/b` |"));
  EXPECT_TRUE(has("| FEAT-019 | other_version |"));
  EXPECT_TRUE(has("| **none** |"));
}

}  // namespace
}  // namespace sim::cli
