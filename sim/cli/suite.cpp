// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/suite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>

#include "sim/cli/chosen_faults.hpp"
#include "sim/endpoint/image.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/machine/machine.hpp"
#include "sim/scenario/filter.hpp"
#include "sim/scenario/loader_vary.hpp"

namespace sim::cli {
namespace {

void print_errors(const std::vector<std::string>& errors) {
  for (const std::string& error : errors) fmt::print(stderr, "{}\n", error);
  fmt::print(stderr, "{} mistake{}; nothing was run\n", errors.size(),
             errors.size() == 1 ? "" : "s");
}

/// --vary of a variable that no scenario asks for is a slip of the pen; what a world may leave open
/// is not, even if here none does.
void check_vary(const Selection& selection, const std::vector<scenario::LoadedCase>& cases,
                std::vector<std::string>& errors) {
  for (const scenario::Axis& axis : selection.vary) {
    const bool used = std::any_of(cases.begin(), cases.end(), [&](const auto& loaded) {
      return loaded.varied.contains(axis.name);
    });
    if (!used && !scenario::is_world_variable(axis.name))
      errors.push_back(fmt::format("--vary {}: no scenario asks for it", axis.name));
  }
}

scenario::LoadResult load(const Selection& selection) {
  const scenario::LoadOptions options{selection.vary, environment_variable, selection.backend};
  scenario::LoadResult result = scenario::load_scenarios(selection.paths, options);
  for (const std::string& note : result.notes) fmt::print(stderr, "{}\n", note);
  if (result.errors.empty()) check_vary(selection, result.cases, result.errors);
  return result;
}

/// Compiles a case and builds its memory once, so that a world that can't exist is found before
/// anything runs. The mistake, if there is one.
std::optional<std::string> compile_case(const scenario::LoadedCase& loaded,
                                        scenario::CompiledCase& compiled) {
  const Case& source = loaded.data;
  try {
    compiled = scenario::compile(source);
  } catch (const InputError& error) {
    return scenario::with_origin(loaded.origins, source.file, error.what());
  }
  try {
    endpoint::check_images(compiled.world);
  } catch (const MissingTool&) {
    // Its runner says what is missing.
  } catch (const InputError& error) {
    return fmt::format("{}:/world: {}", source.file, error.what());
  }
  try {
    const Machine fits(compiled.world, [](const std::string&) {});
  } catch (const InputError& error) {
    return fmt::format("{}:/world: {}", source.file, error.what());
  }
  return {};
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return {};
  return value;
}

std::optional<std::vector<scenario::LoadedCase>> load_all(const Selection& selection) {
  scenario::LoadResult result = load(selection);
  if (result.errors.empty()) return std::move(result.cases);
  print_errors(result.errors);
  return {};
}

bool apply_filter(const Selection& selection, std::vector<scenario::LoadedCase>& cases) {
  const scenario::Filter filter(selection.filter);
  const size_t all = cases.size();
  std::erase_if(cases, [&](const auto& loaded) { return !filter.matches(loaded.data.name); });
  if (!cases.empty()) return true;
  print_errors({fmt::format("--filter: none of {} cases matches '{}'", all, selection.filter)});
  return false;
}

void take_shard(const report::Shard& shard, std::vector<ReadyCase>& cases) {
  std::vector<ReadyCase> taken;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (i % shard.count == shard.index - 1) taken.push_back(std::move(cases[i]));
  }
  cases = std::move(taken);
}

std::optional<Suite> load_suite(const Selection& selection) {
  scenario::LoadResult result = load(selection);
  std::set<std::string> told;
  std::map<std::string, scenario::CompiledCase> compiled;
  for (auto& loaded : result.cases) {
    if (!loaded.selected || !loaded.skip.empty()) continue;
    if (!selection.faults.empty()) choose_faults(loaded.data.doc, selection.faults);
    const auto error = compile_case(loaded, compiled[loaded.data.name]);
    if (error && told.insert(*error).second) result.errors.push_back(*error);
  }
  if (!result.errors.empty()) {
    print_errors(result.errors);
    return {};
  }
  if (!apply_filter(selection, result.cases)) return {};
  Suite suite;
  for (auto& loaded : result.cases) {
    if (!loaded.selected) {
      ++suite.not_selected;
      continue;
    }
    suite.cases.push_back({loaded, std::move(compiled[loaded.data.name])});
  }
  return suite;
}

}  // namespace sim::cli
