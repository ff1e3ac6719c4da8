// SPDX-License-Identifier: BSD-3-Clause
// A vCPU's first instruction (its stack and x0-x3 are EL2's doing), its vectors, and the accesses
// to guest memory that may fail.
#include "ports/aarch64/registers.inc"
#include "ports/qemu-virt/common/vectors.inc"
#include "ports/qemu-virt/memory_map.h"

  .section .text.entry, "ax"
  .global guest_start
guest_start:
  adr x9, guest_vectors
  msr vbar_el1, x9
  isb
  bl guest_main
  hvc #HVC_MALFORMED
1:
  b 1b

  VECTOR_TABLE guest_vectors, guest_abort, crash_entry

// An exception of the guest itself. Of an access below: the access returns "failed".
guest_abort:
  stp x9, x10, [sp, #-16]!
  mrs x9, elr_el1
  adr x10, guest_access_begin
  cmp x9, x10
  b.lo 1f
  adr x10, guest_access_end
  cmp x9, x10
  b.hs 1f
  adr x9, guest_access_failed
  msr elr_el1, x9
  ldp x9, x10, [sp], #16
  eret
1:
  ldp x9, x10, [sp], #16
  b crash_entry

// EL2 knows more of the machine than a guest does: it reports.
crash_entry:
  mrs x0, esr_el1
  mrs x1, elr_el1
  mrs x2, far_el1
  hvc #HVC_CRASH

// A load returns the value in x0 and 1 in x1, a store 1 in x0; failed: 0 in both.
  .section .text.guest_access, "ax"
  .balign 16
guest_access_begin:
  .global guest_load8
guest_load8:
  mov x1, #1
  ldrb w0, [x0]
  ret
  .global guest_load64
guest_load64:
  mov x1, #1
  ldr x0, [x0]
  ret
  .global guest_store8
guest_store8:
  strb w1, [x0]
  mov x0, #1
  ret
  .global guest_store64
guest_store64:
  str x1, [x0]
  mov x0, #1
  ret
guest_access_end:
guest_access_failed:
  mov x0, #0
  mov x1, #0
  ret

// hvc_call(uint64_t x[18]): one HVC #0 with x0-x17, the reply in place.
  .section .text.hvc_call, "ax"
  .global hvc_call
hvc_call:
  stp x29, x30, [sp, #-32]!
  mov x29, sp
  str x0, [sp, #16]
  LOAD_X2_X17 x0
  ldp x0, x1, [x0]
  hvc #HVC_CALL
  ldr x30, [sp, #16]
  stp x0, x1, [x30]
  SAVE_X2_X17 x30
  ldp x29, x30, [sp], #32
  ret
