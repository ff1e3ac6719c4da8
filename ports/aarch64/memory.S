// SPDX-License-Identifier: BSD-3-Clause
// memcpy and memset, which a compiler calls by itself: 32 bytes a round, each byte read once and every access aligned, with
// general registers only. What lies askew goes byte by byte. memmove (runtime.cpp) needs that each round of memcpy loads all of
// its bytes before it stores the first one.

.section .text.memcpy, "ax"
.global memcpy
.type memcpy, %function
memcpy:
    orr x4, x0, x1
    mov x3, x0
    tst x4, #7
    b.ne 6f
    subs x2, x2, #32
    b.lo 2f
1:  ldp x4, x5, [x1], #16
    ldp x6, x7, [x1], #16
    subs x2, x2, #32
    stp x4, x5, [x3], #16
    stp x6, x7, [x3], #16
    b.hs 1b
    // x2 is 32 less than what is left: its lower bits are the same.
2:  tbz x2, #4, 3f
    ldp x4, x5, [x1], #16
    stp x4, x5, [x3], #16
3:  tbz x2, #3, 4f
    ldr x4, [x1], #8
    str x4, [x3], #8
4:  tbz x2, #2, 5f
    ldr w4, [x1], #4
    str w4, [x3], #4
5:  and x2, x2, #3
6:  cbz x2, 8f
7:  ldrb w4, [x1], #1
    subs x2, x2, #1
    strb w4, [x3], #1
    b.ne 7b
8:  ret
.size memcpy, . - memcpy

.section .text.memset, "ax"
.global memset
.type memset, %function
memset:
    mov x3, x0
    tst x0, #7
    b.ne 6f
    and x4, x1, #0xff
    cbz x4, 1f
    mov x5, #0x0101010101010101
    mul x4, x4, x5
1:  subs x2, x2, #32
    b.lo 3f
2:  stp x4, x4, [x3], #16
    subs x2, x2, #32
    stp x4, x4, [x3], #16
    b.hs 2b
3:  tbz x2, #4, 4f
    stp x4, x4, [x3], #16
4:  tbz x2, #3, 5f
    str x4, [x3], #8
5:  and x2, x2, #7
6:  cbz x2, 8f
7:  strb w1, [x3], #1
    subs x2, x2, #1
    b.ne 7b
8:  ret
.size memset, . - memset
.section .note.GNU-stack, "", %progbits
