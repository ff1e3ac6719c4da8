// SPDX-License-Identifier: BSD-3-Clause
// Into EL3 by an SMC of either world, and out of it again. TPIDR_EL3 points to the running World.
#include "ports/qemu-virt/common/vectors.inc"

  VECTOR_TABLE el3_vectors, crash_entry, smc_entry

// An SMC: the registers into the World, then smc_from(World*) says which World goes on.
smc_entry:
  stp x0, x1, [sp, #-16]!
  mrs x0, tpidr_el3
  stp x2, x3, [x0, #16]
  stp x4, x5, [x0, #32]
  stp x6, x7, [x0, #48]
  stp x8, x9, [x0, #64]
  stp x10, x11, [x0, #80]
  stp x12, x13, [x0, #96]
  stp x14, x15, [x0, #112]
  stp x16, x17, [x0, #128]
  stp x18, x19, [x0, #144]
  stp x20, x21, [x0, #160]
  stp x22, x23, [x0, #176]
  stp x24, x25, [x0, #192]
  stp x26, x27, [x0, #208]
  stp x28, x29, [x0, #224]
  str x30, [x0, #240]
  ldp x2, x3, [sp], #16
  stp x2, x3, [x0]
  mrs x2, elr_el3
  mrs x3, spsr_el3
  stp x2, x3, [x0, #248]
  bl smc_from

// enter_world(World* in x0): never returns.
  .global enter_world
enter_world:
  msr tpidr_el3, x0
  ldp x2, x3, [x0, #248]
  msr elr_el3, x2
  msr spsr_el3, x3
  ldr x2, [x0, #264]
  msr scr_el3, x2
  isb
  ldp x2, x3, [x0, #16]
  ldp x4, x5, [x0, #32]
  ldp x6, x7, [x0, #48]
  ldp x8, x9, [x0, #64]
  ldp x10, x11, [x0, #80]
  ldp x12, x13, [x0, #96]
  ldp x14, x15, [x0, #112]
  ldp x16, x17, [x0, #128]
  ldp x18, x19, [x0, #144]
  ldp x20, x21, [x0, #160]
  ldp x22, x23, [x0, #176]
  ldp x24, x25, [x0, #192]
  ldp x26, x27, [x0, #208]
  ldp x28, x29, [x0, #224]
  ldr x30, [x0, #240]
  ldp x0, x1, [x0]
  eret
