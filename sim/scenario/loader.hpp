// SPDX-License-Identifier: BSD-3-Clause
// Scenario files to cases: finds the files, parses and validates them, expands matrices, replaces
// variables. Everything is loaded before anything runs. Called by the command line; what it gives
// goes to the compiler. docs/scenario-format.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/case.hpp"
#include "sim/scenario/loader_xl_vm.hpp"
#include "sim/scenario/matrix.hpp"

namespace sim::scenario {

struct LoadOptions {
  /// --vary: values of what scenarios leave open. Those of loader_vary.hpp also fill in worlds that
  /// are silent.
  std::vector<Axis> vary;
  /// Environment variable by name; nothing if it is not set.
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::string backend = "host";
};

struct LoadedCase {
  Case data;
  std::string chapter;              ///< first part of the name
  std::vector<std::string> covers;  ///< rows of the conformance matrix, all known
  /// What --vary chose for this case, by variable.
  std::map<std::string, std::string> varied;
  Origins origins;       ///< what of `data.doc` guest configurations gave
  bool selected = true;  ///< false: `backends` leaves out the chosen one
  std::string skip;  ///< why it is skipped, or ""; then `data.doc` may hold unreplaced variables
};

struct LoadResult {
  std::vector<LoadedCase> cases;    ///< of the good files, sorted, then in the order of the matrix
  std::vector<std::string> errors;  ///< "place: reason", one a mistake; not empty: nothing may run
  std::vector<std::string> notes;   ///< "file: what", one a guest configuration that is not used up
};

/// Files of `paths`: a file as it is, a directory with all *.json below it, directories named
/// `schema` apart. Each once, sorted. Errors go to `errors`.
std::vector<std::string> find_scenarios(const std::vector<std::string>& paths,
                                        std::vector<std::string>& errors);

/// Never throws for bad scenarios.
LoadResult load_scenarios(const std::vector<std::string>& paths, const LoadOptions& options);

}  // namespace sim::scenario
