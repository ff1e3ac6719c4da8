// SPDX-License-Identifier: BSD-3-Clause
// Into EL3 by an SMC of either world, and out of it again. TPIDR_EL3 points to the running World.
#include "ports/aarch64/registers.inc"
#include "ports/qemu-virt/common/vectors.inc"

// Half of the image's stack is each CPU's: 128 KiB.
.macro OWN_STACK a, b
  ldr \a, =image_stack_top
  mrs \b, mpidr_el1
  and \b, \b, #1
  sub \a, \a, \b, lsl #17
  mov sp, \a
.endm

  VECTOR_TABLE el3_vectors, crash_entry, smc_entry

// An SMC: the registers into the World, then smc_from(World*) says which World goes on.
smc_entry:
  stp x0, x1, [sp, #-16]!
  mrs x0, tpidr_el3
  SAVE_X2_X30 x0
  ldp x2, x3, [sp], #16
  stp x2, x3, [x0]
  mrs x2, elr_el3
  mrs x3, spsr_el3
  stp x2, x3, [x0, #248]
  bl smc_from

// The second CPU's first instruction in this image.
  .global el3_secondary
el3_secondary:
  OWN_STACK x9, x10
  bl secondary_main

// enter_world(World* in x0): never returns; what called it leaves nothing on the stack.
  .global enter_world
enter_world:
  OWN_STACK x2, x3
  msr tpidr_el3, x0
  ldp x2, x3, [x0, #248]
  msr elr_el3, x2
  msr spsr_el3, x3
  ldr x2, [x0, #264]
  msr scr_el3, x2
  isb
  LOAD_X2_X30 x0
  ldp x0, x1, [x0]
  eret
