// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/chosen_faults.hpp"

#include "sim/platform/fault_kinds.hpp"

namespace sim::cli {
namespace {

using nlohmann::json;

bool sweeps(const json& fault) {
  return fault.value("nth", json{}) == "sweep" || fault.value("answer", json{}) == "each_status";
}

}  // namespace

void choose_faults(json& scenario, const std::vector<std::string>& kinds) {
  json faults = json::array();
  json& world = scenario["world"];
  for (const json& own : world.value("faults", json::array())) {
    if (!sweeps(own)) faults.push_back(own);
  }
  for (const std::string& kind : kinds) {
    json fault = {{"op", kind}, {"nth", "chosen"}};
    if (kind == "smc" || !legal_statuses(kind, {}).empty()) fault["answer"] = "chosen";
    faults.push_back(std::move(fault));
  }
  world["faults"] = std::move(faults);
  scenario["only_invariants"] = true;
  scenario.erase("requires");
}

}  // namespace sim::cli
