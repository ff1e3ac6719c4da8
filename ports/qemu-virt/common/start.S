// SPDX-License-Identifier: BSD-3-Clause
// Entry of the EL3, S-EL1 and EL2 images: own stack, .bss zero, then image_main(x0, x1).
  .section .text.start, "ax"
  .global _start
_start:
  mrs x9, mpidr_el1
  and x9, x9, #0xff
  cbnz x9, park
  ldr x9, =image_stack_top
  mov sp, x9
  ldr x9, =image_bss_start
  ldr x10, =image_bss_end
1:
  cmp x9, x10
  b.hs 2f
  str xzr, [x9], #8
  b 1b
2:
  bl image_main
park:
  wfe
  b park
