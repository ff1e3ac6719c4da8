// SPDX-License-Identifier: BSD-3-Clause
// The first instructions, from secure flash at EL3: all CPUs but the first wait until EL3 wants them;
// it copies the images of EL3 and S-EL1 into secure RAM, where they were linked to run, and goes to
// EL3's.
#include "ports/qemu-virt/memory_map.h"

  .section .text.entry, "ax"
  .global boot_start
boot_start:
  mrs x9, mpidr_el1
  and x9, x9, #0xff
  cbnz x9, park
  ldr x0, =EL3_RAM
  ldr x1, =el3_image
  ldr x2, =el3_image_end
  bl copy
  ldr x0, =SEL1_RAM
  ldr x1, =sel1_image
  ldr x2, =sel1_image_end
  bl copy
  ldr x9, =EL3_RAM
  br x9

// x0: to; x1, x2: from and its end, 8-byte aligned.
copy:
  cmp x1, x2
  b.hs 1f
  ldr x3, [x1], #8
  str x3, [x0], #8
  b copy
1:
  ret

park:
  ldr x9, =EL3_MAILBOX
1:
  wfe
  ldr x10, [x9]
  cbz x10, 1b
  br x10

  .section .rodata.images, "a"
  .balign 64
el3_image:
  .incbin EL3_IMAGE
  .balign 8
el3_image_end:
  .balign 64
sel1_image:
  .incbin SEL1_IMAGE
  .balign 8
sel1_image_end:
