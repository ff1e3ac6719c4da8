// SPDX-License-Identifier: BSD-3-Clause
// A case in which, besides what it says itself, whatever may go wrong does so where the choice
// stream says: `--faults`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sim::cli {

/// Gives a scenario these kinds of faults. What it expects counts no more, only invariants do. Its
/// own faults that sweep or answer with registers are left out, as are its choices.
void choose_faults(nlohmann::json& scenario, const std::vector<std::string>& kinds);

}  // namespace sim::cli
