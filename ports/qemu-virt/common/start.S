// SPDX-License-Identifier: BSD-3-Clause
// Entry of the EL3, S-EL1 and EL2 images: .bss zero, own stack, then image_main(x0, x1).
  .section .text.entry, "ax"
  .global image_start
image_start:
  ldr x9, =image_bss_start
  ldr x10, =image_bss_end
1:
  cmp x9, x10
  b.hs 2f
  str xzr, [x9], #8
  b 1b
2:
  ldr x9, =image_stack_top
  mov sp, x9
  bl image_main
3:
  wfe
  b 3b

// An exception that nobody expects, with the registers of the code that took it.
  .global crash_entry
crash_entry:
  mov x0, x29
  mov x1, x30
  ldr x2, =crash_stack_top
  mov sp, x2
  bl report_crash

  .section .bss.stack, "aw", %nobits
  .balign 16
  .space 0x1000
crash_stack_top:
  .balign 4096
  .space 0x40000
  .global image_stack_top
image_stack_top:
