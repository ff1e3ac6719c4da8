// SPDX-License-Identifier: BSD-3-Clause
// JUnit XML: one <testsuite> a chapter, one <testcase> a case, <failure> with the explanation and
// the REPRO line, <skipped> with the reason. No times: a report of the same run is the same file.
#pragma once

#include <string>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::report {

std::string junit_text(const std::vector<Outcome>& outcomes);

}  // namespace sim::report
