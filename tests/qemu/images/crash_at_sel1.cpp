// SPDX-License-Identifier: BSD-3-Clause
// An SPMC that reads where nothing is when memory is shared.
#include "ffa/reply.hpp"
#include "spmc-model/spmc.hpp"
#include "tests/qemu/images/nowhere.hpp"

ffa::Regs real_smc(spmc_model::Spmc* self,
                   const ffa::Regs& in) asm("__real__ZN10spmc_model4Spmc3smcERKN3ffa4RegsE");
ffa::Regs smc_that_breaks(spmc_model::Spmc* self,
                          const ffa::Regs& in) asm("__wrap__ZN10spmc_model4Spmc3smcERKN3ffa4RegsE");

ffa::Regs smc_that_breaks(spmc_model::Spmc* self, const ffa::Regs& in) {
  if (ffa::is_function(in, ffa::Fid::mem_share)) read_nowhere();
  return real_smc(self, in);
}
