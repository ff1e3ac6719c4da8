// SPDX-License-Identifier: BSD-3-Clause
// The results of a campaign's parts, as one process would have told them. docs/campaigns.md.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sim/report/outcome.hpp"

namespace sim::cli {

/// What one process printed with --json.
struct Part {
  std::string file;
  std::vector<report::Outcome> outcomes;
  report::Summary summary;
  bool explored = false;  ///< by `explore`, which tells of marks that were never met
};

/// Throws InputError(file[:line], reason); a process that did not come to its end has no summary.
Part read_part(const std::string& file);

struct Merged {
  std::vector<report::Outcome> outcomes;
  size_t not_selected = 0;
  bool explored = false;
};

/// All parts of one campaign, in any order. Throws InputError where they are not that.
Merged merge(std::vector<Part> parts);

}  // namespace sim::cli
