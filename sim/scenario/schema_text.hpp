// SPDX-License-Identifier: BSD-3-Clause
// The files of scenarios/schema/, embedded at build time so that the installed program needs no
// files.
#pragma once

#include <string_view>

namespace sim::scenario {

std::string_view scenario_schema_text();     ///< scenario.json
std::string_view steps_schema_text();        ///< steps.json
std::string_view conformance_matrix_text();  ///< conformance-matrix.json
std::string_view left_out_text();            ///< left-out.json
std::string_view covering_tests_text();      ///< tests/covers.json

}  // namespace sim::scenario
