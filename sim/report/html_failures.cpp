// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>

#include "sim/report/html_parts.hpp"
#include "sim/report/markup.hpp"

namespace sim::report {
namespace {

/// What has failed by the hundreds has one reason; the list of cases names all.
constexpr size_t max_failures = 200;
constexpr size_t max_problems = 10;

/// Where two texts part and meet again, at the edges of words.
struct Difference {
  size_t begin = 0;
  size_t end_a = 0;
  size_t end_b = 0;
};

Difference difference_of(const std::string& a, const std::string& b) {
  const auto inside = [](const std::string& text, size_t at) {
    return at > 0 && at < text.size() && text[at] != ' ' && text[at - 1] != ' ';
  };
  Difference found;
  const size_t most = std::min(a.size(), b.size());
  while (found.begin < most && a[found.begin] == b[found.begin]) ++found.begin;
  while (inside(a, found.begin) || inside(b, found.begin)) --found.begin;
  size_t tail = 0;
  while (tail < most - found.begin && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  while (tail > 0 && (inside(a, a.size() - tail) || inside(b, b.size() - tail))) --tail;
  found.end_a = a.size() - tail;
  found.end_b = b.size() - tail;
  return found;
}

void add_side(pugi::xml_node parent, const char* name, const char* classes, const std::string& text,
              size_t begin, size_t end) {
  pugi::xml_node row = add_element(parent, "tr", classes);
  add_element(row, "th", "", name);
  pugi::xml_node cell = add_element(row, "td", "mono");
  add_text(cell, text.substr(0, begin));
  if (begin < end) add_element(cell, "mark", "", text.substr(begin, end - begin));
  add_text(cell, text.substr(end));
}

void add_problem(pugi::xml_node parent, const Outcome& outcome, const Problem& problem) {
  pugi::xml_node node = add_element(parent, "div", "problem");
  add_element(node, "p", "what", problem.text);
  pugi::xml_node place = add_element(node, "p", "place mono", outcome.file);
  if (problem.line != 0) add_text(place, fmt::format(":{}", problem.line));
  if (!problem.place.empty()) add_element(place, "span", "pointer", problem.place);
  if (!problem.rule.empty()) {
    pugi::xml_node rule = add_element(node, "p", "place");
    add_text(rule, "rule ");
    add_element(rule, "code", "", problem.rule);
  }
  if (problem.expected.empty() && problem.actual.empty()) return;
  const Difference found = difference_of(problem.expected, problem.actual);
  pugi::xml_node table = add_element(add_element(node, "table", "diff"), "tbody");
  add_side(table, "expected", "expected", problem.expected, found.begin, found.end_a);
  add_side(table, "actual", "actual", problem.actual, found.begin, found.end_b);
}

std::string circumstances(const Outcome& outcome) {
  std::string text = "seed " + outcome.seed;
  if (!outcome.spmc.empty()) text += ", SPMC " + outcome.spmc;
  if (!outcome.versions.empty()) {
    text += fmt::format(", guests {}", fmt::join(outcome.versions, ", "));
  }
  if (!outcome.where.empty()) text += ", in the run with " + outcome.where;
  if (outcome.exploration) {
    text += fmt::format(", schedule {} ({})", outcome.exploration->schedules,
                        outcome.exploration->strategy);
  }
  return text;
}

void add_repro(pugi::xml_node parent, const Outcome& outcome) {
  if (outcome.repro.empty()) return;
  pugi::xml_node box = add_element(parent, "div", "repro");
  add_element(box, "span", "key", "REPRO");
  add_element(box, "code", "", outcome.repro);
  set_attribute(add_element(box, "button", "copy", "copy"), "type", std::string("button"));
}

void add_texts(pugi::xml_node parent, const Outcome& outcome) {
  for (const auto& [endpoint, console] : outcome.consoles) {
    pugi::xml_node details = add_element(parent, "details", "more");
    add_element(details, "summary", "", "Printed by " + endpoint);
    add_element(details, "pre", "log", console);
  }
  for (const std::string& note : outcome.notes) add_element(parent, "p", "note", note);
  if (outcome.saved.empty()) return;
  add_element(parent, "p", "note", "saved in " + outcome.saved);
}

void add_failure(pugi::xml_node parent, const HtmlReport& report, const Outcome& outcome,
                 size_t number) {
  pugi::xml_node article = add_element(parent, "article", "failure");
  set_attribute(article, "id", fmt::format("failure-{}", number));
  set_attribute(article, "data-name", outcome.name);
  add_element(article, "h3", "mono", outcome.name);
  if (!outcome.text.empty()) add_element(article, "p", "about", outcome.text);
  add_element(article, "p", "circumstances", circumstances(outcome));
  const size_t shown = std::min(outcome.problems.size(), max_problems);
  for (size_t n = 0; n < shown; ++n) add_problem(article, outcome, outcome.problems[n]);
  if (shown < outcome.problems.size()) {
    add_element(article, "p", "note", fmt::format("and {} more", outcome.problems.size() - shown));
  }
  add_repro(article, outcome);
  if (const auto found = report.evidence.find(outcome.name); found != report.evidence.end()) {
    pugi::xml_node box = add_element(article, "div", "evidence");
    // It has been written by evidence_html(), which escapes.
    box.append_buffer(found->second.data(), found->second.size(),
                      pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_fragment,
                      pugi::encoding_utf8);
  }
  add_texts(article, outcome);
}

}  // namespace

void add_failures(pugi::xml_node parent, const HtmlReport& report) {
  size_t number = 0;
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.result != Result::failed) continue;
    if (++number <= max_failures) add_failure(parent, report, outcome, number);
  }
  if (number == 0) add_element(parent, "p", "none", "No case failed.");
  if (number > max_failures) {
    add_element(
        parent, "p", "note",
        fmt::format("{} more have failed; the list of cases has them all", number - max_failures));
  }
}

}  // namespace sim::report
