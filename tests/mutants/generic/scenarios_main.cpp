// SPDX-License-Identifier: BSD-3-Clause
// mutant_scenarios PLUGIN NUMBERS JOBS TESTS PATH…: which of the mutants in PLUGIN fail a scenario
// below the paths; of those that reach one, TESTS are tried. Exit code 2: bad arguments, or the
// mediator fails without a mutant.
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/run_case.hpp"
#include "sim/cli/suite.hpp"
#include "verdicts.hpp"

namespace {

using sim::cli::Options;
using sim::cli::ReadyCase;

template <class T>
T& symbol(void* library, const char* name, const std::string& file) {
  void* const found = dlsym(library, name);
  if (found == nullptr) throw std::runtime_error(fmt::format("{}: has no {}", file, name));
  return *static_cast<T*>(found);
}

int run(const std::string& plugin, const std::string& numbers, generic::Effort effort,
        Options options) {
  options.run.mediator = plugin;
  const auto suite = sim::cli::load_suite(options.selection);
  if (!suite) return 2;
  const auto runner = sim::cli::chosen_runner(options);
  void* const library = dlopen(plugin.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) throw std::runtime_error(plugin + ": is not loaded");
  const auto count = symbol<const uint32_t>(library, "ffasim_mutants", plugin);
  auto& alive = symbol<uint32_t>(library, "ffasim_mutant", plugin);
  auto* const reached = &symbol<uint8_t>(library, "ffasim_mutants_reached", plugin);
  const auto mutants = generic::read_wanted(numbers, count);

  generic::Reach reach;
  std::map<std::string, const ReadyCase*> cases;
  for (const ReadyCase& ready : suite->cases) {
    if (!ready.loaded.skip.empty()) continue;
    std::fill_n(reached, count + 1, uint8_t{0});
    reach.begin();
    const auto outcome = sim::cli::run_one(ready, options.run, *runner);
    if (outcome.result == sim::report::Result::failed) {
      throw std::runtime_error(outcome.name + ": fails without a mutant");
    }
    cases.emplace(outcome.name, &ready);
    reach.add(outcome.name, reached, count);
  }
  generic::judge(mutants, reach, alive, effort, [&](const std::string& name) {
    const auto outcome = sim::cli::run_one(*cases.at(name), options.run, *runner);
    return outcome.result == sim::report::Result::failed;
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto effort = argc < 6 ? std::nullopt : generic::to_effort(argv[3], argv[4]);
  if (!effort) {
    fmt::print(
        stderr,
        "usage: mutant_scenarios PLUGIN NUMBERS JOBS TESTS PATH…    (JOBS: 1 to 64, TESTS: 1 "
        "to 1000000)\n");
    return 2;
  }
  Options options;
  options.selection.paths.assign(argv + 5, argv + argc);
  try {
    return run(argv[1], argv[2], *effort, options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mutant_scenarios: {}\n", error.what());
    return 2;
  }
}
