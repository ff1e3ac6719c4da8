// SPDX-License-Identifier: BSD-3-Clause
// The only file that includes the validator, which is heavy to compile.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "sim/scenario/schema.hpp"
#include "sim/scenario/schema_reason.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

/// "[steps]" → "steps"; the first part, "<root>", goes.
std::vector<std::string> path_of(const std::vector<std::string>& context) {
  std::vector<std::string> path;
  for (size_t i = 1; i < context.size(); ++i) {
    path.push_back(context[i].substr(1, context[i].size() - 2));
  }
  return path;
}

void parse(const json& text, valijson::Schema& schema) {
  valijson::SchemaParser parser;
  parser.populateSchema(Adapter(text), schema);
}

/// One schema, parsed; kept for all documents.
struct Prepared {
  json text;
  valijson::Schema schema;

  explicit Prepared(json from) : text(std::move(from)) { parse(text, schema); }
};

std::optional<Complaint> complaint_about(const Prepared& prepared, const json& value,
                                         valijson::Validator& validator) {
  valijson::ValidationResults results;
  if (validator.validate(prepared.schema, Adapter(value), &results)) return {};
  std::vector<Finding> findings;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) findings.push_back({path_of(error.context), error.description});
  if (findings.empty()) findings.push_back({{}, "Does not fit the schema"});
  return explain(findings, value, prepared.text);
}

constexpr size_t max_remembered = size_t{256} << 20U;  // bytes

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// True if the schema allows the type, by this name or in a list of names.
bool allows(const json& schema, const char* type) {
  const auto found = schema.find("type");
  if (found == schema.end()) return false;
  return found->is_array() ? std::find(found->begin(), found->end(), type) != found->end()
                           : *found == type;
}

/// True if the schema asks of an object only which members it has, and something of each; of a
/// list only how many elements, and something of each. What a word says of other types counts for
/// neither.
bool is_of_parts(const json& schema) {
  static const std::set<std::string> words = {"$id",
                                              "$schema",
                                              "title",
                                              "description",
                                              "definitions",
                                              "type",
                                              "required",
                                              "properties",
                                              "minProperties",
                                              "additionalProperties",
                                              "patternProperties",
                                              "items",
                                              "minItems",
                                              "pattern"};
  return schema.is_object() &&
         std::all_of(schema.items().begin(), schema.items().end(),
                     [](const auto& item) { return words.contains(item.key()); });
}

bool is_of_members(const json& schema) {
  return is_of_parts(schema) && allows(schema, "object") &&
         schema.value("additionalProperties", json()) == false;
}

bool is_of_elements(const json& schema) {
  return is_of_parts(schema) && allows(schema, "array") && schema.contains("items") &&
         schema.at("items").is_object();
}

/// The bundle, where a step may be anything: each is judged by its `do`.
json schema_around_steps() {
  json document = bundled_schema();
  document["definitions"]["in_steps"]["step"] = json::object();
  return document;
}

/// True for the lists of steps in it.
bool is_list_of_anything(const json& schema) {
  if (!schema.is_object()) return false;
  static const json any_step = {{"$ref", "#/definitions/in_steps/step"}};
  const size_t words = schema.size() - schema.count("minItems") - schema.count("description");
  return words == 2 && schema.value("type", json()) == "array" &&
         schema.value("items", json()) == any_step;
}

}  // namespace

/// To validate is dear, and the cases of a matrix have most members in common. What fits is
/// therefore found member by member, and remembered by schema and text. Only what does not fit is
/// validated as a whole, for what there is to say of it.
struct SchemaChecker::Impl {
  Impl(json document, bool by_members)
      : first_by_members(by_members), scenario(std::move(document)) {
    leaf_document["definitions"] = scenario.text.at("definitions");
  }

  /// Schemas of the same text have the same number. The schema is one of the bundle's, which stay
  /// where they are.
  size_t number_of(const json& schema) {
    const auto [known, is_new] = numbers_of_nodes.try_emplace(&schema, 0);
    if (is_new) known->second = numbers.try_emplace(dumped(schema), numbers.size()).first->second;
    return known->second;
  }

  bool leaf_fits(const json& schema, size_t number, const json& value) {
    auto& parsed = leaves[number];
    if (!parsed) {
      auto made = std::make_unique<valijson::Schema>();
      leaf_document["allOf"] = json::array({schema});
      parse(leaf_document, *made);
      parsed = std::move(made);
    }
    return validator.validate(*parsed, Adapter(value), nullptr);
  }

  /// The schemas of a member; none: there must be no such member.
  std::vector<const json*> schemas_of(const json& schema, const std::string& name) {
    std::vector<const json*> found;
    const auto properties = schema.find("properties");
    if (properties != schema.end() && properties->contains(name)) {
      found.push_back(&properties->at(name));
    }
    const auto of_patterns = schema.find("patternProperties");
    if (of_patterns == schema.end()) return found;
    for (const auto& [pattern, child] : of_patterns->items()) {
      auto& compiled = patterns[pattern];
      if (!compiled) compiled.emplace(pattern);
      if (std::regex_search(name, *compiled)) found.push_back(&child);
    }
    return found;
  }

  bool member_fits(const json& schema, const std::string& name, const json& value) {
    const auto wanted = schemas_of(schema, name);
    return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(),
                                          [&](const json* one) { return fits(*one, value); });
  }

  /// False too where only the whole can tell.
  bool object_fits(const json& schema, const json& value) {
    return first_by_members && value.is_object() && is_of_members(schema) &&
           members_fit(schema, value);
  }

  bool members_fit(const json& schema, const json& object) {
    if (object.size() < schema.value("minProperties", size_t{0})) return false;
    for (const json& name : schema.value("required", json::array())) {
      if (!object.contains(name.get<std::string>())) return false;
    }
    return std::all_of(object.items().begin(), object.items().end(), [&](const auto& member) {
      return member_fits(schema, member.key(), member.value());
    });
  }

  bool elements_fit(const json& schema, const json& list) {
    return list.size() >= schema.value("minItems", size_t{0}) &&
           std::all_of(list.begin(), list.end(),
                       [&](const json& one) { return fits(schema.at("items"), one); });
  }

  /// By its members or elements, where these are all that the schema asks of.
  bool value_fits(const json& schema, const json& node, size_t number, const json& value) {
    if (value.is_object() && is_of_members(node)) return members_fit(node, value);
    if (value.is_array() && is_of_elements(node)) return elements_fit(node, value);
    return leaf_fits(schema, number, value);
  }

  bool fits(const json& schema, const json& value) {
    const json& node = resolve(schema, scenario.text);
    if (value.is_array() && is_list_of_anything(node)) {
      return value.size() >= node.value("minItems", size_t{0});
    }
    const size_t number = number_of(schema);
    std::pair<size_t, std::string> known{number, dumped(value)};
    if (good.contains(known)) return true;
    if (!value_fits(schema, node, number, value)) return false;
    if (remembered + known.second.size() <= max_remembered) {
      remembered += known.second.size();
      good.insert(std::move(known));
    }
    return true;
  }

  bool first_by_members;
  size_t remembered = 0;  ///< bytes of `good`
  valijson::Validator validator;
  Prepared scenario;
  std::map<std::string, std::unique_ptr<Prepared>> steps;
  json leaf_document;                     ///< the definitions, and the schema that is parsed
  std::map<std::string, size_t> numbers;  ///< of schemas, by their text
  std::map<const json*, size_t> numbers_of_nodes;  ///< the same, by where they stand in the bundle
  std::map<size_t, std::unique_ptr<valijson::Schema>> leaves;  ///< by number
  std::map<std::string, std::optional<std::regex>> patterns;
  std::set<std::pair<size_t, std::string>> good;  ///< number of the schema, value
};

SchemaChecker::SchemaChecker(bool by_members)
    : impl_(std::make_unique<Impl>(schema_around_steps(), by_members)) {}

SchemaChecker::~SchemaChecker() = default;

std::optional<Complaint> SchemaChecker::check_scenario(const json& document) {
  if (impl_->object_fits(impl_->scenario.text, document)) return {};
  return complaint_about(impl_->scenario, document, impl_->validator);
}

std::optional<Complaint> SchemaChecker::check_step(const json& step) {
  if (!step.is_object()) return Complaint{"", short_text(step) + " is not a step: object expected"};
  const auto named = step.find("do");
  if (named == step.end()) return Complaint{"", "key 'do' is missing"};
  const json& known = step_schemas();
  if (!named->is_string() || !known.contains(named->get<std::string>())) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : known.items()) names.push_back(name);
    return Complaint{"/do", fmt::format("{} is not a step; known: {}", short_text(*named),
                                        join_names(names, 64))};
  }
  const auto name = named->get<std::string>();
  if (impl_->object_fits(known.at(name), step)) return {};
  auto& prepared = impl_->steps[name];
  if (!prepared) {
    json document = known.at(name);
    document["definitions"] = bundled_schema().at("definitions");
    prepared = std::make_unique<Prepared>(std::move(document));
  }
  return complaint_about(*prepared, step, impl_->validator);
}

}  // namespace sim::scenario
