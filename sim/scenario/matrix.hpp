// SPDX-License-Identifier: BSD-3-Clause
// The variables of a scenario: the combinations of its `matrix` and of --vary, the suffix that
// names each, and the replacement of ${v}. Called by the loader.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sim::scenario {

/// A variable and the values it takes in turn.
struct Axis {
  std::string name;
  std::vector<nlohmann::json> values;
};

/// One combination: a value for each axis, and "[a=1,b=2]" ("" for no axes).
struct Combination {
  std::map<std::string, nlohmann::json> values;
  std::string suffix;
};

/// More combinations than this are refused.
inline constexpr size_t max_combinations = 10000;

/// All combinations, the last axis turning fastest; of no axes one, empty. Nothing: more than
/// `max_combinations`.
std::optional<std::vector<Combination>> combine(const std::vector<Axis>& axes);

/// The value of a variable, or nothing if there is none of that name.
using Lookup = std::function<std::optional<nlohmann::json>(const std::string& name)>;

/// Replaces each ${v} in the strings of `node`; one that is the whole string takes the value's JSON
/// type. Throws InputError("file:/pointer", reason) for an unknown variable; `pointer` is where
/// `node` stands.
void substitute(nlohmann::json& node, const Lookup& lookup, const std::string& file,
                const nlohmann::json::json_pointer& pointer);

/// A variable's value as text: a string as it is, the rest as JSON.
std::string text_of(const nlohmann::json& value);

}  // namespace sim::scenario
