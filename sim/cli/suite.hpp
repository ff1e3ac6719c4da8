// SPDX-License-Identifier: BSD-3-Clause
// From paths to cases that are ready to run: loads, filters and compiles all of them before
// anything runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/options.hpp"
#include "sim/scenario/compile.hpp"
#include "sim/scenario/loader.hpp"

namespace sim::cli {

struct ReadyCase {
  scenario::LoadedCase loaded;
  scenario::CompiledCase compiled;  ///< empty if the case is skipped
};

struct Suite {
  std::vector<ReadyCase> cases;
  size_t not_selected =
      0;  ///< cases that the filter took and whose `backends` leave out the chosen one
};

/// Environment variable by name, or nothing.
std::optional<std::string> environment_variable(const std::string& name);

/// All cases below the paths, whether the filter takes them or not. Prints bad input to stderr, a
/// line each, and gives nothing then. Nothing is compiled.
std::optional<std::vector<scenario::LoadedCase>> load_all(const Selection& selection);

/// Removes the cases that the filter does not take. False, and a line on stderr: it takes none.
bool apply_filter(const Selection& selection, std::vector<scenario::LoadedCase>& cases);

/// The cases that the filter takes, ready to run. One bad file, taken or not, is bad input: as
/// load_all().
std::optional<Suite> load_suite(const Selection& selection);

/// Keeps every count-th case, from the index-th on.
void take_shard(const report::Shard& shard, std::vector<ReadyCase>& cases);

}  // namespace sim::cli
