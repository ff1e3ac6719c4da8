// SPDX-License-Identifier: BSD-3-Clause
// What is wrong with a SARIF log by tests/data/sarif-subset.schema.json. The validator is heavy to
// compile: it stands in one file.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sim::report {

/// A line for each mistake, with where it is; empty: there is none.
std::string sarif_mistakes(const nlohmann::json& log);

}  // namespace sim::report
