// SPDX-License-Identifier: BSD-3-Clause
// Invariants of a trace alone: for runs that no simulator has watched, as of a machine that QEMU
// boots.
#pragma once

#include <span>
#include <vector>

#include "sim/engine/simulation.hpp"

namespace sim {

/// What breaks I15, I23 to I28 or I30 in `events`, which are all that happened in this world, in
/// order of their beginnings, one step at a time; without what of I26 only the mediator's facts
/// tell. `faulted`: a fault struck.
std::vector<Violation> check_trace(const WorldSpec& spec, std::span<const trace::Event> events,
                                   bool faulted);

}  // namespace sim
