// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/text.hpp"

#include <fmt/format.h>

#include <set>
#include <span>

#include "mediator/rules.hpp"

namespace sim::report {
namespace {

std::string problem_text(const Problem& problem) {
  std::string text = "  " + problem.text + "\n";
  if (!problem.place.empty()) text += "    at        " + problem.place + "\n";
  if (!problem.expected.empty()) text += "    expected  " + problem.expected + "\n";
  if (!problem.actual.empty()) text += "    actual    " + problem.actual + "\n";
  if (!problem.rule.empty()) text += "    rule      " + problem.rule + "\n";
  return text;
}

}  // namespace

namespace {

/// The last lines that each program printed.
std::string consoles_text(const Outcome& outcome) {
  constexpr size_t most_lines = 20;
  std::string text;
  for (const auto& [endpoint, console] : outcome.consoles) {
    size_t from = console.size();
    for (size_t lines = 0; from > 0 && lines <= most_lines; --from) {
      if (console[from - 1] == '\n' && from != console.size() && ++lines == most_lines) break;
    }
    text += from == 0 ? "" : fmt::format("  {}| …\n", endpoint);
    while (from < console.size()) {
      const size_t end = std::min(console.find('\n', from), console.size());
      text += fmt::format("  {}| {}\n", endpoint, console.substr(from, end - from));
      from = end + 1;
    }
  }
  return text;
}

std::string notes_text(const Outcome& outcome) {
  std::string text;
  for (const std::string& note : outcome.notes) text += fmt::format("  note: {}\n", note);
  return text;
}

}  // namespace

std::string failure_text(const Outcome& outcome) {
  std::string text = fmt::format("  scenario {}\n", outcome.file);
  if (!outcome.where.empty()) text += fmt::format("  in the run with {}\n", outcome.where);
  const size_t shown = std::min(outcome.problems.size(), max_problems);
  for (size_t i = 0; i < shown; ++i) text += problem_text(outcome.problems[i]);
  if (shown < outcome.problems.size()) {
    text += fmt::format("  and {} more\n", outcome.problems.size() - shown);
  }
  text += notes_text(outcome) + consoles_text(outcome);
  if (!outcome.saved.empty()) text += fmt::format("  saved in {}", outcome.saved);
  if (!outcome.saved_with.empty()) text += ", which fails with" + outcome.saved_with;
  if (!outcome.saved.empty()) text += '\n';
  return text + "REPRO: " + outcome.repro + "\n";
}

namespace {

/// What was shown: of all schedules, or of so many.
std::string exploration_text(const Exploration& exploration, const std::string& name,
                             const Colours& colours) {
  if (!exploration.exhausted) {
    return fmt::format("{} {} {}\n", colours.yellow("sampled"), exploration.schedules, name);
  }
  const char* const shown = exploration.strategy == "sweep" ? "SWEPT" : "EXHAUSTED";
  return fmt::format("{} {}/{} {}\n", colours.green(shown), exploration.schedules,
                     exploration.schedules, name);
}

/// A run that nothing is wrong with as far as one knows.
std::string undecided_text(const Outcome& outcome) {
  if (outcome.undecided == 0) return "";
  return fmt::format(" ({} without a verdict on I32)", outcome.undecided);
}

}  // namespace

std::string outcome_text(const Outcome& outcome, const Colours& colours) {
  switch (outcome.result) {
    case Result::passed:
      if (outcome.exploration) {
        return exploration_text(*outcome.exploration, outcome.name + undecided_text(outcome),
                                colours);
      }
      return fmt::format("{}  {}{}\n{}", colours.green("passed"), outcome.name,
                         undecided_text(outcome), notes_text(outcome));
    case Result::skipped:
      return fmt::format("{} {}: {}\n", colours.yellow("skipped"), outcome.name, outcome.skip);
    case Result::lacking:
      return fmt::format("{} {}: {}\n", colours.yellow("lacking"), outcome.name, outcome.skip);
    case Result::failed:
      break;
  }
  std::string name = outcome.name;
  if (outcome.exploration && outcome.exploration->schedules != 0) {
    name += fmt::format(", schedule {} ({})", outcome.exploration->schedules,
                        outcome.exploration->strategy);
  }
  return fmt::format("{}  {}\n{}", colours.red("FAILED"), name, failure_text(outcome));
}

std::string summary_text(const Summary& summary) {
  std::string text =
      fmt::format("{} passed, {} failed, {} skipped, {} not selected", summary.passed,
                  summary.failed, summary.skipped, summary.not_selected);
  if (summary.lacking != 0) text += fmt::format(", {} lacking", summary.lacking);
  if (summary.schedules != 0) {
    text += fmt::format("; {} exhausted, {} schedules", summary.exhausted, summary.schedules);
  }
  if (summary.undecided != 0) {
    text += fmt::format(", {} without a verdict on I32", summary.undecided);
  }
  return text;
}

std::string coverage_text(const CoverageNames& covered) {
  // Of another mediator with rules of its own, those that were met are all that is known.
  std::set<std::string> rules = covered.accepted;
  rules.insert(covered.rejected.begin(), covered.rejected.end());
  for (const mediator::RuleInfo& rule : std::span{mediator::rule_table}.subspan(1)) {
    rules.insert(rule.id);
  }
  return fmt::format(
      "rules: {} of {} accepted, {} rejected; yields: a switch at {} of {}; {}{} states",
      covered.accepted.size(), rules.size(), covered.rejected.size(), covered.switches.size(),
      covered.yields.size(), covered.states.exact() ? "" : "about ", covered.states.count());
}

}  // namespace sim::report
