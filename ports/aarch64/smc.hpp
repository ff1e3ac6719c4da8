// SPDX-License-Identifier: BSD-3-Clause
// The SMC instruction, see smc.S.
#pragma once

#include <cstdint>

/// One SMC with x0-x17 of `x` in and out. `tag` is in x18 meanwhile, for who looks from outside.
extern "C" void port_smc(uint64_t x[18], uint64_t tag);
