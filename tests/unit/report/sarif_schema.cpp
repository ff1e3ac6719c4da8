// SPDX-License-Identifier: BSD-3-Clause
#include "sarif_schema.hpp"

#include <fstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace sim::report {

std::string sarif_mistakes(const nlohmann::json& log) {
  using Adapter = valijson::adapters::NlohmannJsonAdapter;
  std::ifstream file(TEST_DATA_DIR "/sarif-subset.schema.json");
  const auto text = nlohmann::json::parse(file);
  valijson::Schema schema;
  valijson::SchemaParser().populateSchema(Adapter(text), schema);
  valijson::ValidationResults results;
  valijson::Validator().validate(schema, Adapter(log), &results);
  std::string mistakes;
  for (const auto& error : results) {
    for (const std::string& part : error.context) mistakes += part;
    mistakes += ": " + error.description + "\n";
  }
  return mistakes;
}

}  // namespace sim::report
