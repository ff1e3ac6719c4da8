// SPDX-License-Identifier: BSD-3-Clause
// Calls of programs at EL1.
#pragma once

#include <cstdint>

#include "ffa/regs.hpp"
#include "ports/aarch64/smc.hpp"

namespace ports::endpoint {

/// One SMC; the arguments that are not named are 0. Returns x0-x17.
inline ffa::Regs smc(uint64_t x0, uint64_t x1 = 0, uint64_t x2 = 0, uint64_t x3 = 0) {
  ffa::Regs regs;
  regs.x[0] = x0;
  regs.x[1] = x1;
  regs.x[2] = x2;
  regs.x[3] = x3;
  port_smc(regs.x.data(), 0);
  return regs;
}

}  // namespace ports::endpoint
