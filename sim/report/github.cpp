// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/github.hpp"

#include <fmt/format.h>

#include <string_view>

namespace sim::report {
namespace {

/// What would end the command, or the property, as %XX.
std::string escaped(const std::string& text, std::string_view special) {
  std::string safe;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || special.find(c) != std::string_view::npos) {
      safe += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      safe += c;
    }
  }
  return safe;
}
std::string property(const std::string& text) { return escaped(text, ":,"); }
std::string message(const std::string& text) { return escaped(text, ""); }

std::string annotation(const Outcome& outcome, const Problem& problem) {
  std::string text = problem.text;
  if (!problem.expected.empty()) text += "\nexpected  " + problem.expected;
  if (!problem.actual.empty()) text += "\nactual    " + problem.actual;
  if (!problem.rule.empty()) text += "\nrule      " + problem.rule;
  if (!outcome.repro.empty()) text += "\nREPRO: " + outcome.repro;
  const std::string line = problem.line == 0 ? "" : fmt::format(",line={}", problem.line);
  return fmt::format("::error file={}{},title={}::{}\n", property(outcome.file), line,
                     property(outcome.name), message(text));
}

}  // namespace

std::string github_text(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) {
    if (outcome.result != Result::failed) continue;
    for (const Problem& problem : outcome.problems) text += annotation(outcome, problem);
  }
  return text;
}

}  // namespace sim::report
