// SPDX-License-Identifier: BSD-3-Clause
// What is the same in many cases stands once, and is named by its number.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/report/html_parts.hpp"

namespace sim::report {
namespace {

using nlohmann::ordered_json;

/// Texts, each once, in the order in which they came.
class Table {
 public:
  size_t number_of(const std::string& text) {
    const auto [at, is_new] = numbers_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(text);
    return at->second;
  }
  ordered_json numbers_of(const std::vector<std::string>& texts) {
    ordered_json numbers = ordered_json::array();
    for (const std::string& text : texts) numbers.push_back(number_of(text));
    return numbers;
  }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::map<std::string, size_t> numbers_;
  std::vector<std::string> texts_;
};

/// Why it did not pass, in a line; or how it was explored.
std::string note_of(const Outcome& outcome) {
  if (outcome.result == Result::failed) {
    return outcome.problems.empty() ? "" : outcome.problems.front().text;
  }
  if (!outcome.skip.empty()) return outcome.skip;
  if (!outcome.exploration) return "";
  return std::to_string(outcome.exploration->schedules) + " schedules, " +
         outcome.exploration->strategy + (outcome.exploration->exhausted ? ", exhausted" : "");
}

ordered_json tests_json(const std::vector<TestCover>& tests) {
  ordered_json all = ordered_json::array();
  for (const TestCover& one : tests) all.push_back({one.test, one.shows});
  return all;
}

ordered_json mutants_json(const Mutants& mutants) {
  ordered_json parts = ordered_json::array();
  for (const MutantPart& part : mutants.parts) {
    parts.push_back({part.name, part.killed, part.explained, part.unexplained});
  }
  ordered_json survivors = ordered_json::array();
  for (const Survivor& one : mutants.survivors) {
    survivors.push_back({one.part, one.place, one.change, one.code, one.result, one.reason});
  }
  return {{"parts", parts}, {"survivors", survivors}};
}

}  // namespace

std::string html_data(const HtmlReport& report) {
  Table files, spmcs, versions, errors, requirements;
  ordered_json rows = ordered_json::array();
  for (const Requirement& row : report.requirements) {
    (void)requirements.number_of(row.id);
    rows.push_back(
        {row.id, row.chapter, row.condition, row.result, row.left_out, tests_json(row.tests)});
  }
  ordered_json cases = ordered_json::array();
  for (const Outcome& outcome : report.outcomes) {
    ordered_json covers = ordered_json::array();
    for (const std::string& id : outcome.covers) {
      // Of results that another version of the program has written.
      const size_t number = requirements.number_of(id);
      if (number == rows.size()) rows.push_back({id, "", "", "", "", ordered_json::array()});
      covers.push_back(number);
    }
    cases.push_back({outcome.name, static_cast<int>(outcome.result), files.number_of(outcome.file),
                     spmcs.number_of(outcome.spmc), versions.numbers_of(outcome.versions),
                     errors.numbers_of(outcome.errors), covers, note_of(outcome)});
  }
  ordered_json chapters = ordered_json::array();
  for (const auto& [name, title] : report.chapters) chapters.push_back({name, title});
  ordered_json data{{"chapters", chapters},
                    {"rows", rows},
                    {"files", files.texts()},
                    {"spmcs", spmcs.texts()},
                    {"versions", versions.texts()},
                    {"errors", errors.texts()},
                    {"cases", cases}};
  if (report.mutants) data["mutants"] = mutants_json(*report.mutants);
  const std::string text = data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  // Only in strings can it stand, and there it would end the element.
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace sim::report
