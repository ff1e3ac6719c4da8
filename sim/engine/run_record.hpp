// SPDX-License-Identifier: BSD-3-Clause
// What one run of a case left behind: the trace, and what the programs dumped. All that
// expectations are judged from, so that the record of another back end is judged the same.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/simulation.hpp"
#include "sim/engine/turn.hpp"
#include "sim/trace/event.hpp"

namespace sim {

/// Why a step that runs a program from outside was over.
enum class ImageEnd : uint8_t {
  system_off,    ///< PSCI SYSTEM_OFF
  system_reset,  ///< PSCI SYSTEM_RESET
  cpu_off,       ///< PSCI CPU_OFF
  console,       ///< it has printed what the step waits for
  instructions,  ///< as many as the step allows are over
  broken,        ///< it can't go on
};

/// One step that was done. Its own events are those of [first_event, end_event) that carry its VM
/// and vCPU.
struct StepRecord {
  uint32_t step = 0;
  bool ran = false;
  bool waits = false;     ///< its call had not come back when all was over
  bool vm_ended = false;  ///< its VM went before it was over: there is nothing to judge
  size_t first_event = 0;
  size_t end_event = 0;
  std::optional<uint64_t> fault_ipa;  ///< the guest's own access failed there
  std::optional<std::string>
      result;  ///< of a step of the host, in words: "done", "DENIED", "removed"
  std::vector<uint64_t> quarantined{};  ///< IPAs of the pages that the VM it destroyed left behind
  std::vector<uint64_t> slots;          ///< the saved values after the step
  std::optional<ImageEnd> image_end{};
  std::string image_text{};  ///< why it can't go on
};

/// Bytes at an address of a VM. `ok` false: nothing is mapped there.
struct MemoryDump {
  uint32_t id = 0;
  bool ok = false;
  std::vector<uint8_t> bytes;
};

/// Facts by name, in words: "vm1.shares" → "0", "vm1.rx" → "free".
struct StateDump {
  uint32_t id = 0;
  std::map<std::string, std::string> facts;
};

/// The stage-2 translation of a range at some point.
struct TranslationDump {
  uint32_t id = 0;
  std::vector<trace::P2mRun> runs;  ///< pa of a hole: all ones
};

struct RunRecord {
  std::vector<trace::Event> events;
  std::vector<StepRecord> steps;
  std::vector<MemoryDump> memory;
  std::vector<StateDump> states;
  std::vector<TranslationDump> translations;
  std::vector<Violation> violations;
  std::vector<Turn> turns;  ///< none where the back end does not tell
  std::vector<std::string> log;
  std::vector<Simulation::Injected> injected;
  std::vector<bool> fault_fired;       ///< one for each fault of the world
  std::string chosen_faults;           ///< those that struck, as Simulation::chosen_faults() tells
  std::string hash;                    ///< of the trace
  std::optional<std::string> stopped;  ///< the mediator could not go on: how it came to that
  uint64_t stack_bytes = 0;            ///< the most that a call has taken; 0: not known
  bool undecided = false;  ///< I32: no order was found, and there are more than are tried
  std::map<std::string, std::string> consoles;  ///< what programs from outside printed, by endpoint
  std::vector<std::string> notes;               ///< on how they were run, for people
  bool no_progress = false;  ///< the tasks were stuck; a violation says who waits for what
};

}  // namespace sim
