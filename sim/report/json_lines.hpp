// SPDX-License-Identifier: BSD-3-Clause
// Outcomes as JSON, one object a line: for `--json`, and between the worker processes of `--jobs`.
#pragma once

#include <string>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// {"name":…,"result":"passed",…} without its newline.
std::string outcome_json(const Outcome& outcome);

/// {"never_met":["tx_busy",…],"covered":{…}} without its newline: of a whole campaign.
std::string met_json(const std::vector<std::string>& never_met, const CoverageNames& covered);
/// {"summary":{"passed":3,…}} without its newline.
std::string summary_json(const Summary& summary);

/// The summary of a line that summary_json() wrote. Throws InputError for anything else.
Summary parse_summary(const std::string& line);

/// The outcome of a line that outcome_json() wrote. Throws InputError for anything else.
Outcome parse_outcome(const std::string& line);

}  // namespace sim::report
