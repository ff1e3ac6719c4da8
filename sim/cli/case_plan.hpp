// SPDX-License-Identifier: BSD-3-Clause
// How one case is explored: what the command line says, and where it is silent, the scenario's
// `explore`.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/options.hpp"
#include "sim/cli/suite.hpp"

namespace sim::cli {

struct CasePlan {
  explore::Plan plan;
  std::vector<std::string> wanted;  ///< marks that its schedules must meet
  bool chooses = false;             ///< which schedules: the scenario says so itself
};

/// Throws InputError for what `explore` says and can't be, and where --shard splits the seeds of a
/// case that has its own.
CasePlan plan_of(const ReadyCase& ready, const Options& options);

}  // namespace sim::cli
