// SPDX-License-Identifier: BSD-3-Clause
// --inevitable N: from where on a failed run could not but fail. From each prefix of its decisions
// N random continuations are run; the share of those that fail tells how much was lost already.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/suite.hpp"

namespace sim::cli {

struct Continuations {
  uint32_t count = 0;  ///< from each prefix
  std::vector<uint32_t>
      failed;  ///< by the length of the prefix: as many as there are decisions, + 1
};

/// Of the run with these decisions (as `choices`). Continuations run in child processes: one that
/// ends its process has failed. The faults of the case don't sweep.
Continuations continue_randomly(const ReadyCase& ready, const std::string& choices,
                                CaseRunner& runner, uint32_t count);

/// As lines; prefixes with the same share are one.
std::string continuations_text(const Continuations& continuations, const std::string& choices);

}  // namespace sim::cli
