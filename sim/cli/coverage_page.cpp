// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/coverage_page.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <nlohmann/json.hpp>

namespace sim::cli {
namespace {

using nlohmann::json;
using scenario::CoveringTest;
using scenario::LoadedCase;
using scenario::MatrixRow;
using Rows = std::map<std::string, RowCoverage>;

constexpr std::array versions{"1.0", "1.1", "1.2"};
constexpr std::array personalities{"op-tee", "hafnium", "tf-a-el3"};
constexpr std::array errors{"NOT_SUPPORTED", "INVALID_PARAMETERS",
                            "NO_MEMORY",     "BUSY",
                            "INTERRUPTED",   "DENIED",
                            "RETRY",         "ABORTED",
                            "NO_DATA"};

/// What stands at `key` of an object, if that is text; else `otherwise`.
std::string text_at(const json& object, const char* key, const std::string& otherwise) {
  if (!object.is_object()) return otherwise;
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

json object_at(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() ? *found : json::object();
}

void add_versions(const json& world, std::set<std::string>& to) {
  constexpr const char* silent = "1.1";  // of a VM that says nothing
  const json vms = object_at(world, "vms");
  if (vms.empty()) to.insert(silent);
  for (const json& vm : vms) to.insert(text_at(vm, "version", silent));
}

/// Statuses that expectations name, wherever they stand.
void add_errors(const json& node, std::set<std::string>& to) {
  if (!node.is_structured()) return;
  if (const std::string error = text_at(node, "error", ""); !error.empty()) to.insert(error);
  for (const json& one : object_at(node, "one_of")) {
    if (one.is_string()) to.insert(one.get<std::string>());
  }
  for (const json& below : node) add_errors(below, to);
}

bool names_word(const std::string& text, const std::string& word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto part = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); };
    const size_t end = at + word.size();
    const bool begins = at == 0 || !part(text[at - 1]);
    if (begins && (end == text.size() || !part(text[end]))) return true;
  }
  return false;
}

/// How many rows of a chapter (of all, if it is empty) are covered so that `fits`.
template <class Fits>
size_t count_rows(const Rows& rows, const std::string& chapter, Fits fits) {
  size_t count = 0;
  for (const MatrixRow& row : scenario::matrix_rows()) {
    const auto found = rows.find(row.id);
    const bool here = chapter.empty() || row.chapter == chapter;
    if (here && found != rows.end() && fits(found->second)) ++count;
  }
  return count;
}

/// A cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

class Page {
 public:
  Page(const Rows& rows, const std::vector<CoveringTest>& tests) : rows_(rows), tests_(tests) {}

  void chapters() {
    line(
        "| chapter | | rows | covered | left out | guest 1.0 | 1.1 | 1.2 | op-tee | hafnium | "
        "tf-a-el3 |");
    line("|---|---|---|---|---|---|---|---|---|---|---|");
    for (const auto& [name, title] : scenario::matrix_chapters()) chapter_line(name, title);
    chapter_line("", "all");
  }
  void error_codes() {
    line(
        "| code | rows whose result names it | of these in a case that expects it | rows in a case "
        "that expects it |");
    line("|---|---|---|---|");
    for (const std::string code : errors) {
      size_t named = 0;
      size_t met = 0;
      for (const MatrixRow& row : scenario::matrix_rows()) {
        if (!names_word(row.result, code)) continue;
        ++named;
        const auto found = rows_.find(row.id);
        if (found != rows_.end() && found->second.errors.contains(code)) ++met;
      }
      const auto expects = [&](const RowCoverage& row) { return row.errors.contains(code); };
      line("| {} | {} | {} | {} |", code, named, met, count_rows(rows_, "", expects));
    }
  }
  void left_out() {
    line("| row | reason | what exactly |");
    line("|---|---|---|");
    for (const auto& [id, row] : scenario::left_out_rows()) {
      line("| {} | {} | {} |", id, row.reason, cell(row.note));
    }
  }
  void other_tests() {
    line("| test | shows | rows |");
    line("|---|---|---|");
    for (const CoveringTest& test : tests_) {
      line("| `{}` | {} | {} |", test.name(), cell(test.shows), fmt::join(test.rows, ", "));
    }
  }
  void requirements() {
    for (const auto& [name, title] : scenario::matrix_chapters()) {
      line("");
      line("### {}: {}", name, title);
      line("");
      line("| row | condition | result | scenarios | other tests |");
      line("|---|---|---|---|---|");
      for (const MatrixRow& row : scenario::matrix_rows()) {
        if (row.chapter != name) continue;
        line("| {} | {} | {} | {} | {} |", row.id, cell(row.condition), cell(row.result),
             by_whom(row), others(row));
      }
    }
  }
  template <class... Parts>
  void line(fmt::format_string<Parts...> format, Parts&&... parts) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Parts>(parts)...);
    text_ += '\n';
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void chapter_line(const std::string& name, const std::string& title) {
    size_t total = 0;
    size_t out = 0;
    for (const MatrixRow& row : scenario::matrix_rows()) {
      if (!name.empty() && row.chapter != name) continue;
      ++total;
      if (!rows_.contains(row.id) && scenario::left_out_rows().contains(row.id)) ++out;
    }
    const size_t covered = count_rows(rows_, name, [](const RowCoverage&) { return true; });
    std::string more;
    for (const char* version : versions) {
      const auto fits = [&](const RowCoverage& row) { return row.versions.contains(version); };
      more += fmt::format(" {} |", count_rows(rows_, name, fits));
    }
    for (const char* spmc : personalities) {
      const auto fits = [&](const RowCoverage& row) { return row.personalities.contains(spmc); };
      more += fmt::format(" {} |", count_rows(rows_, name, fits));
    }
    line("| {} | {} | {} | {} | {} |{}", name, cell(title), total, covered, out, more);
  }
  std::string by_whom(const MatrixRow& row) const {
    const auto found = rows_.find(row.id);
    if (found == rows_.end()) {
      return scenario::left_out_rows().contains(row.id) ? "left out" : "**none**";
    }
    return list_of(found->second.scenarios, 4);
  }
  [[nodiscard]] std::string others(const MatrixRow& row) const {
    const auto found = rows_.find(row.id);
    return found == rows_.end() ? "" : list_of(found->second.tests, 9);
  }
  /// Names; of many, the rest is counted.
  static std::string list_of(const std::set<std::string>& names, size_t most) {
    std::string list;
    size_t told = 0;
    for (const std::string& name : names) {
      if (++told > most) break;
      list += fmt::format("{}`{}`", told > 1 ? ", " : "", name);
    }
    return names.size() > most ? fmt::format("{} and {} more", list, names.size() - most) : list;
  }

  const Rows& rows_;
  const std::vector<CoveringTest>& tests_;
  std::string text_;
};

}  // namespace

Rows trace_requirements(const std::vector<LoadedCase>& cases,
                        const std::vector<CoveringTest>& tests) {
  Rows rows;
  for (const LoadedCase& loaded : cases) {
    if (loaded.covers.empty()) continue;
    const json world = object_at(loaded.data.doc, "world");
    RowCoverage of_case;
    of_case.scenarios.insert(loaded.data.name.substr(0, loaded.data.name.find('[')));
    add_versions(world, of_case.versions);
    of_case.personalities.insert(text_at(object_at(world, "spmc"), "personality", "op-tee"));
    add_errors(loaded.data.doc, of_case.errors);
    for (const std::string& id : loaded.covers) {
      RowCoverage& row = rows[id];
      row.scenarios.insert(of_case.scenarios.begin(), of_case.scenarios.end());
      row.versions.insert(of_case.versions.begin(), of_case.versions.end());
      row.personalities.insert(of_case.personalities.begin(), of_case.personalities.end());
      row.errors.insert(of_case.errors.begin(), of_case.errors.end());
    }
  }
  for (const CoveringTest& test : tests) {
    for (const std::string& id : test.rows) rows[id].tests.insert(test.name());
  }
  return rows;
}

std::string coverage_page(const std::vector<LoadedCase>& cases,
                          const std::vector<CoveringTest>& tests) {
  const Rows rows = trace_requirements(cases, tests);
  Page page(rows, tests);
  page.line("# Coverage of the requirements");
  page.line("");
  page.line(
      "Made by `build/bin/ffa-sim list --coverage --markdown >docs/coverage.md`; a test holds it "
      "to the scenarios.");
  page.line(
      "The rows are those of `scenarios/schema/conformance-matrix.json`; what a scenario covers, "
      "it says in `covers`, and a row");
  page.line(
      "that does not exist is an error there; what other tests cover, `tests/covers.json` says. "
      "That they pass, `./test` shows.");
  page.line("");
  page.line("## By chapter, version of the guest and personality of the SPMC");
  page.line("");
  page.line(
      "Rows that are covered by a case with such a guest, or such an SPMC, as the scenario itself "
      "says; the");
  page.line(
      "[version matrix](spmc-personalities.md#the-version-matrix) runs every case with every other "
      "one, too.");
  page.line("");
  page.chapters();
  page.line("");
  page.line("## By error code");
  page.line("");
  page.error_codes();
  page.line("");
  page.line("## Covered by tests that are no scenarios");
  page.line("");
  page.other_tests();
  page.line("");
  page.line("## Rows left out");
  page.line("");
  page.left_out();
  page.line("");
  page.line("## Row by row");
  page.requirements();
  return page.text();
}

}  // namespace sim::cli
