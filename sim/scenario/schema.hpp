// SPDX-License-Identifier: BSD-3-Clause
// The JSON Schema of scenarios, and what is wrong with a document by it. Called by the loader, on
// values whose variables are replaced; the schema of a step is picked by its `do` first, so that
// one mistake gives one line.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sim::scenario {

/// One mistake: where (a JSON pointer, "" for the whole document) and what.
struct Complaint {
  std::string pointer;
  std::string reason;
};

/// scenario.json and steps.json as one self-contained document, the one that `ffa-sim schema`
/// prints.
const nlohmann::json& bundled_schema();
/// The schema of each step in it, by `do`.
const nlohmann::json& step_schemas();

/// "a, b, c"; of a longer list the first `limit` and "…".
std::string join_names(const std::vector<std::string>& names, size_t limit = 24);

/// A value in words for a message: its JSON text, cut to a readable length.
std::string short_text(const nlohmann::json& value);

class SchemaChecker {
 public:
  /// `by_members`: what fits is found member by member. Else each is validated as a whole, which
  /// says the same and takes longer.
  explicit SchemaChecker(bool by_members = true);
  ~SchemaChecker();
  SchemaChecker(const SchemaChecker&) = delete;
  SchemaChecker& operator=(const SchemaChecker&) = delete;

  /// A scenario without regard to what its steps contain.
  std::optional<Complaint> check_scenario(const nlohmann::json& document);
  /// One step; the pointer is relative to the step.
  std::optional<Complaint> check_step(const nlohmann::json& step);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim::scenario
