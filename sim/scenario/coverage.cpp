// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/scenario/schema_text.hpp"

namespace sim::scenario {
namespace {

using nlohmann::ordered_json;

const ordered_json& matrix() {
  static const ordered_json document = ordered_json::parse(conformance_matrix_text());
  return document;
}

std::vector<MatrixRow> read_rows() {
  std::vector<MatrixRow> rows;
  for (const auto& row : matrix().at("rows")) {
    rows.push_back({row.at("id"), row.at("chapter"), row.at("condition"), row.at("result")});
  }
  return rows;
}

std::map<std::string, LeftOut> read_left_out() {
  std::map<std::string, LeftOut> rows;
  const auto document = ordered_json::parse(left_out_text());
  for (const auto& row : document.at("rows")) {
    rows[row.at("id")] = {row.at("reason"), row.at("note")};
  }
  return rows;
}

const ordered_json& list_at(const ordered_json& object, const char* key, const std::string& place) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_array() || found->empty()) {
    throw InputError(fmt::format("{}/{}", place, key), "is no list with something in it");
  }
  return *found;
}

CoveringTest read_covering_test(const ordered_json& entry, const std::string& file,
                                const std::string& pointer) {
  const std::string place = place_of(file, pointer);
  CoveringTest test{text_at(entry, "test", file, pointer),
                    text_at(entry, "case", file, pointer),
                    text_at(entry, "shows", file, pointer),
                    {}};
  size_t number = 0;
  for (const ordered_json& row : list_at(entry, "rows", place)) {
    const std::string where = fmt::format("{}/rows/{}", place, number++);
    const std::string id = row.is_string() ? row.get<std::string>() : row.dump();
    if (!is_matrix_row(id)) {
      throw InputError(where, fmt::format("'{}' is not a row of the conformance matrix", id));
    }
    if (std::find(test.rows.begin(), test.rows.end(), id) != test.rows.end()) {
      throw InputError(where, fmt::format("'{}' stands there twice", id));
    }
    test.rows.push_back(id);
  }
  return test;
}

}  // namespace

std::vector<CoveringTest> read_covering_tests(const std::string& text, const std::string& file) {
  std::vector<CoveringTest> tests;
  const ordered_json document = parse_json(text, file);
  for (const ordered_json& entry : list_at(document, "tests", file + ":")) {
    const std::string pointer = fmt::format("/tests/{}", tests.size());
    CoveringTest test = read_covering_test(entry, file, pointer);
    for (const CoveringTest& before : tests) {
      if (before.name() == test.name()) {
        throw InputError(place_of(file, pointer),
                         fmt::format("'{}' stands there twice", test.name()));
      }
    }
    tests.push_back(std::move(test));
  }
  return tests;
}

const std::vector<CoveringTest>& covering_tests() {
  static const auto tests =
      read_covering_tests(std::string(covering_tests_text()), "tests/covers.json");
  return tests;
}

std::vector<const CoveringTest*> covering_tests_of(const std::string& row) {
  std::vector<const CoveringTest*> found;
  for (const CoveringTest& test : covering_tests()) {
    if (std::find(test.rows.begin(), test.rows.end(), row) != test.rows.end()) {
      found.push_back(&test);
    }
  }
  return found;
}

const std::vector<MatrixRow>& matrix_rows() {
  static const std::vector<MatrixRow> rows = read_rows();
  return rows;
}

const std::vector<std::pair<std::string, std::string>>& matrix_chapters() {
  static const auto chapters = [] {
    std::vector<std::pair<std::string, std::string>> list;
    for (const auto& [name, title] : matrix().at("chapters").items())
      list.emplace_back(name, title);
    return list;
  }();
  return chapters;
}

const std::map<std::string, LeftOut>& left_out_rows() {
  static const std::map<std::string, LeftOut> rows = read_left_out();
  return rows;
}

bool is_matrix_row(const std::string& id) {
  static const auto ids = [] {
    std::set<std::string> known;
    for (const auto& row : matrix_rows()) known.insert(row.id);
    return known;
  }();
  return ids.contains(id);
}

std::vector<ChapterCoverage> measure_coverage(const std::set<std::string>& covered_rows,
                                              const std::vector<std::string>& chapters) {
  std::vector<ChapterCoverage> result;
  for (const auto& [name, title] : matrix_chapters()) {
    const bool wanted =
        chapters.empty() || std::find(chapters.begin(), chapters.end(), name) != chapters.end();
    if (!wanted) continue;
    ChapterCoverage chapter{name, title, {}, {}, {}};
    for (const MatrixRow& row : matrix_rows()) {
      if (row.chapter != name) continue;
      auto& list = covered_rows.contains(row.id)      ? chapter.covered
                   : left_out_rows().contains(row.id) ? chapter.left_out
                                                      : chapter.uncovered;
      list.push_back(row.id);
    }
    result.push_back(std::move(chapter));
  }
  return result;
}

}  // namespace sim::scenario
