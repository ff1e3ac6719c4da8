// SPDX-License-Identifier: BSD-3-Clause
// Runs a compiled case on a machine that QEMU boots: monitor at EL3, SPMC model at S-EL1, the
// mediator at EL2, the guest programs at EL1. Judged on the host by what the machine has recorded.
#pragma once

#include <string>

#include "sim/engine/run.hpp"
#include "sim/qemu/board.hpp"
#include "sim/qemu/package.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::qemu {

/// One run; another where a creation of a VM did not come to what the plan of its pages took for
/// granted. The case is one that why_not() has nothing against. A machine that does not end well
/// is a mediator that has stopped. Throws InputError for a record that is none.
RunRecord run(const scenario::CompiledCase& compiled, Board& board, const Boot& boot = {});

}  // namespace sim::qemu
