// SPDX-License-Identifier: BSD-3-Clause
// The scenario loader and compiler: any text is a case or an InputError.
#include <algorithm>
#include <string>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/case.hpp"
#include "sim/scenario/compile.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/scenario/schema.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using nlohmann::json;

/// Every step of the lists that a document has.
bool steps_fit(sim::scenario::SchemaChecker& schema, const json& document) {
  const auto fit = [&schema](const json& list) {
    return std::all_of(list.begin(), list.end(),
                       [&](const json& step) { return !schema.check_step(step).has_value(); });
  };
  for (const char* const name : {"setup", "steps", "after"}) {
    if (document.contains(name) && !fit(document.at(name))) return false;
  }
  const json threads = document.value("threads", json::object());
  return std::all_of(threads.begin(), threads.end(), fit);
}

/// More than this only takes longer.
bool is_small(const std::string& text) { return text.find("\"repeat\"") == std::string::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sim::scenario::SchemaChecker schema;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    sim::Case source;
    source.name = "input";
    source.file = "input.json";
    source.doc = sim::scenario::parse_scenario(text, source.file);
    if (schema.check_scenario(source.doc) || !steps_fit(schema, source.doc)) return 0;
    if (is_small(text)) (void)sim::scenario::compile(source);
  } catch (const sim::InputError&) {
    return 0;  // said so
  }
  return 0;
}
