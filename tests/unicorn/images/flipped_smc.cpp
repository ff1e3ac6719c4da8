// SPDX-License-Identifier: BSD-3-Clause
// Linked over the mediator's own objects: the world switch with one bit turned in a register
// of FFA_VERSION that nobody reads. An image that is only a little wrong must be noticed.
#include "ports/aarch64/smc.hpp"

extern "C" void __real_port_smc(uint64_t x[18], uint64_t tag);
extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag);

extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag) {
  constexpr uint64_t version = 0x8400'0063;
  if (x[0] == version) x[7] ^= 1;
  __real_port_smc(x, tag);
}
