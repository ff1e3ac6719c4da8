// SPDX-License-Identifier: BSD-3-Clause
// What a dump of the state holds, before it is put into words: taken from live objects on the host,
// from the record on another back end.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/platform/ffa_sim_mediator.h"

namespace sim {

struct VmStateFacts {
  std::string name;
  bool exists = false;
  std::optional<ffa_sim_fact> mediator;  ///< all zero for a VM that it does not know; nothing: this
                                         ///< mediator does not offer observation
  uint64_t pins = 0;                     ///< sum of the pin counts of its pages
  uint64_t buffers = 0;                  ///< mapped RX and TX buffers
  bool known = false;                    ///< to the SPMC
  bool bitmap = false;                   ///< at the SPMC
};

struct SpmcStateFacts {
  uint64_t regions = 0;
  uint64_t pages = 0;
  uint64_t retrieved = 0;
  bool owns_rx = false;
};

struct StateFacts {
  std::vector<VmStateFacts> vms;
  std::optional<SpmcStateFacts> spmc;  ///< nothing: there is no model to ask
};

/// Facts by name, as state expectations name them: docs/scenario-format.md, "State".
std::map<std::string, std::string> in_words(const StateFacts& facts);

}  // namespace sim
