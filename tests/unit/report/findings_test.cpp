// SPDX-License-Identifier: BSD-3-Clause
// The reports that name file and line: SARIF, and annotations for GitHub.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sarif_schema.hpp"
#include "sim/report/github.hpp"
#include "sim/report/sarif.hpp"
#include "sim/report/seen.hpp"

namespace sim::report {
namespace {

using nlohmann::json;

Outcome failed(Trouble trouble, std::vector<Problem> problems) {
  Outcome outcome;
  outcome.name = "m/a[guest=1.0,x=50%]";
  outcome.chapter = "m";
  outcome.file = "my scenarios/m/ä,b.json";
  outcome.result = Result::failed;
  outcome.trouble = trouble;
  outcome.problems = std::move(problems);
  outcome.repro = "build/bin/ffa-sim run x --filter 'm/a'";
  return outcome;
}

Outcome passed() {
  Outcome outcome;
  outcome.name = "m/good";
  return outcome;
}

const Problem wrong{"/steps/1/expect", "DENIED",          "SUCCESS", "",
                    "step /steps/1",   /*line=*/size_t{7}};
const Problem violated{"", "", "", "I7", "line one\nline two: 100%", 0};

/// By the schema, and what no schema can say: rules are unique, and each result names its own.
void check_sarif(const json& log) {
  ASSERT_EQ(sarif_mistakes(log), "");
  const json& run = log.at("runs").at(0);
  const json& rules = run.at("tool").at("driver").at("rules");
  std::set<std::string> ids;
  for (const json& rule : rules) EXPECT_TRUE(ids.insert(rule.at("id")).second);
  EXPECT_EQ(run.at("columnKind"), "unicodeCodePoints");
  for (const json& result : run.at("results")) {
    EXPECT_EQ(result.at("ruleId"), rules.at(result.at("ruleIndex").get<size_t>()).at("id"));
    EXPECT_EQ(result.at("level"), "error");
  }
}

TEST(Sarif, the_schema_sees_what_is_wrong) {
  const json good = json::parse(sarif_text({failed(Trouble::check, {wrong, violated})}, "1.2"));
  check_sarif(good);
  // One mistake each, by its place; null: the member goes.
  const std::pair<const char*, json> mistakes[] = {
      {"/version", "2.0.0"},
      {"/runs/0/tool/driver/name", nullptr},
      {"/runs/0/tool/driver/rules/0/id", nullptr},
      {"/runs/0/tool/driver/rules/0/shortDescription/text", 7},
      {"/runs/0/invocations/0/executionSuccessful", "yes"},
      {"/runs/0/columnKind", "bytes"},
      {"/runs/0/results/0/message/text", nullptr},
      {"/runs/0/results/0/level", "fatal"},
      {"/runs/0/results/0/ruleIndex", -1},
      {"/runs/0/results/0/locations/0/physicalLocation/region/startLine", 0},
      {"/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri", "a b.json"},
      {"/runs/0/results/0/partialFingerprints/failure~1v1", 1},
      {"/runs/0/results/1/unheardOf", 1}};
  for (const auto& [place, value] : mistakes) {
    json bad = good;
    const json::json_pointer pointer(place);
    if (value.is_null()) {
      ASSERT_EQ(bad.at(pointer.parent_pointer()).erase(pointer.back()), 1U) << place;
    } else {
      bad[pointer] = value;
    }
    EXPECT_NE(sarif_mistakes(bad), "") << place;
  }
}

TEST(Sarif, has_a_result_for_each_problem_with_file_and_line) {
  const json log = json::parse(sarif_text(
      {passed(), failed(Trouble::check, {wrong, violated}), failed(Trouble::internal, {})}, "1.2"));
  check_sarif(log);
  const json& results = log.at("runs").at(0).at("results");
  ASSERT_EQ(results.size(), 3U);
  const json& place = results.at(0).at("locations").at(0).at("physicalLocation");
  EXPECT_EQ(place.at("artifactLocation").at("uri"), "my%20scenarios/m/%C3%A4%2Cb.json");
  EXPECT_EQ(place.at("region").at("startLine"), 7);
  EXPECT_EQ(results.at(0).at("ruleId"), "expectation");
  EXPECT_EQ(results.at(1).at("ruleId"), "I7");
  EXPECT_FALSE(results.at(1).at("locations").at(0).at("physicalLocation").contains("region"));
  EXPECT_EQ(results.at(2).at("ruleId"), "internal-error");
}

TEST(Sarif, is_whole_where_nothing_failed) {
  const json log = json::parse(sarif_text({passed()}, "1.2"));
  check_sarif(log);
  EXPECT_TRUE(log.at("runs").at(0).at("results").is_array());
  EXPECT_EQ(log.at("runs").at(0).at("results").size(), 0U);
  EXPECT_TRUE(log.at("runs").at(0).at("tool").at("driver").at("rules").is_array());
}

TEST(Sarif, a_failure_keeps_its_fingerprint_when_its_line_moves) {
  const auto fingerprint = [](size_t line) {
    Problem moved = wrong;
    moved.line = line;
    const json log = json::parse(sarif_text({failed(Trouble::check, {moved})}, "1"));
    return log.at("runs").at(0).at("results").at(0).at("partialFingerprints");
  };
  EXPECT_EQ(fingerprint(3), fingerprint(90));
}

TEST(Sarif, paths_become_uris) {
  EXPECT_EQ(path_uri("./a/b.json"), "a/b.json");
  EXPECT_EQ(path_uri("../a b.json"), "../a%20b.json");
  EXPECT_EQ(path_uri("/tmp/x#y?.json"), "file:///tmp/x%23y%3F.json");
}

TEST(Sarif, text_that_is_not_utf8_is_no_accident) {
  Problem bad = wrong;
  bad.text = "\xff\xfe";
  EXPECT_NO_THROW(check_sarif(json::parse(sarif_text({failed(Trouble::check, {bad})}, "1"))));
}

TEST(Findings, of_a_case_with_too_many_problems_the_first_are_named) {
  const std::vector<Problem> many(1000, wrong);
  const json log = json::parse(sarif_text({failed(Trouble::check, many)}, "1"));
  const json& results = log.at("runs").at(0).at("results");
  ASSERT_EQ(results.size(), max_problems);
  EXPECT_NE(results.back().at("message").at("text").get<std::string>().find("and 990 more"),
            std::string::npos);
  const std::string annotations = github_text({failed(Trouble::check, many)});
  EXPECT_EQ(std::count(annotations.begin(), annotations.end(), '\n'), 10);
}

TEST(Github, a_line_for_each_problem_escaped_as_its_runner_reads_it) {
  const std::string text = github_text({passed(), failed(Trouble::check, {wrong, violated})});
  EXPECT_EQ(text,
            "::error file=my scenarios/m/ä%2Cb.json,line=7,title=m/a[guest=1.0%2Cx=50%25]::"
            "step /steps/1%0Aexpected  DENIED%0Aactual    SUCCESS%0A"
            "REPRO: build/bin/ffa-sim run x --filter 'm/a'\n"
            "::error file=my scenarios/m/ä%2Cb.json,title=m/a[guest=1.0%2Cx=50%25]::"
            "line one%0Aline two: 100%25%0Arule      I7%0A"
            "REPRO: build/bin/ffa-sim run x --filter 'm/a'\n");
  EXPECT_EQ(github_text({passed()}), "");
}

trace::Event call(uint64_t x0, uint64_t x1, uint64_t out0, uint64_t out2 = 0) {
  trace::Event event;
  event.seq = 1;
  event.seq_ret = 2;
  event.in.x[0] = x0;
  event.in.x[1] = x1;
  event.out.x[0] = out0;
  event.out.x[2] = out2;
  return event;
}

TEST(Seen, versions_are_those_that_both_sides_speak) {
  Seen seen;
  seen.add({call(0x84000063, 0x10000, 0x10002), call(0x84000063, 0x10001, 0x10001)});
  seen.add({call(0x84000063, 0x20000, 0xffffffff)});  // refused
  EXPECT_EQ(seen.versions(), (std::vector<std::string>{"1.0", "1.1"}));
  EXPECT_TRUE(seen.errors().empty());
}

TEST(Seen, errors_are_those_of_guests_alone) {
  Seen seen;
  seen.add(
      {call(0x84000073, 0, 0x84000060, 0xfffffffa), call(0x84000073, 0, 0x84000060, 0xfffffffc)});
  trace::Event inner = call(0x84000073, 0, 0x84000060, 0xfffffffe);
  inner.side = trace::Side::spmc;
  trace::Event open = call(0x84000073, 0, 0x84000060, 0xfffffffd);
  open.seq_ret = 0;
  seen.add({inner, open});
  EXPECT_EQ(seen.errors(), (std::vector<std::string>{"BUSY", "DENIED"}));
}

}  // namespace
}  // namespace sim::report
