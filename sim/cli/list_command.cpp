// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/cli/commands.hpp"
#include "sim/cli/coverage_page.hpp"
#include "sim/cli/suite.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/scenario/coverage.hpp"
#include "sim/scenario/schema.hpp"

namespace sim::cli {
namespace {

using nlohmann::ordered_json;
using scenario::ChapterCoverage;
using scenario::LoadedCase;

struct Totals {
  size_t rows = 0;
  size_t covered = 0;
  size_t left_out = 0;
  size_t uncovered = 0;
};

Totals total_of(const std::vector<ChapterCoverage>& chapters) {
  Totals totals;
  for (const ChapterCoverage& chapter : chapters) {
    totals.covered += chapter.covered.size();
    totals.left_out += chapter.left_out.size();
    totals.uncovered += chapter.uncovered.size();
  }
  totals.rows = totals.covered + totals.left_out + totals.uncovered;
  return totals;
}

ordered_json left_out_json(const std::vector<std::string>& ids) {
  ordered_json rows = ordered_json::array();
  for (const std::string& id : ids) {
    const scenario::LeftOut& row = scenario::left_out_rows().at(id);
    rows.push_back({{"id", id}, {"reason", row.reason}, {"note", row.note}});
  }
  return rows;
}

/// Of these rows, those that tests show which are no scenarios: names of these.
ordered_json by_tests_json(const std::vector<std::string>& ids) {
  ordered_json rows = ordered_json::object();
  for (const std::string& id : ids) {
    for (const scenario::CoveringTest* const test : scenario::covering_tests_of(id)) {
      rows[id].push_back(test->name());
    }
  }
  return rows;
}

void print_chapter(const ChapterCoverage& chapter) {
  fmt::print("{:<6} covered {:>3}, left out {:>3}, uncovered {:>3}  {}\n", chapter.chapter,
             chapter.covered.size(), chapter.left_out.size(), chapter.uncovered.size(),
             chapter.title);
  for (const std::string& id : chapter.left_out) {
    const scenario::LeftOut& row = scenario::left_out_rows().at(id);
    fmt::print("       left out   {}: {}: {}\n", id, row.reason, row.note);
  }
  for (const std::string& id : chapter.covered) {
    std::vector<std::string> names;
    for (const auto* const test : scenario::covering_tests_of(id)) names.push_back(test->name());
    if (!names.empty()) fmt::print("       shown by   {}: {}\n", id, fmt::join(names, ", "));
  }
  for (const scenario::MatrixRow& row : scenario::matrix_rows()) {
    if (std::find(chapter.uncovered.begin(), chapter.uncovered.end(), row.id) !=
        chapter.uncovered.end()) {
      fmt::print("       uncovered  {}: {}\n", row.id, row.condition);
    }
  }
}

int list_coverage(const Options& options, const std::vector<LoadedCase>& cases) {
  for (const std::string& name : options.list.chapters) {
    const auto& known = scenario::matrix_chapters();
    if (std::none_of(known.begin(), known.end(),
                     [&](const auto& chapter) { return chapter.first == name; })) {
      std::vector<std::string> names;
      for (const auto& chapter : known) names.push_back(chapter.first);
      throw InputError("--chapters",
                       fmt::format("'{}' is not one of {}", name, scenario::join_names(names)));
    }
  }
  std::set<std::string> covered;
  for (const LoadedCase& loaded : cases) covered.insert(loaded.covers.begin(), loaded.covers.end());
  for (const scenario::CoveringTest& test : scenario::covering_tests()) {
    covered.insert(test.rows.begin(), test.rows.end());
  }
  const auto chapters = scenario::measure_coverage(covered, options.list.chapters);
  const Totals totals = total_of(chapters);
  for (const ChapterCoverage& chapter : chapters) {
    if (!options.json) {
      print_chapter(chapter);
      continue;
    }
    const ordered_json line = {{"chapter", chapter.chapter},
                               {"covered", chapter.covered},
                               {"by_tests", by_tests_json(chapter.covered)},
                               {"left_out", left_out_json(chapter.left_out)},
                               {"uncovered", chapter.uncovered}};
    fmt::print("{}\n", line.dump());
  }
  if (options.json) {
    const ordered_json line = {{"rows", totals.rows},
                               {"covered", totals.covered},
                               {"left_out", totals.left_out},
                               {"uncovered", totals.uncovered}};
    fmt::print("{}\n", line.dump());
  } else {
    fmt::print("covered {}/{}, left out {}, uncovered {}\n", totals.covered, totals.rows,
               totals.left_out, totals.uncovered);
  }
  return totals.uncovered > 0 ? 1 : 0;
}

void list_case(const LoadedCase& loaded, bool json) {
  if (!json) {
    fmt::print("{}\n", loaded.data.name);
    return;
  }
  const ordered_json line = {{"name", loaded.data.name},    {"chapter", loaded.chapter},
                             {"file", loaded.data.file},    {"covers", loaded.covers},
                             {"selected", loaded.selected}, {"skip", loaded.skip}};
  fmt::print("{}\n", line.dump());
}

}  // namespace

int list_command(const Options& options) {
  auto cases = load_all(options.selection);
  if (!cases || !apply_filter(options.selection, *cases)) return 2;
  if (options.list.markdown) {
    fmt::print("{}", coverage_page(*cases, scenario::covering_tests()));
    return 0;
  }
  if (options.list.coverage) return list_coverage(options, *cases);
  for (const LoadedCase& loaded : *cases) list_case(loaded, options.json);
  return 0;
}

int schema_command() {
  fmt::print("{}\n", scenario::bundled_schema().dump(2));
  return 0;
}

}  // namespace sim::cli
