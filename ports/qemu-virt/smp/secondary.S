// SPDX-License-Identifier: BSD-3-Clause
// Where the second CPU enters EL2, its stack's top in x0; and the guest program of both.
  .section .text.secondary, "ax"
  .global smp_start
smp_start:
  mov sp, x0
  bl secondary_main

  .section .rodata.smp_guest, "a"
  .balign 4096
  .global smp_guest
  .global smp_guest_end
smp_guest:
  .incbin SMP_GUEST
  .balign 4096
smp_guest_end:
