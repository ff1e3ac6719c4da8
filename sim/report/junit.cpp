// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/junit.hpp"

#include "sim/report/markup.hpp"
#include "sim/report/text.hpp"

namespace sim::report {
namespace {

void set_counts(pugi::xml_node node, const Summary& summary) {
  node.append_attribute("tests").set_value(static_cast<unsigned long long>(
      summary.passed + summary.failed + summary.skipped + summary.lacking));
  node.append_attribute("failures").set_value(static_cast<unsigned long long>(summary.failed));
  node.append_attribute("skipped").set_value(
      static_cast<unsigned long long>(summary.skipped + summary.lacking));
}

void add_case(pugi::xml_node suite, const Outcome& outcome) {
  pugi::xml_node node = suite.append_child("testcase");
  node.append_attribute("classname").set_value(markup_safe(outcome.chapter).c_str());
  node.append_attribute("name").set_value(markup_safe(outcome.name).c_str());
  node.append_attribute("file").set_value(markup_safe(outcome.file).c_str());
  if (outcome.result == Result::skipped || outcome.result == Result::lacking) {
    node.append_child("skipped").append_attribute("message").set_value(
        markup_safe(outcome.skip).c_str());
  } else if (outcome.result == Result::failed) {
    pugi::xml_node failure = node.append_child("failure");
    const std::string first = outcome.problems.empty() ? "" : outcome.problems.front().text;
    failure.append_attribute("message").set_value(markup_safe(first).c_str());
    failure.text().set(markup_safe(failure_text(outcome)).c_str());
  }
}

}  // namespace

std::string junit_text(const std::vector<Outcome>& outcomes) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version").set_value("1.0");
  declaration.append_attribute("encoding").set_value("UTF-8");
  pugi::xml_node suites = document.append_child("testsuites");
  suites.append_attribute("name").set_value("ffa-sim");
  set_counts(suites, summarise(outcomes, 0));
  std::vector<std::pair<std::string, std::vector<Outcome>>> chapters;
  for (const Outcome& outcome : outcomes) {
    if (chapters.empty() || chapters.back().first != outcome.chapter) {
      chapters.emplace_back(outcome.chapter, std::vector<Outcome>{});
    }
    chapters.back().second.push_back(outcome);
  }
  for (const auto& [chapter, cases] : chapters) {
    pugi::xml_node suite = suites.append_child("testsuite");
    suite.append_attribute("name").set_value(markup_safe(chapter).c_str());
    set_counts(suite, summarise(cases, 0));
    for (const Outcome& outcome : cases) add_case(suite, outcome);
  }
  return xml_text(document);
}

}  // namespace sim::report
