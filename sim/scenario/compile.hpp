// SPDX-License-Identifier: BSD-3-Clause
// The scenario compiler: one case in, a world, byte code for each vCPU and the host, and typed
// expectations out. Pure: no file, no simulator. Called by the command line and by tests; the
// engine runs what it makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/scenario/expect.hpp"

namespace sim {
struct Case;  // case.hpp; without it, who only runs compiled cases needs no JSON
}

namespace sim::scenario {

/// Who does a step.
struct Actor {
  bool host = false;
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  std::string name;  ///< "vm1.0", "host"
};

/// How success looks for a step's call, where nothing else is said.
enum class SuccessForm : uint8_t {
  ffa,       ///< w0 is FFA_SUCCESS, either width
  version,   ///< w0 is a version: bit 31 clear
  direct,    ///< w0 is FFA_MSG_SEND_DIRECT_RESP, either width
  retrieve,  ///< w0 is FFA_MEM_RETRIEVE_RESP
  fragment,  ///< w0 is FFA_MEM_FRAG_TX
  none,      ///< the step makes no call
};

/// A step that runs a program from outside.
struct ImageStep {
  uint64_t instructions = 0;  ///< at most
  std::string until;          ///< what it prints last, `*` for anything; empty: it goes on
};

struct CompiledStep {
  std::string pointer;  ///< "/steps/3"
  std::string what;     ///< its `do`
  Actor actor;
  uint32_t repetition = 0;
  SuccessForm success = SuccessForm::ffa;
  bool regs_entries = false;      ///< partitions are reported in registers
  bool asks_sp = false;           ///< a request to a memory_user: success is also the SP's
  bool judged_by_default = true;  ///< without an expectation the call must succeed
  std::optional<ImageStep> image{};
  std::vector<Expectation> expect{};  ///< the first that fits is taken; empty: the default
};

struct VcpuProgram {
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  std::vector<std::byte> code;
};

struct CompiledCase {
  std::string name;
  std::string file;
  std::vector<std::string> covers;
  WorldSpec world;
  std::vector<VcpuProgram> programs;
  std::vector<std::byte> control;
  std::vector<CompiledStep> steps;  ///< by step number, the guests' setup first
  std::vector<FinalExpectation> expect;
  std::vector<std::string> backends;
  bool portable = true;
  std::string why_not_portable;
  std::string choices;  ///< decisions to take, as Choices::to_text() writes them; may be empty
  /// Fault runs that are not given by a number: the faults with nth "sweep", and those with answer
  /// "each_status".
  std::vector<size_t> sweeps;
  std::vector<size_t> each_status;
  bool only_invariants = false;  ///< expectations don't count; at the end every VM is destroyed
  std::string lacks;  ///< what the scenario requires and the world has not, in words; may be empty
};

/// Throws InputError("file:/pointer", reason): unknown names, unset slots, numbers out of range,
/// overlapping regions, …
CompiledCase compile(const Case& source);

}  // namespace sim::scenario
