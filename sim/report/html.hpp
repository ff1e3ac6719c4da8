// SPDX-License-Identifier: BSD-3-Clause
// The HTML report: one file that needs no other and no network. Counts by folder; what failed, each
// with its evidence; which requirement is covered by which cases, with what result, in which
// versions; all cases. No times: a report of the same run is the same file. docs/reports.md.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// A row of the conformance matrix.
struct Requirement {
  std::string id;
  std::string chapter;
  std::string condition;
  std::string result;
  std::string left_out;  ///< why no scenario has to cover it; empty: one has to
};

struct HtmlReport {
  std::vector<Outcome> outcomes;
  std::vector<std::pair<std::string, std::string>> chapters;  ///< of the matrix: name, title
  std::vector<Requirement> requirements;
  std::map<std::string, std::string> evidence;  ///< HTML, by name of the case that failed
  std::string version;                          ///< of the program
};

std::string html_page(const HtmlReport& report);

}  // namespace sim::report
