// SPDX-License-Identifier: BSD-3-Clause
// The first instructions of a program at EL1, MMU off: x0-x3 are its arguments. Zeros, a stack,
// vectors, then endpoint_main(x0, x1, x2, x3). What comes to the vectors goes to endpoint_exception.
#include "ports/aarch64/registers.inc"

  .section .text.entry, "ax"
  .global endpoint_start
endpoint_start:
  ldr x9, =image_bss_start
  ldr x10, =image_bss_end
1:
  cmp x9, x10
  b.hs 2f
  str xzr, [x9], #8
  b 1b
2:
  ldr x9, =endpoint_stack_top
  mov sp, x9
  adr x9, endpoint_vectors
  msr vbar_el1, x9
  isb
  bl endpoint_main
3:
  wfi
  b 3b

// Of another processor, turned on with x0 = the top of its stack.
  .global endpoint_second_start
endpoint_second_start:
  mov sp, x0
  adr x9, endpoint_vectors
  msr vbar_el1, x9
  isb
  bl endpoint_second_main
4:
  wfi
  b 4b

  .section .text.vectors, "ax"
  .balign 2048
endpoint_vectors:
  .rept 16
  .balign 128
  b exception
  .endr

// endpoint_exception(ESR, FAR, ELR) says where to go on.
exception:
  sub sp, sp, #256
  stp x0, x1, [sp]
  SAVE_X2_X17 sp
  stp x18, x29, [sp, #144]
  str x30, [sp, #160]
  mrs x0, esr_el1
  mrs x1, far_el1
  mrs x2, elr_el1
  bl endpoint_exception
  msr elr_el1, x0
  LOAD_X2_X17 sp
  ldp x18, x29, [sp, #144]
  ldr x30, [sp, #160]
  ldp x0, x1, [sp]
  add sp, sp, #256
  eret

  .section .bss.stack, "aw", %nobits
  .balign 4096
  .space 0x4000
endpoint_stack_top:
