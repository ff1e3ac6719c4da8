// SPDX-License-Identifier: BSD-3-Clause
// --vary: runs scenarios over values that they leave open, without editing them. Called by the
// loader.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sim::scenario {

/// True for `guest`, `spmc`, `spmc_version` and `backing`, which fill in worlds.
bool is_world_variable(const std::string& variable);

/// True if the scenario leaves the variable open: it asks for it by ${name} without a matrix of its
/// own, or the variable fills in worlds and its world does not say which version, personality or
/// backing.
bool leaves_open(const nlohmann::json& doc, const std::string& variable);

/// Writes the value of a variable that fills in worlds wherever the world is silent; of others
/// nothing.
void fill_in(nlohmann::json& doc, const std::string& variable, const nlohmann::json& value);

/// What --vary may hold for `guest`, `spmc_version` and `backing`; of other variables nothing is
/// known here.
std::vector<std::string> values_of_variable(const std::string& variable);

}  // namespace sim::scenario
