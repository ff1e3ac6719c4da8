// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/chosen_faults.hpp"

#include "sim/platform/fault_kinds.hpp"

namespace sim::cli {
namespace {

using nlohmann::json;

/// Faults whose place is chosen now anyway; and words put into the SPMC's mouth: after a success
/// that is none, it keeps what it has said to be given back.
bool is_left_out(const json& fault) {
  const json answer = fault.value("answer", json{});
  return fault.value("nth", json{}) == "sweep" || answer == "each_status" || answer.is_array();
}

}  // namespace

void choose_faults(json& scenario, const std::vector<std::string>& kinds) {
  json faults = json::array();
  if (!scenario.contains("world")) scenario["world"] = json::object();
  json& world = scenario["world"];
  for (const json& own : world.value("faults", json::array())) {
    if (!is_left_out(own)) faults.push_back(own);
  }
  for (const std::string& kind : kinds) {
    json fault = {{"op", kind}, {"nth", "chosen"}};
    if (kind == "smc" || !legal_statuses(kind, {}).empty()) fault["answer"] = "chosen";
    faults.push_back(std::move(fault));
  }
  world["faults"] = std::move(faults);
  scenario["only_invariants"] = true;
  scenario.erase("requires");
  scenario.erase("choices");  // they count other decisions
}

}  // namespace sim::cli
