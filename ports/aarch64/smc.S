// SPDX-License-Identifier: BSD-3-Clause
// void port_smc(uint64_t x[18], uint64_t tag): one SMC with x0-x17 from x, and back into it. `tag` is in x18 during the
// call, where nothing of FF-A is: who looks from outside may learn from it on whose behalf the call is made.
#include "ports/aarch64/registers.inc"

.section .text.port_smc, "ax"
.global port_smc
.type port_smc, %function
port_smc:
    stp x29, x30, [sp, #-32]!
    mov x29, sp
    str x0, [sp, #16]
    mov x18, x1
    LOAD_X2_X17 x0
    ldp x0, x1, [x0]
    smc #0
    ldr x30, [sp, #16]
    stp x0, x1, [x30]
    SAVE_X2_X17 x30
    ldp x29, x30, [sp], #32
    ret
.size port_smc, . - port_smc
.section .note.GNU-stack, "", %progbits
