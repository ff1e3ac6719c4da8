// SPDX-License-Identifier: BSD-3-Clause
// The SPMC image expects one exception: the FIQ by which an interrupt of the normal world stops an
// SP at work. Everything else runs with interrupts masked.
#include "ports/aarch64/registers.inc"
#include "ports/qemu-virt/common/vectors.inc"

  VECTOR_TABLE sel1_vectors, crash_entry, crash_entry, sp_interrupted

  .section .text.enter_sp, "ax"
// enter_sp(SpContext*): the SP goes on where its context says; 1: an FIQ has stopped it, 0: it called
// leave_sp().
  .global enter_sp
enter_sp:
  PUSH_CALLEE_SAVED
  ldr x1, =running_sp
  mov x2, sp
  stp x0, x2, [x1]
  ldr x2, [x0, #248]
  mov sp, x2
  ldp x2, x3, [x0, #256]
  msr elr_el1, x2
  msr spsr_el1, x3
  LOAD_X2_X30 x0
  ldp x0, x1, [x0]
  eret

sp_interrupted:
  stp x0, x1, [sp, #-16]!
  ldr x0, =running_sp
  ldr x0, [x0]
  SAVE_X2_X30 x0
  ldp x2, x3, [sp], #16
  stp x2, x3, [x0]
  mov x2, sp
  mrs x3, elr_el1
  stp x2, x3, [x0, #248]
  mrs x2, spsr_el1
  str x2, [x0, #264]
  mov x0, #1
  b back_to_spmc

  .global leave_sp
leave_sp:
  msr daifset, #0xf
  mov x0, #0
back_to_spmc:
  ldr x1, =running_sp
  ldr x1, [x1, #8]
  mov sp, x1
  POP_CALLEE_SAVED
  ret

// The context of the SP that runs, and the SPMC's stack.
  .section .bss.running_sp, "aw", %nobits
  .balign 16
running_sp:
  .space 16
