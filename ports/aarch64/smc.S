// SPDX-License-Identifier: BSD-3-Clause
// void port_smc(uint64_t x[18], uint64_t tag): one SMC with x0-x17 from x, and back into it. `tag` is in x18 during the
// call, where nothing of FF-A is: who looks from outside may learn from it on whose behalf the call is made.
.section .text.port_smc, "ax"
.global port_smc
.type port_smc, %function
port_smc:
    stp x29, x30, [sp, #-32]!
    mov x29, sp
    str x0, [sp, #16]
    mov x18, x1
    ldp x2, x3, [x0, #16]
    ldp x4, x5, [x0, #32]
    ldp x6, x7, [x0, #48]
    ldp x8, x9, [x0, #64]
    ldp x10, x11, [x0, #80]
    ldp x12, x13, [x0, #96]
    ldp x14, x15, [x0, #112]
    ldp x16, x17, [x0, #128]
    ldp x0, x1, [x0]
    smc #0
    ldr x30, [sp, #16]
    stp x0, x1, [x30]
    stp x2, x3, [x30, #16]
    stp x4, x5, [x30, #32]
    stp x6, x7, [x30, #48]
    stp x8, x9, [x30, #64]
    stp x10, x11, [x30, #80]
    stp x12, x13, [x30, #96]
    stp x14, x15, [x30, #112]
    stp x16, x17, [x30, #128]
    ldp x29, x30, [sp], #32
    ret
.size port_smc, . - port_smc
.section .note.GNU-stack, "", %progbits
