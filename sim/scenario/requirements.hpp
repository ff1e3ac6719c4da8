// SPDX-License-Identifier: BSD-3-Clause
// What a scenario needs of the world's SPMC and guests, and whether they have it. Called by the
// compiler; `run` excuses expectations of a case by what is lacking. docs/scenario-format.md.
#pragma once

#include <string>

#include "sim/scenario/compile_world.hpp"

namespace sim::scenario {

/// What the world lacks of `list` (the key `requires`), in words: "hafnium 1.2: no preset_handle".
/// Empty: nothing. A word is a function that the SPMC must list, or one of the schema's. Throws
/// InputError for an unknown word.
std::string lacking(const Node& list, const CompiledWorld& world);

}  // namespace sim::scenario
