// SPDX-License-Identifier: BSD-3-Clause
// The HTML report: one file that needs no other and no network. Counts by folder; what failed, each
// with its evidence; which requirement is covered by which cases, with what result, in which
// versions; which mutants no test has noticed; all cases. No times: a report of the same run is the
// same file. docs/reports.md.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// A property test or fuzz target that shows a requirement.
struct TestCover {
  std::string test;
  std::string shows;
};

/// A row of the conformance matrix.
struct Requirement {
  std::string id;
  std::string chapter;
  std::string condition;
  std::string result;
  std::string left_out;          ///< why no scenario has to cover it; empty: one has to
  std::vector<TestCover> tests;  ///< beside scenarios
};

/// A part of what was mutated: what kind of mutants, in which folder of sources. Explained: no test
/// can notice it, and the reason is known. Unexplained: survived, and nobody has said why.
struct MutantPart {
  std::string name;
  size_t killed = 0;
  size_t explained = 0;
  size_t unexplained = 0;
};

/// A mutant that no test has noticed.
struct Survivor {
  size_t part = 0;     ///< which of the parts
  std::string place;   ///< file:line, of the source that is not mutated
  std::string change;  ///< what was done there: `negate`, or in words
  std::string code;    ///< what it was done to
  std::string result;  ///< survived, unreached, broken
  std::string reason;  ///< why no test can notice it; empty: unexplained
};

struct Mutants {
  std::vector<MutantPart> parts;
  std::vector<Survivor> survivors;
};

struct HtmlReport {
  std::vector<Outcome> outcomes;
  std::vector<std::pair<std::string, std::string>> chapters;  ///< of the matrix: name, title
  std::vector<Requirement> requirements;
  std::map<std::string, std::string> evidence;  ///< HTML, by name of the case that failed
  std::optional<Mutants> mutants;
  std::string version;  ///< of the program
};

std::string html_page(const HtmlReport& report);

}  // namespace sim::report
