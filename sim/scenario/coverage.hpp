// SPDX-License-Identifier: BSD-3-Clause
// Which rows of the conformance matrix scenarios cover. The rows, and those left out with a reason,
// are data of scenarios/schema/. Called by the loader (are the ids in `covers` known?) and by
// `ffa-sim list --coverage`.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace sim::scenario {

/// One requirement. The texts are those of conformance-matrix.json.
struct MatrixRow {
  std::string id;
  std::string chapter;
  std::string condition;
  std::string result;
};

struct LeftOut {
  std::string reason;  ///< one of the closed set in left-out.json
  std::string note;
};

/// Rows in the order of the matrix.
const std::vector<MatrixRow>& matrix_rows();
/// Chapters in the order of the matrix: name and title.
const std::vector<std::pair<std::string, std::string>>& matrix_chapters();
/// Rows left out, by id.
const std::map<std::string, LeftOut>& left_out_rows();
bool is_matrix_row(const std::string& id);

struct ChapterCoverage {
  std::string chapter;
  std::string title;
  std::vector<std::string> covered;
  std::vector<std::string> left_out;
  std::vector<std::string> uncovered;
};

/// Of the chapters named, or of all if none is. A row that a scenario covers counts as covered even
/// if left out.
std::vector<ChapterCoverage> measure_coverage(const std::set<std::string>& covered_rows,
                                              const std::vector<std::string>& chapters);

}  // namespace sim::scenario
