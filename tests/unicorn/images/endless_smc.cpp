// SPDX-License-Identifier: BSD-3-Clause
// Linked over the mediator's own objects: a world switch that waits for ever where memory is
// reclaimed.
#include "ports/aarch64/smc.hpp"

extern "C" void __real_port_smc(uint64_t x[18], uint64_t tag);
extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag);

extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag) {
  constexpr uint64_t mem_reclaim = 0x8400'0077;
  while (x[0] == mem_reclaim) asm volatile("" ::: "memory");
  __real_port_smc(x, tag);
}
