// SPDX-License-Identifier: BSD-3-Clause
// What the tools of tests/mutants have found, as their `--json` tells it, for the HTML report.
// docs/reports.md says what such a file holds.
#pragma once

#include <string>
#include <vector>

#include "sim/report/html.hpp"

namespace sim::cli {

/// All files together; the survivors that nobody has explained come first. Throws InputError: a
/// file that can't be read, is no JSON, lacks something or has a mutant that stood there before.
report::Mutants read_mutants(const std::vector<std::string>& files);

}  // namespace sim::cli
