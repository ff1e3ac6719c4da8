// SPDX-License-Identifier: BSD-3-Clause
// Property names are those of the standard. [SARIF 2.1.0 §3]
#include "sim/report/sarif.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "mediator/rules.hpp"
#include "sim/report/text.hpp"

namespace sim::report {
namespace {

using nlohmann::ordered_json;

/// The rule that a problem is an instance of: the mediator's, the invariant, else what kind of
/// trouble it is.
std::string rule_of(const Outcome& outcome, const Problem& problem) {
  if (!problem.rule.empty()) return problem.rule;
  switch (outcome.trouble) {
    case Trouble::no_progress:
      return "no-progress";
    case Trouble::nondeterminism:
      return "nondeterminism";
    case Trouble::internal:
      return "internal-error";
    case Trouble::bad_input:
      return "bad-input";
    case Trouble::none:
    case Trouble::check:
      break;
  }
  return "expectation";
}

std::string rule_description(const std::string& id) {
  static const std::map<std::string, std::string> own{
      {"no-progress", "Every vCPU waits: the case makes no progress."},
      {"nondeterminism", "The same decisions lead elsewhere in a second run."},
      {"internal-error", "The case ended its process, or the simulator failed."},
      {"bad-input", "Input that turned out to be wrong while the case ran."},
      {"expectation", "What a scenario expects did not come."}};
  if (const auto found = own.find(id); found != own.end()) return found->second;
  for (const mediator::RuleInfo& rule : mediator::rule_table) {
    if (id == rule.id) return "Rule of the mediator that decided otherwise than expected.";
  }
  return "Invariant of the simulated world.";
}

/// The same failure has the same one, wherever its step has moved to in the file.
std::string fingerprint(const Outcome& outcome, const Problem& problem) {
  return fmt::format("{} {} {}", outcome.name, problem.place, rule_of(outcome, problem));
}

ordered_json location(const Outcome& outcome, const Problem& problem) {
  ordered_json artifact{{"uri", path_uri(outcome.file)}};
  if (!outcome.file.starts_with("/")) artifact["uriBaseId"] = "%SRCROOT%";
  ordered_json physical{{"artifactLocation", artifact}};
  if (problem.line != 0) physical["region"] = {{"startLine", problem.line}};
  ordered_json logical{{"fullyQualifiedName", outcome.name + problem.place}, {"kind", "member"}};
  return {{"physicalLocation", physical}, {"logicalLocations", ordered_json::array({logical})}};
}

ordered_json result(const Outcome& outcome, const Problem& problem, size_t rule_index) {
  std::string text = fmt::format("{}: {}", outcome.name, problem.text);
  if (!problem.expected.empty()) text += "\nexpected " + problem.expected;
  if (!problem.actual.empty()) text += "\nactual " + problem.actual;
  ordered_json properties{{"case", outcome.name},
                          {"place", problem.place},
                          {"seed", outcome.seed},
                          {"choices", outcome.choices}};
  if (!outcome.repro.empty()) {
    text += "\nREPRO: " + outcome.repro;
    properties["repro"] = outcome.repro;
  }
  return {{"ruleId", rule_of(outcome, problem)},
          {"ruleIndex", rule_index},
          {"level", "error"},
          {"message", {{"text", text}}},
          {"locations", ordered_json::array({location(outcome, problem)})},
          {"partialFingerprints", {{"failure/v1", fingerprint(outcome, problem)}}},
          {"properties", properties}};
}

/// A case that failed without saying how is a finding all the same.
std::vector<Problem> problems_of(const Outcome& outcome) {
  if (outcome.result != Result::failed) return {};
  if (!outcome.problems.empty()) return outcome.problems;
  return {Problem{
      .place = "", .expected = "", .actual = "", .rule = "", .text = "the case failed", .line = 0}};
}

}  // namespace

std::string path_uri(const std::string& path) {
  std::string uri = path.starts_with("/") ? "file://" : "";
  const bool dotted = path.starts_with("./");
  for (const char c : dotted ? path.substr(2) : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return uri;
}

std::string sarif_text(const std::vector<Outcome>& outcomes, const std::string& version) {
  std::map<std::string, size_t> rules;
  for (const Outcome& outcome : outcomes) {
    for (const Problem& problem : problems_of(outcome)) rules.emplace(rule_of(outcome, problem), 0);
  }
  ordered_json described = ordered_json::array();
  for (auto& [id, index] : rules) {
    index = described.size();
    described.push_back({{"id", id}, {"shortDescription", {{"text", rule_description(id)}}}});
  }
  ordered_json results = ordered_json::array();
  for (const Outcome& outcome : outcomes) {
    for (const Problem& problem : problems_of(outcome)) {
      results.push_back(result(outcome, problem, rules.at(rule_of(outcome, problem))));
    }
  }
  const Summary counts = summarise(outcomes, 0);
  const ordered_json run{
      {"tool",
       {{"driver", {{"name", "ffa-sim"}, {"semanticVersion", version}, {"rules", described}}}}},
      {"invocations", ordered_json::array({{{"executionSuccessful", exit_code(outcomes) <= 1},
                                            {"exitCode", exit_code(outcomes)}}})},
      {"columnKind", "unicodeCodePoints"},
      {"results", results},
      {"properties",
       {{"passed", counts.passed},
        {"failed", counts.failed},
        {"skipped", counts.skipped},
        {"lacking", counts.lacking}}}};
  const ordered_json log{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", ordered_json::array({run})}};
  return log.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sim::report
