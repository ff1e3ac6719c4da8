// SPDX-License-Identifier: BSD-3-Clause
// Linked over the mediator's own objects: a world switch that faults where memory is shared.
#include "ports/aarch64/smc.hpp"

extern "C" void __real_port_smc(uint64_t x[18], uint64_t tag);
extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag);

extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag) {
  constexpr uint64_t mem_share_32 = 0x8400'0073;
  uint64_t nowhere = 0x10;
  asm("" : "+r"(nowhere));
  if ((x[0] & ~uint64_t{0x4000'0000}) == mem_share_32)
    x[0] = *reinterpret_cast<volatile uint64_t*>(nowhere);
  __real_port_smc(x, tag);
}
