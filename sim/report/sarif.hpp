// SPDX-License-Identifier: BSD-3-Clause
// SARIF 2.1.0: a result for each problem of each case that failed, with file and line of the
// scenario. For code hosts and editors that show findings where they are. docs/reports.md.
#pragma once

#include <string>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// `version`: of the program. No times: a report of the same run is the same file.
std::string sarif_text(const std::vector<Outcome>& outcomes, const std::string& version);

/// A path as the URI of an artifact: relative as it is, absolute behind "file://"; what a URI can't
/// hold as %XX.
std::string path_uri(const std::string& path);

}  // namespace sim::report
