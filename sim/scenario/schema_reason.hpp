// SPDX-License-Identifier: BSD-3-Clause
// Turns a validator's finding into one clear sentence: looks up what the schema wanted at that
// place.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/scenario/schema.hpp"

namespace sim::scenario {

/// What the validator said: the path to the value and its own words.
struct Finding {
  std::vector<std::string> path;
  std::string words;
};

/// A schema node without its `$ref`; `root` is the bundle.
const nlohmann::json& resolve(const nlohmann::json& node, const nlohmann::json& root);

/// The most telling of the findings about `value`, which does not fit `schema`, as a complaint.
/// `findings` not empty.
Complaint explain(const std::vector<Finding>& findings, const nlohmann::json& value,
                  const nlohmann::json& schema);

}  // namespace sim::scenario
