// SPDX-License-Identifier: BSD-3-Clause
// Turns the JSON of expectations into expect.hpp's types: picks by `when`, resolves names, notes
// what has to be dumped.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/scenario/compile_dumps.hpp"
#include "sim/scenario/compile_node.hpp"
#include "sim/scenario/compile_value.hpp"
#include "sim/scenario/compile_world.hpp"
#include "sim/scenario/expect.hpp"
#include "sim/scenario/optee_calls.hpp"

namespace sim::scenario {

/// All that an expectation may refer to. `guest` is the VM of the step; for a step of the host the
/// VM that it names, or the first one.
struct ExpectContext {
  const CompiledWorld& world;
  const std::map<std::string, std::string>& variables;
  const GuestFacts& guest;
  ValueContext values;
  Dumps& dumps;
  const OpteeRequest* optee = nullptr;  ///< that the step makes
  bool judged = true;                   ///< what is silent is judged, too
};

/// `node` is one expectation or a list. Entries whose conditions can't hold are gone; fails if none
/// is left.
std::vector<Expectation> compile_expect(const Node& node, const ExpectContext& context);
std::vector<FinalExpectation> compile_final_expect(const Node& node, const ExpectContext& context);

/// The parts that steps of kind `check` share with expectations.
std::vector<ExpectedMemory> compile_memory(const Node& list, const ExpectContext& context);
ExpectedState compile_state(const Node& node, const ExpectContext& context);

/// What a reply must be, into `to`; and its registers, of which `node` names some.
void compile_replies(const Node& node, const ExpectContext& context, Expectation& to);
std::vector<ExpectedRegister> expected_registers(const Node& node, const ExpectContext& context);

// expect_image.cpp: of programs from outside.
ExpectedImage compile_image(const Node& node, const ExpectContext& context);
std::vector<ExpectedConsole> compile_consoles(const Node& node, const CompiledWorld& world);

/// "vm1.0" → VM and vCPU that exist; fails otherwise.
std::pair<const GuestFacts*, uint16_t> vcpu_of(const Node& node, const CompiledWorld& world);

/// Ranges as a list of [address, pages] or {count, first, stride, pages}.
std::vector<std::pair<uint64_t, uint64_t>> compile_ranges(const Node& node,
                                                          const ValueContext& values);

/// "rw", "ro", "none" or the byte itself.
uint8_t permissions_of(const Node& node);

}  // namespace sim::scenario
