/* SPDX-License-Identifier: BSD-3-Clause */
/* A vector table for assembly: VECTOR_TABLE name, own, lower. `own` takes synchronous exceptions of
 * the level itself, `lower` those of a lower level in AArch64; whatever else comes is a crash. */
.macro VECTOR target
  .balign 128
  b \target
.endm
.macro VECTOR_TABLE name, own, lower
  .section .text.vectors, "ax"
  .balign 2048
  .global \name
\name:
  VECTOR crash_entry /* SP_EL0: synchronous, IRQ, FIQ, SError */
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR \own        /* SP_ELx */
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR \lower      /* lower level, AArch64 */
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR crash_entry /* lower level, AArch32 */
  VECTOR crash_entry
  VECTOR crash_entry
  VECTOR crash_entry
.endm
