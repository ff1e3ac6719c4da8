// SPDX-License-Identifier: BSD-3-Clause
// The files of sim/report/html, compiled in: the report's style sheet and its script.
#pragma once

#include <string_view>

namespace sim::report {

std::string_view report_style_text();   ///< report.css
std::string_view report_script_text();  ///< report.js

}  // namespace sim::report
