// SPDX-License-Identifier: BSD-3-Clause
// An SPMD that says of the SPMC that it has another id.
#include "ffa/reply.hpp"
#include "ports/qemu-virt/el3/spmd.hpp"

el3::Next real_from_normal(el3::Spmd* self,
                           ffa::Regs& regs) asm("__real__ZN3el34Spmd11from_normalERN3ffa4RegsE");
el3::Next from_normal_with_another_id(el3::Spmd* self, ffa::Regs& regs) asm(
    "__wrap__ZN3el34Spmd11from_normalERN3ffa4RegsE");

el3::Next from_normal_with_another_id(el3::Spmd* self, ffa::Regs& regs) {
  const bool id = ffa::is_function(regs, ffa::Fid::spm_id_get);
  const el3::Next next = real_from_normal(self, regs);
  if (id && next == el3::Next::caller) regs.x[2] = 0x8765;
  return next;
}
