// SPDX-License-Identifier: BSD-3-Clause
// The world that the header of a trace of ours tells of: the scenario's, so that a replay need not
// infer one. docs/trace-format.md, "Header".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/trace/event.hpp"

namespace ffa_trace {

/// Nothing where the header has no world. Throws InputError("file: header/world/…", reason) for one
/// that can't be built, and for faults that leave no record.
std::optional<sim::WorldSpec> given_world(const std::optional<sim::trace::Header>& header,
                                          const std::string& file);

/// What came from outside before an event, as its `stimulus` says.
struct HostStimulus {
  struct Page {
    uint16_t vm = 0;
    uint64_t ipa = 0;
  };
  std::vector<Page> removed;  ///< pages that the host took out of a VM's stage 2
  uint32_t budget = 0;        ///< of a stage of a VM's end; 0: none
};
/// Throws InputError(place, reason) for another text.
HostStimulus parse_stimulus(const std::string& text, const std::string& place);

}  // namespace ffa_trace
