// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "sim/engine/input_error.hpp"
#include "sim/report/golden.hpp"
#include "sim/report/json_lines.hpp"
#include "sim/report/junit.hpp"
#include "sim/report/text.hpp"

namespace sim::report {
namespace {

const std::string hash_a = "00112233445566778899aabbccddeeff";
const std::string hash_b = "ffeeddccbbaa99887766554433221100";

Outcome passed(const std::string& name, const std::string& hash) {
  Outcome outcome;
  outcome.name = name;
  outcome.chapter = name.substr(0, name.find('/'));
  outcome.file = "scenarios/" + name + ".json";
  outcome.hash = hash;
  outcome.seed = "0x2a";
  outcome.runs = 3;
  return outcome;
}

Outcome failed(const std::string& name, Trouble trouble) {
  Outcome outcome = passed(name, hash_a);
  outcome.result = Result::failed;
  outcome.trouble = trouble;
  outcome.where = "fault 0 at 2";
  outcome.choices = "1:schedule=1";
  outcome.problems = {
      {"/steps/1/expect", "DENIED", "SUCCESS", "share_owner", "w0 is <wrong> & \"bad\"\x01"}};
  outcome.repro = "build/bin/ffa-sim run x.json --filter '" + name + "' --seed 0x2a";
  return outcome;
}

Outcome skipped(const std::string& name) {
  Outcome outcome = passed(name, "");
  outcome.result = Result::skipped;
  outcome.skip = "environment variable IMAGE is not set";
  return outcome;
}

TEST(ExitCode, gravest_trouble_counts) {
  EXPECT_EQ(exit_code({passed("m/a", hash_a)}), 0);
  EXPECT_EQ(exit_code({passed("m/a", hash_a), failed("m/b", Trouble::check)}), 1);
  EXPECT_EQ(exit_code({failed("m/a", Trouble::no_progress), failed("m/b", Trouble::check)}), 3);
  EXPECT_EQ(
      exit_code({failed("m/a", Trouble::nondeterminism), failed("m/b", Trouble::no_progress)}), 4);
  EXPECT_EQ(exit_code({failed("m/a", Trouble::internal), failed("m/b", Trouble::nondeterminism)}),
            70);
  EXPECT_EQ(exit_code({failed("m/a", Trouble::bad_input), failed("m/b", Trouble::internal)}), 2);
}

TEST(ExitCode, nothing_ran_is_77) {
  EXPECT_EQ(exit_code({}), 77);
  EXPECT_EQ(exit_code({skipped("m/a")}), 77);
  EXPECT_EQ(exit_code({skipped("m/a"), passed("m/b", hash_a)}), 0);
}

TEST(FailureText, repro_comes_last) {
  const std::string text = failure_text(failed("m/a", Trouble::check));
  const size_t last_line = text.rfind('\n', text.size() - 2) + 1;
  EXPECT_EQ(text.substr(last_line),
            "REPRO: build/bin/ffa-sim run x.json --filter 'm/a' --seed 0x2a\n");
  for (const char* part : {"scenarios/m/a.json", "/steps/1/expect", "DENIED", "SUCCESS",
                           "share_owner", "fault 0 at 2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

TEST(FailureText, colours_only_where_they_show) {
  EXPECT_EQ(outcome_text(passed("m/a", hash_a), {false}), "passed  m/a\n");
  EXPECT_NE(outcome_text(passed("m/a", hash_a), {true}).find("\033["), std::string::npos);
}

TEST(JsonLines, outcome_survives_the_way_through_a_pipe) {
  for (const Outcome& outcome :
       {passed("m/a", hash_a), skipped("m/b"), failed("m/c", Trouble::no_progress)}) {
    const std::string line = outcome_json(outcome);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(outcome_json(parse_outcome(line)), line);
  }
}

TEST(JsonLines, what_was_covered_survives_too) {
  Outcome outcome = passed("m/a", hash_a);
  Exploration& told = outcome.exploration.emplace("random", false, 9, 0, 0, 4);
  told.covered = {{"a", "b"}, {"b"}, {"FFA_RUN behind an SMC"}, {}, {}};
  for (uint64_t state = 1; state < 700; ++state) told.covered.states.add(state << 50);
  outcome.undecided = 3;
  const Outcome back = parse_outcome(outcome_json(outcome));
  EXPECT_EQ(back.exploration, outcome.exploration);
  EXPECT_EQ(back.undecided, 3U);
}

TEST(Coverage, of_other_rules_those_that_were_met_are_all) {
  const std::string none = coverage_text({});
  EXPECT_TRUE(none.starts_with("rules: 0 of ")) << none;
  EXPECT_TRUE(none.ends_with(" accepted, 0 rejected; yields: a switch at 0 of 0; 0 states"));
  const size_t own = std::stoul(none.substr(std::string("rules: 0 of ").size()));
  EXPECT_GT(own, 100U);
  EXPECT_TRUE(coverage_text({{"gen_conduit", "theirs"}, {"theirs"}, {}, {}, {}})
                  .starts_with("rules: 2 of " + std::to_string(own + 1) + " accepted, 1 rejected"));
}

TEST(JsonLines, result_and_name_stand_as_scripts_look_for_them) {
  EXPECT_TRUE(outcome_json(failed("m/a", Trouble::check))
                  .starts_with(R"({"name":"m/a","result":"failed",)"));
}

TEST(Summary, what_is_lacking_is_counted_for_itself_and_no_failure) {
  Outcome lacking = skipped("n/d");
  lacking.result = Result::lacking;
  EXPECT_EQ(exit_code({lacking}), 0);
  EXPECT_EQ(summary_text(summarise({passed("m/a", hash_a), lacking}, 0)),
            "1 passed, 0 failed, 0 skipped, 0 not selected, 1 lacking");
  EXPECT_EQ(parse_outcome(outcome_json(lacking)).result, Result::lacking);
}

TEST(JsonLines, other_text_is_bad_input) {
  EXPECT_THROW(parse_outcome("{}"), InputError);
  EXPECT_THROW(parse_outcome("nonsense"), InputError);
  EXPECT_THROW(parse_outcome(R"({"name":3})"), InputError);
}

TEST(JsonLines, text_that_is_not_utf8_is_no_accident) {
  Outcome outcome = failed("m/a", Trouble::check);
  outcome.problems[0].text = "\xff\xfe";
  EXPECT_NO_THROW(parse_outcome(outcome_json(outcome)));
}

TEST(Junit, has_a_case_for_each_outcome_with_its_explanation) {
  const std::string text =
      junit_text({passed("m/a", hash_a), failed("m/b", Trouble::check), skipped("n/c")});
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(text.c_str()));
  const auto suites = document.child("testsuites");
  EXPECT_STREQ(suites.attribute("tests").value(), "3");
  EXPECT_STREQ(suites.attribute("failures").value(), "1");
  EXPECT_STREQ(suites.attribute("skipped").value(), "1");
  const auto first = suites.child("testsuite");
  EXPECT_STREQ(first.attribute("name").value(), "m");
  const auto good = first.child("testcase");
  EXPECT_STREQ(good.attribute("classname").value(), "m");
  EXPECT_STREQ(good.attribute("name").value(), "m/a");
  EXPECT_FALSE(good.first_child());
  const auto bad = good.next_sibling("testcase");
  EXPECT_STREQ(bad.child("failure").attribute("message").value(), "w0 is <wrong> & \"bad\"?");
  EXPECT_NE(std::string(bad.child("failure").text().get()).find("REPRO: build/bin/ffa-sim"),
            std::string::npos);
  const auto other = first.next_sibling("testsuite").child("testcase");
  EXPECT_STREQ(other.child("skipped").attribute("message").value(),
               "environment variable IMAGE is not set");
}

TEST(Golden, text_survives_writing_and_reading) {
  const GoldenHashes hashes = {{"m/b[x=1]", hash_b}, {"m/a", hash_a}};
  EXPECT_EQ(golden_text(hashes), hash_a + " m/a\n" + hash_b + " m/b[x=1]\n");
  EXPECT_EQ(parse_golden(golden_text(hashes), "g"), hashes);
  EXPECT_TRUE(parse_golden("", "g").empty());
}

TEST(Golden, malformed_lines_are_bad_input_with_their_line) {
  for (const std::string& bad : {hash_a, hash_a + " ", hash_a.substr(1) + " m/a", hash_a + "0 m/a",
                                 "g" + hash_a.substr(1) + " m/a", hash_b + " m/ok"}) {
    try {
      parse_golden(hash_a + " m/ok\n" + bad + "\n", "g.txt");
      FAIL() << bad;
    } catch (const InputError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("g.txt:2: ")) << error.what();
    }
  }
}

TEST(Golden, other_or_missing_hash_fails_the_case) {
  const GoldenHashes hashes = {{"m/a", hash_a}};
  Outcome same = passed("m/a", hash_a);
  Outcome other = passed("m/a", hash_b);
  Outcome unknown = passed("m/b", hash_a);
  check_golden(hashes, "g", same);
  check_golden(hashes, "g", other);
  check_golden(hashes, "g", unknown);
  EXPECT_EQ(same.result, Result::passed);
  EXPECT_EQ(other.result, Result::failed);
  EXPECT_EQ(other.problems.at(0).expected, hash_a);
  EXPECT_EQ(unknown.result, Result::failed);
}

TEST(Golden, case_that_lacks_something_has_its_hash_too) {
  Outcome lacking = passed("m/a", hash_b);
  lacking.result = Result::lacking;
  EXPECT_EQ(updated_golden({}, {lacking}, true), (GoldenHashes{{"m/a", hash_b}}));
  Outcome same = lacking;
  check_golden({{"m/a", hash_b}}, "g", same);
  EXPECT_EQ(same.result, Result::lacking);
  check_golden({{"m/a", hash_a}}, "g", lacking);
  EXPECT_EQ(lacking.result, Result::failed);
}

TEST(Golden, update_of_a_part_keeps_the_rest_and_of_the_whole_drops_it) {
  const GoldenHashes old = {{"m/a", hash_a}, {"m/gone", hash_a}};
  const std::vector<Outcome> ran = {passed("m/a", hash_b), failed("m/bad", Trouble::check)};
  EXPECT_EQ(updated_golden(old, ran, false), (GoldenHashes{{"m/a", hash_b}, {"m/gone", hash_a}}));
  EXPECT_EQ(updated_golden(old, ran, true), (GoldenHashes{{"m/a", hash_b}}));
}

}  // namespace
}  // namespace sim::report
