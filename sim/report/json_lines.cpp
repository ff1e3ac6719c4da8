// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/json_lines.hpp"

#include <nlohmann/json.hpp>

#include "sim/engine/input_error.hpp"

namespace sim::report {
namespace {

using nlohmann::ordered_json;

/// Text that did not come from us (a plug-in's log) need not be UTF-8.
std::string dump(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json problem_json(const Problem& problem) {
  ordered_json all{{"place", problem.place},
                   {"expected", problem.expected},
                   {"actual", problem.actual},
                   {"rule", problem.rule},
                   {"text", problem.text}};
  if (problem.line != 0) all["line"] = problem.line;
  return all;
}

constexpr const char* trouble_names[] = {"none",           "check",    "no_progress",
                                         "nondeterminism", "internal", "bad_input"};

template <class Enum, class Names>
Enum by_name(const std::string& name, const Names& names) {
  for (size_t i = 0; i < std::size(names); ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  throw InputError("outcome", "unknown word '" + name + "'");
}

}  // namespace

namespace {

ordered_json covered_json(const CoverageNames& covered) {
  return {{"accepted", covered.accepted},     {"rejected", covered.rejected},
          {"yields", covered.yields},         {"switches", covered.switches},
          {"states", covered.states.count()}, {"lowest_states", covered.states.kept()}};
}

CoverageNames parse_covered(const ordered_json& value) {
  CoverageNames covered;
  covered.accepted = value.at("accepted");
  covered.rejected = value.at("rejected");
  covered.yields = value.at("yields");
  covered.switches = value.at("switches");
  for (const uint64_t state : value.at("lowest_states")) covered.states.add(state);
  return covered;
}

ordered_json exploration_json(const Exploration& exploration) {
  return {{"strategy", exploration.strategy},
          {"exhausted", exploration.exhausted},
          {"schedules", exploration.schedules},
          {"pruned", exploration.pruned},
          {"states", exploration.states},
          {"longest", exploration.longest},
          {"covered", covered_json(exploration.covered)}};
}

Exploration parse_exploration(const ordered_json& value) {
  Exploration exploration;
  exploration.strategy = value.at("strategy");
  exploration.exhausted = value.at("exhausted");
  exploration.schedules = value.at("schedules");
  exploration.pruned = value.at("pruned");
  exploration.states = value.at("states");
  exploration.longest = value.at("longest");
  exploration.covered = parse_covered(value.at("covered"));
  return exploration;
}

}  // namespace

std::string outcome_json(const Outcome& outcome) {
  ordered_json problems = ordered_json::array();
  for (const Problem& problem : outcome.problems) problems.push_back(problem_json(problem));
  ordered_json all{{"name", outcome.name},
                   {"result", result_name(outcome.result)},
                   {"chapter", outcome.chapter},
                   {"file", outcome.file},
                   {"hash", outcome.hash},
                   {"seed", outcome.seed},
                   {"choices", outcome.choices},
                   {"runs", outcome.runs},
                   {"trouble", trouble_names[static_cast<size_t>(outcome.trouble)]},
                   {"where", outcome.where},
                   {"skip", outcome.skip},
                   {"problems", problems},
                   {"repro", outcome.repro},
                   {"sometimes", outcome.sometimes},
                   {"covers", outcome.covers},
                   {"spmc", outcome.spmc},
                   {"versions", outcome.versions},
                   {"errors", outcome.errors}};
  if (outcome.result == Result::failed && !outcome.text.empty()) all["text"] = outcome.text;
  if (!outcome.saved.empty()) all["saved"] = outcome.saved;
  if (!outcome.saved_with.empty()) all["saved_with"] = outcome.saved_with;
  if (!outcome.consoles.empty()) all["consoles"] = outcome.consoles;
  if (!outcome.notes.empty()) all["notes"] = outcome.notes;
  if (outcome.stack_bytes != 0) all["stack_bytes"] = outcome.stack_bytes;
  if (outcome.undecided != 0) all["undecided"] = outcome.undecided;
  if (outcome.exploration) all["exploration"] = exploration_json(*outcome.exploration);
  return dump(all);
}

std::string summary_json(const Summary& summary) {
  ordered_json counts{{"passed", summary.passed},
                      {"failed", summary.failed},
                      {"skipped", summary.skipped},
                      {"not_selected", summary.not_selected},
                      {"lacking", summary.lacking}};
  if (summary.schedules != 0) {
    counts["exhausted"] = summary.exhausted;
    counts["schedules"] = summary.schedules;
  }
  if (summary.undecided != 0) counts["undecided"] = summary.undecided;
  ordered_json all{{"summary", counts}};
  if (const Shard& shard = summary.shard; shard.count > 1) {
    all["shard"] = {
        {"index", shard.index}, {"count", shard.count}, {"of", shard.of_seeds ? "seeds" : "cases"}};
  }
  return dump(all);
}

Summary parse_summary(const std::string& line) {
  try {
    const auto value = ordered_json::parse(line);
    const auto& counts = value.at("summary");
    Summary summary;
    summary.passed = counts.at("passed");
    summary.failed = counts.at("failed");
    summary.skipped = counts.at("skipped");
    summary.not_selected = counts.at("not_selected");
    summary.lacking = counts.at("lacking");
    summary.exhausted = counts.value("exhausted", size_t{0});
    summary.schedules = counts.value("schedules", uint64_t{0});
    summary.undecided = counts.value("undecided", uint64_t{0});
    if (value.contains("shard")) {
      const auto& shard = value.at("shard");
      summary.shard = {shard.at("index"), shard.at("count"), shard.at("of") == "seeds"};
    }
    return summary;
  } catch (const ordered_json::exception& error) {
    throw InputError("summary", error.what());
  }
}

std::string met_json(const std::vector<std::string>& never_met, const CoverageNames& covered) {
  return dump({{"never_met", never_met}, {"covered", covered_json(covered)}});
}

Outcome parse_outcome(const std::string& line) {
  try {
    const auto value = ordered_json::parse(line);
    constexpr const char* result_names[] = {"passed", "failed", "skipped", "lacking"};
    Outcome outcome;
    outcome.name = value.at("name");
    outcome.result = by_name<Result>(value.at("result"), result_names);
    outcome.chapter = value.at("chapter");
    outcome.file = value.at("file");
    outcome.hash = value.at("hash");
    outcome.seed = value.at("seed");
    outcome.choices = value.at("choices");
    outcome.runs = value.at("runs");
    outcome.trouble = by_name<Trouble>(value.at("trouble"), trouble_names);
    outcome.where = value.at("where");
    outcome.skip = value.at("skip");
    outcome.repro = value.at("repro");
    outcome.text = value.value("text", "");
    outcome.saved = value.value("saved", "");
    outcome.saved_with = value.value("saved_with", "");
    outcome.consoles = value.value("consoles", outcome.consoles);
    outcome.notes = value.value("notes", outcome.notes);
    outcome.stack_bytes = value.value("stack_bytes", uint64_t{0});
    outcome.undecided = value.value("undecided", uint64_t{0});
    outcome.sometimes = value.at("sometimes");
    outcome.covers = value.at("covers");
    outcome.spmc = value.at("spmc");
    outcome.versions = value.at("versions");
    outcome.errors = value.at("errors");
    if (value.contains("exploration")) {
      outcome.exploration = parse_exploration(value.at("exploration"));
    }
    for (const auto& problem : value.at("problems")) {
      outcome.problems.push_back({problem.at("place"), problem.at("expected"), problem.at("actual"),
                                  problem.at("rule"), problem.at("text"),
                                  problem.value("line", size_t{0})});
    }
    return outcome;
  } catch (const ordered_json::exception& error) {
    throw InputError("outcome", error.what());
  }
}

}  // namespace sim::report
