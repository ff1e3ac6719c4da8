// SPDX-License-Identifier: BSD-3-Clause
// Workflow commands of GitHub Actions: an annotation for each problem of each case that failed, at
// file and line of the scenario. Their runner reads them from standard output. docs/reports.md.
#pragma once

#include <string>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// "::error file=…,line=…,title=…::…" a line.
std::string github_text(const std::vector<Outcome>& outcomes);

}  // namespace sim::report
