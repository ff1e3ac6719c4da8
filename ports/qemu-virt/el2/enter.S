// SPDX-License-Identifier: BSD-3-Clause
// EL2's vectors; enter_guest(GuestContext*) goes down to EL1 and returns at the next exit to EL2.
#include "ports/aarch64/registers.inc"
#include "ports/qemu-virt/common/vectors.inc"
#include "ports/qemu-virt/memory_map.h"

  VECTOR_TABLE el2_vectors, crash_entry, guest_exit

  .section .text.enter_guest, "ax"
  .global enter_guest
enter_guest:
  PUSH_CALLEE_SAVED
  msr tpidr_el2, x0
  ldp x2, x3, [x0, #248]
  msr elr_el2, x2
  msr spsr_el2, x3
  LOAD_X2_X30 x0
  ldp x0, x1, [x0]
  eret

guest_exit:
  stp x0, x1, [sp, #-16]!
  mrs x0, tpidr_el2
  SAVE_X2_X30 x0
  ldp x2, x3, [sp], #16
  stp x2, x3, [x0]
  mrs x2, elr_el2
  mrs x3, spsr_el2
  stp x2, x3, [x0, #248]
  mrs x2, esr_el2
  mrs x3, far_el2
  stp x2, x3, [x0, #264]
  mrs x2, hpfar_el2
  str x2, [x0, #280]
  POP_CALLEE_SAVED
  ret

  .section .rodata.el1, "a"
  .balign 4096
  .global el1_image
  .global el1_image_end
el1_image:
  .incbin EL1_IMAGE
  .balign 4096
el1_image_end:
