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

/// Nothing where the header has no world. Without its faults: what they did stands in the events.
/// Throws InputError("file: header/world/…", reason) for one that can't be built.
std::optional<sim::WorldSpec> given_world(const std::optional<sim::trace::Header>& header,
                                          const std::string& file);

/// What came from outside before an event or in it, as its `stimulus` says.
struct StepStimulus {
  struct Page {
    uint16_t vm = 0;
    uint64_t ipa = 0;
    uint64_t switch_point = 0;  ///< of the step, when it goes on there; 0: before it begins
  };
  struct Vcpu {
    uint16_t vm = 0;
    uint16_t vcpu = 0;
    bool online = false;
    uint64_t switch_point = 0;  ///< as of a page
  };
  /// At its so-manieth switch point the step stopped until another had come this far.
  struct Turn {
    uint64_t switch_point = 0;
    uint64_t event = 0;        ///< the other one's `seq`
    uint64_t reached = 0;      ///< so many switch points; 0: its end
    bool interrupted = false;  ///< of a wait: an interrupt from outside ended it there
  };
  std::vector<Page> removed;           ///< pages that the host took out of a VM's stage 2
  std::vector<Vcpu> vcpus;             ///< that went offline or came back
  uint32_t budget = 0;                 ///< of a stage of a VM's life; 0: none
  std::vector<sim::FaultSpec> faults;  ///< of the machine, each by its `nth` operation in the step
  std::vector<Turn> turns;
  std::vector<Turn> woken;  ///< `switch_point` counts the step's waits for other VMs instead
};
/// Throws InputError(place, reason) for another text.
StepStimulus parse_stimulus(const std::string& text, const std::string& place);

}  // namespace ffa_trace
