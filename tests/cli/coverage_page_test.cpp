// SPDX-License-Identifier: BSD-3-Clause
// Requirements are traced to the scenarios, other tests, versions, personalities and statuses of
// their cases.
#include "sim/cli/coverage_page.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/engine/input_error.hpp"

namespace sim::cli {
namespace {

using scenario::CoveringTest;
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

const std::vector<CoveringTest> some_tests = {
    {"property_laws", "A.B", "a | law", {"GEN-001", "GEN-003"}},
    {"fuzz_descriptor", "", "bytes", {"GEN-003"}}};

TEST(CoveragePage, ARowIsTracedToAllThatItsCasesSay) {
  const auto rows = trace_requirements(some_cases(), some_tests);
  ASSERT_EQ(rows.size(), 3U);
  const RowCoverage& row = rows.at("GEN-001");
  EXPECT_EQ(row.scenarios, (std::set<std::string>{"gen/a", "ver/b"}));
  EXPECT_EQ(row.versions, (std::set<std::string>{"1.0", "1.1", "1.2"})) << "silent: 1.1";
  EXPECT_EQ(row.personalities, (std::set<std::string>{"hafnium", "op-tee"}));
  EXPECT_EQ(row.errors, (std::set<std::string>{"BUSY", "DENIED", "SUCCESS"}));
  EXPECT_EQ(row.tests, (std::set<std::string>{"property_laws A.B"}));
  const RowCoverage& by_tests = rows.at("GEN-003");
  EXPECT_EQ(by_tests.tests, (std::set<std::string>{"fuzz_descriptor", "property_laws A.B"}));
  EXPECT_TRUE(by_tests.scenarios.empty() && by_tests.versions.empty());
  EXPECT_EQ(rows.at("VER-001").scenarios, (std::set<std::string>{"ver/b"}));
}

TEST(CoveragePage, SaysWhatIsCoveredByWhomWhatIsLeftOutAndWhatIsNot) {
  const std::string page = coverage_page(some_cases(), some_tests);
  const auto has = [&](const char* text) { return page.find(text) != std::string::npos; };
  EXPECT_TRUE(
      has("| GEN | calling convention, dispatch, register discipline | 17 | 2 | 0 | 1 | 1 | 1 | 1 "
          "| 1 | 0 |"));
  EXPECT_TRUE(has("`gen/a`, `ver/b` | `property_laws A.B` |"));
  EXPECT_TRUE(has("|  | `fuzz_descriptor`, `property_laws A.B` |"));
  EXPECT_TRUE(has("| `property_laws A.B` | a \\| law | GEN-001, GEN-003 |"));
  EXPECT_TRUE(has("| FEAT-019 | other_version |"));
  EXPECT_TRUE(has("| **none** |"));
}

std::string complaint(const std::string& text) {
  try {
    (void)scenario::read_covering_tests(text, "c.json");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(CoveringTests, AreReadOrRefusedWithPlaceAndReason) {
  const auto entry = [](const char* rows, const char* more = "") {
    return std::string(R"({"tests": [{"test": "t", "case": "", "shows": "s", "rows": )") + rows +
           "}" + more + "]}";
  };
  EXPECT_EQ(complaint(entry(R"(["GEN-001"])")), "");
  EXPECT_EQ(complaint(entry(R"(["GEN-001", "GEN-999"])")),
            "c.json:/tests/0/rows/1: 'GEN-999' is not a row of the conformance matrix");
  EXPECT_EQ(complaint(entry("[7]")),
            "c.json:/tests/0/rows/0: '7' is not a row of the conformance matrix");
  EXPECT_EQ(complaint(entry(R"(["GEN-001", "GEN-001"])")),
            "c.json:/tests/0/rows/1: 'GEN-001' stands there twice");
  EXPECT_EQ(complaint(entry("[]")), "c.json:/tests/0/rows: is no list with something in it");
  EXPECT_EQ(complaint(entry(R"(["GEN-001"])",
                            R"(, {"test": "t", "case": "", "shows": "", "rows": ["GEN-002"]})")),
            "c.json:/tests/1: 't' stands there twice");
  EXPECT_EQ(complaint(entry(R"(["GEN-001"])", ", {}")), "c.json:/tests/1: key 'test' is missing");
  EXPECT_EQ(complaint("{\n\"tests\": [}"),
            "c.json:2:11: syntax error while parsing value - unexpected '}'; expected '[', '{', or "
            "a literal");
  EXPECT_EQ(complaint("[]"), "c.json:/tests: is no list with something in it");
}

TEST(CoveringTests, OfTheProjectAreRead) { EXPECT_FALSE(scenario::covering_tests().empty()); }

}  // namespace
}  // namespace sim::cli
