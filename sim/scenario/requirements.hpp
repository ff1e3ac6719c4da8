// SPDX-License-Identifier: BSD-3-Clause
// What a scenario says of the world's SPMC and guests, read from the SPMC's personality. Called by
// the compiler; `run` excuses expectations of a case by what is lacking. docs/scenario-format.md.
#pragma once

#include <string>

#include "sim/scenario/compile_world.hpp"

namespace sim::scenario {

/// What the world lacks of `list` (the key `requires`), in words: "hafnium 1.2: no preset_handle".
/// Empty: nothing. A word is a function that the SPMC must list, or one of the schema's. Throws
/// InputError for an unknown word.
std::string lacking(const Node& list, const CompiledWorld& world);

/// True if the SPMC is told of this VM's RX and TX, too: it has all functions that a hypervisor
/// needs for that, and the VM is one that SPs can send messages to. An empty RX is then the SPMC's.
/// [DEN0077A 1.2 §7.2.2]
bool spmc_holds_buffers(const CompiledWorld& world, const GuestFacts& guest);

}  // namespace sim::scenario
