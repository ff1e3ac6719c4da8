// SPDX-License-Identifier: BSD-3-Clause
// The only file that includes the validator, which is heavy to compile.
#include <fmt/format.h>

#include <map>
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

/// One schema, parsed; kept for all documents.
struct Prepared {
  json text;
  valijson::Schema schema;

  explicit Prepared(json from) : text(std::move(from)) {
    valijson::SchemaParser parser;
    parser.populateSchema(Adapter(text), schema);
  }
};

std::optional<Complaint> check(const Prepared& prepared, const json& value,
                               valijson::Validator& validator) {
  if (validator.validate(prepared.schema, Adapter(value), nullptr)) return {};
  valijson::ValidationResults results;
  validator.validate(prepared.schema, Adapter(value), &results);
  std::vector<Finding> findings;
  valijson::ValidationResults::Error error;
  while (results.popError(error)) findings.push_back({path_of(error.context), error.description});
  if (findings.empty()) findings.push_back({{}, "Does not fit the schema"});
  return explain(findings, value, prepared.text);
}

constexpr size_t max_remembered = 100000;

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// What check_scenario() looks at: of the steps, which are judged one by one, only their number.
std::string text_of_scenario(const json& document) {
  std::string text;
  for (const auto& [key, value] : document.items()) {
    const bool steps = key == "steps" && value.is_array();
    const std::string content = steps ? fmt::format("[{}]", value.size()) : dumped(value);
    text += fmt::format("{}:{}\n", dumped(key), content);
  }
  return text;
}

}  // namespace

struct SchemaChecker::Impl {
  /// What fitted its schema, by its text: the cases of a matrix have most of it in common, and to
  /// validate is dear.
  std::set<std::string> good;

  std::optional<Complaint> check_once(std::string text, const Prepared& schema, const json& value) {
    if (good.contains(text)) return {};
    auto complaint = check(schema, value, validator);
    if (!complaint && good.size() < max_remembered) good.insert(std::move(text));
    return complaint;
  }

  valijson::Validator validator;
  std::unique_ptr<Prepared> scenario;
  std::map<std::string, std::unique_ptr<Prepared>> steps;
};

SchemaChecker::SchemaChecker() : impl_(std::make_unique<Impl>()) {
  json document = bundled_schema();
  document["definitions"]["in_steps"]["step"] = json::object();  // a step is judged by its `do`
  impl_->scenario = std::make_unique<Prepared>(std::move(document));
}

SchemaChecker::~SchemaChecker() = default;

std::optional<Complaint> SchemaChecker::check_scenario(const json& document) {
  return impl_->check_once(text_of_scenario(document), *impl_->scenario, document);
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
  auto& prepared = impl_->steps[name];
  if (!prepared) {
    json document = known.at(name);
    document["definitions"] = bundled_schema().at("definitions");
    prepared = std::make_unique<Prepared>(std::move(document));
  }
  return impl_->check_once(dumped(step), *prepared, step);
}

}  // namespace sim::scenario
