// SPDX-License-Identifier: BSD-3-Clause
// Linked over the mediator's own objects: the world switch with one bit of its fourth argument
// turned. An image that is a little wrong must be noticed.
#include "ports/aarch64/smc.hpp"

extern "C" void __real_port_smc(uint64_t x[18], uint64_t tag);
extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag);

extern "C" void __wrap_port_smc(uint64_t x[18], uint64_t tag) {
  x[4] ^= 1;
  __real_port_smc(x, tag);
}
