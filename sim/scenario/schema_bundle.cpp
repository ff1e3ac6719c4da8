// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/schema.hpp"
#include "sim/scenario/schema_text.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

/// Where the definitions of steps.json stand in the one document; both files have names of their
/// own.
constexpr const char* steps_key = "in_steps";

/// References of either file become references into the one document. `own_prefix` is where the
/// definitions of the file that holds `node` stand.
void make_references_local(json& node, const std::string& own_prefix) {
  const std::string definitions = "#/definitions/";
  if (node.is_object() && node.contains("$ref") && node.at("$ref").is_string()) {
    const auto ref = node.at("$ref").get<std::string>();
    const size_t hash = ref.find(definitions);
    if (hash != std::string::npos) {
      std::string prefix = own_prefix;
      if (ref.starts_with("steps.json")) prefix = definitions + steps_key + "/";
      if (ref.starts_with("scenario.json")) prefix = definitions;
      node["$ref"] = prefix + ref.substr(hash + definitions.size());
    }
  }
  if (!node.is_structured()) return;
  for (auto& child : node) make_references_local(child, own_prefix);
}

/// Any step, for editors: `do` picks the schema of the whole object.
json any_step(const json& steps) {
  json names = json::array();
  json cases = json::array();
  for (const auto& [name, unused] : steps.items()) {
    names.push_back(name);
    cases.push_back(
        {{"if", {{"properties", {{"do", {{"const", name}}}}}}},
         {"then", {{"$ref", fmt::format("#/definitions/{}/steps/{}", steps_key, name)}}}});
  }
  return {{"type", "object"},
          {"required", {"do"}},
          {"properties", {{"do", {{"enum", names}}}}},
          {"allOf", cases}};
}

json make_bundle() {
  const std::string definitions = "#/definitions/";
  json bundle = json::parse(scenario_schema_text());
  json steps = json::parse(steps_schema_text()).at("definitions");
  make_references_local(bundle, definitions);
  make_references_local(steps, definitions + steps_key + "/");
  steps["step"] = any_step(steps.at("steps"));
  bundle["definitions"][steps_key] = std::move(steps);
  return bundle;
}

}  // namespace

const json& step_schemas() { return bundled_schema().at("definitions").at(steps_key).at("steps"); }

const json& bundled_schema() {
  static const json bundle = make_bundle();
  return bundle;
}

std::string join_names(const std::vector<std::string>& names, size_t limit) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), limit); ++i) {
    if (i > 0) text += ", ";
    text += names[i];
  }
  if (names.size() > limit) text += ", …";
  return text;
}

std::string short_text(const json& value) {
  constexpr size_t longest = 60;
  std::string text = value.is_string() ? "'" + value.get<std::string>() + "'" : value.dump();
  if (text.size() <= longest) return text;
  size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace sim::scenario
