// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/coverage.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

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

}  // namespace

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
