// SPDX-License-Identifier: BSD-3-Clause
// docs/coverage.md: which scenarios and tests cover which row of the conformance matrix, and how
// that lies over chapters, FF-A versions, personalities and error codes. `ffa-sim list --coverage
// --markdown` writes it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/scenario/coverage.hpp"
#include "sim/scenario/loader.hpp"

namespace sim::cli {

/// Of one requirement: by what it is covered. Scenarios by name, without what a matrix adds.
struct RowCoverage {
  std::set<std::string> scenarios;
  std::set<std::string> tests;          ///< that are no scenarios
  std::set<std::string> versions;       ///< of a guest in such a case: "1.0"
  std::set<std::string> personalities;  ///< of the SPMC in such a case
  std::set<std::string> errors;         ///< that such a case expects: "DENIED"
};

/// By id of the row; rows that nothing covers are not there. Tests that are no scenarios have no
/// version, personality or error of their own.
std::map<std::string, RowCoverage> trace_requirements(
    const std::vector<scenario::LoadedCase>& cases,
    const std::vector<scenario::CoveringTest>& tests);

/// The whole page.
std::string coverage_page(const std::vector<scenario::LoadedCase>& cases,
                          const std::vector<scenario::CoveringTest>& tests);

}  // namespace sim::cli
