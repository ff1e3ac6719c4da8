// SPDX-License-Identifier: BSD-3-Clause
// What failed, kept as a scenario of its own that takes the decisions which led there: `--save`.
#pragma once

#include <string>

#include "sim/cli/suite.hpp"

namespace sim::cli {

/// Writes `folder`/<name of the case>.json and says where. Its matrix has the one combination of
/// the case, its `choices` are the decisions. Throws InputError where it can't be written.
std::string save_case(const std::string& folder, const ReadyCase& ready,
                      const std::string& choices);

}  // namespace sim::cli
