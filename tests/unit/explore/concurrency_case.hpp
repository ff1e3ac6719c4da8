// SPDX-License-Identifier: BSD-3-Clause
// A scenario of scenarios/concurrency by its name, for tests that search its schedules.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

#include "sim/scenario/compile.hpp"
#include "sim/scenario/loader.hpp"

namespace sim::explore {

inline scenario::CompiledCase compiled_case(const char* name) {
  const std::string file = fmt::format("{}/scenarios/concurrency/{}.json", SOURCE_DIR, name);
  const scenario::LoadResult loaded = scenario::load_scenarios({file}, {});
  if (!loaded.errors.empty()) throw std::runtime_error(loaded.errors.front());
  return scenario::compile(loaded.cases.front().data);
}

}  // namespace sim::explore
