// SPDX-License-Identifier: BSD-3-Clause
// How a case that failed came to it, as a piece of the HTML report: sequence diagram, buffers as
// hex dumps with their fields, registers of the calls, log. Made where the run is at hand.
#pragma once

#include <string>
#include <vector>

#include "sim/engine/run_record.hpp"
#include "sim/scenario/judge.hpp"

namespace sim::report {

/// HTML, without a script.
std::string evidence_html(const scenario::CompiledCase& compiled, const RunRecord& record,
                          const std::vector<scenario::Failure>& failures);

}  // namespace sim::report
