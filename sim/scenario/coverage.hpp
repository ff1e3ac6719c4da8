// SPDX-License-Identifier: BSD-3-Clause
// Which rows of the conformance matrix scenarios cover, and property tests and fuzz targets beside
// them. The rows, and those left out with a reason, are data of scenarios/schema/; what other tests
// show is tests/covers.json. Called by the loader (are the ids in `covers` known?), by `ffa-sim
// list --coverage` and by the HTML report.
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

/// A test that is no scenario, and the rows that it shows.
struct CoveringTest {
  std::string test;   ///< of ctest
  std::string cases;  ///< those within its program, as a filter of GoogleTest; empty: all of it
  std::string shows;  ///< in words
  std::vector<std::string> rows;

  [[nodiscard]] std::string name() const { return cases.empty() ? test : test + " " + cases; }
};

/// Rows in the order of the matrix.
const std::vector<MatrixRow>& matrix_rows();
/// Chapters in the order of the matrix: name and title.
const std::vector<std::pair<std::string, std::string>>& matrix_chapters();
/// Rows left out, by id.
const std::map<std::string, LeftOut>& left_out_rows();
bool is_matrix_row(const std::string& id);
/// Those of tests/covers.json, which is compiled in. Throws InputError as read_covering_tests().
const std::vector<CoveringTest>& covering_tests();
/// Of these, those that show this row.
std::vector<const CoveringTest*> covering_tests_of(const std::string& row);
/// Throws InputError(file:/pointer, reason): no JSON, a key that is missing or is no text, a row
/// that the matrix does not have, a test that stands there twice.
std::vector<CoveringTest> read_covering_tests(const std::string& text, const std::string& file);

struct ChapterCoverage {
  std::string chapter;
  std::string title;
  std::vector<std::string> covered;
  std::vector<std::string> left_out;
  std::vector<std::string> uncovered;
};

/// Of the chapters named, or of all if none is. A row that is covered counts so even if left out.
std::vector<ChapterCoverage> measure_coverage(const std::set<std::string>& covered_rows,
                                              const std::vector<std::string>& chapters);

}  // namespace sim::scenario
