// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_vary.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

bool mentions(const json& node, const std::string& text) {
  if (node.is_string()) return node.get_ref<const std::string&>().find(text) != std::string::npos;
  if (!node.is_structured()) return false;
  for (const auto& child : node) {
    if (mentions(child, text)) return true;
  }
  return false;
}

json member(const json& node, const char* key) {
  return node.is_object() && node.contains(key) ? node.at(key) : json();
}

/// Regions of a VM that don't say how their pages lie.
bool has_silent_region(const json& vm) {
  const json memory = member(vm, "memory");
  if (!memory.is_array()) return true;  // the default memory
  for (const auto& region : memory) {
    if (region.is_object() && !region.contains("backing")) return true;
  }
  return false;
}

/// The key of a world's SPMC that the variable fills in, or nullptr.
const char* spmc_key(const std::string& variable) {
  if (variable == "spmc") return "personality";
  return variable == "spmc_version" ? "version" : nullptr;
}

template <class Silent>
bool any_vm(const json& world, Silent silent) {
  const json vms = member(world, "vms");
  if (!vms.is_object() || vms.empty()) return true;  // the default VM
  for (const auto& vm : vms) {
    if (silent(vm)) return true;
  }
  return false;
}

}  // namespace

bool is_world_variable(const std::string& variable) {
  return variable == "guest" || variable == "spmc" || variable == "spmc_version" ||
         variable == "backing";
}

bool leaves_open(const json& doc, const std::string& variable) {
  if (member(doc, "matrix").contains(variable)) return false;
  if (mentions(doc, "${" + variable + "}")) return true;
  const json world = member(doc, "world");
  if (const char* const key = spmc_key(variable)) return !member(world, "spmc").contains(key);
  if (variable == "guest") {
    return any_vm(world, [](const json& vm) { return !vm.contains("version"); });
  }
  return variable == "backing" && any_vm(world, has_silent_region);
}

void fill_in(json& doc, const std::string& variable, const json& value) {
  json& world = doc["world"];
  if (const char* const key = spmc_key(variable)) {
    if (!world["spmc"].contains(key)) world["spmc"][key] = value;
  }
  if (variable != "guest" && variable != "backing") return;
  json& vms = world["vms"];
  if (vms.is_null() || vms.empty()) vms = {{"vm1", json::object()}};
  for (auto& vm : vms) {
    if (variable == "guest") {
      if (!vm.contains("version")) vm["version"] = value;
      continue;
    }
    if (!vm.contains("memory")) vm["memory"] = {{{"ipa", "0x40000000"}, {"size", "16M"}}};
    for (auto& region : vm["memory"]) {
      if (!region.contains("backing")) region["backing"] = value;
    }
  }
}

std::vector<std::string> values_of_variable(const std::string& variable) {
  if (variable == "guest" || variable == "spmc_version") return {"1.0", "1.1", "1.2"};
  if (variable == "backing") return {"contiguous", "scattered", "reversed"};
  return {};
}

}  // namespace sim::scenario
