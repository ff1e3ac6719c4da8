// SPDX-License-Identifier: BSD-3-Clause
// uint64_t probe_words(uint64_t address): the 8 bytes there, or 0 if the access aborts. Leaves
// VBAR_EL2 as prepare_el2() is to find it: its own.
#include "ports/qemu-virt/common/vectors.inc"

  VECTOR_TABLE probe_vectors, probe_failed, crash_entry

  .section .text.probe_words, "ax"
  .global probe_words
probe_words:
  adr x9, probe_vectors
  msr vbar_el2, x9
  isb
  ldr x0, [x0]
  dsb sy
  ret

probe_failed:
  mov x0, #0
  msr elr_el2, x30
  eret
