// SPDX-License-Identifier: BSD-3-Clause
// An EL3 that reads where nothing is when the normal world shares memory.
#include "ffa/reply.hpp"
#include "ports/qemu-virt/el3/spmd.hpp"
#include "tests/qemu/images/nowhere.hpp"

el3::Next real_from_normal(el3::Spmd* self,
                           ffa::Regs& regs) asm("__real__ZN3el34Spmd11from_normalERN3ffa4RegsE");
el3::Next from_normal_that_breaks(el3::Spmd* self, ffa::Regs& regs) asm(
    "__wrap__ZN3el34Spmd11from_normalERN3ffa4RegsE");

el3::Next from_normal_that_breaks(el3::Spmd* self, ffa::Regs& regs) {
  if (ffa::is_function(regs, ffa::Fid::mem_share)) read_nowhere();
  return real_from_normal(self, regs);
}
