// SPDX-License-Identifier: BSD-3-Clause
// I33, what is refused for now is not refused for good: once a run is over and nothing fails any
// more, VMs do what is theirs to do, and then the calls that were told to come back later get on.
#pragma once

#include <span>

#include "sim/check/guest_state.hpp"
#include "sim/engine/simulation.hpp"

namespace sim::check {

/// Goes on with a world whose trace so far is `events`, which it has not itself any more: lets SPs
/// come to an end that were stopped in a VM's request, has RX released, and makes calls again that
/// were answered BUSY or RETRY. Reports I33 where one is so still. No task runs. What happens is
/// not in `events`.
void check_progress(Simulation& simulation, std::span<const trace::Event> events,
                    const GuestStates& guests);

}  // namespace sim::check
