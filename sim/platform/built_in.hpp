// SPDX-License-Identifier: BSD-3-Clause
// The entry of the mediator that is linked in. instance.cpp defines it; mediator_under_test.cpp
// calls it.
#pragma once

#include <cstdint>

#include "sim/platform/ffa_sim_mediator.h"

namespace sim {

/// As ffa_mediator_entry() of a plug-in.
const ffa_sim_mediator_ops* built_in_entry(uint32_t abi_version);

}  // namespace sim
