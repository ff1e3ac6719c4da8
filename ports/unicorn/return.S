// SPDX-License-Identifier: BSD-3-Clause
// Where every function of the image returns to: tells the outside that it is back, with its result.
.section .text.entry, "ax"
.global image_return
.type image_return, %function
image_return:
    mov x1, x0
    mov x0, #0
    hvc #0
    brk #0
.size image_return, . - image_return
.section .note.GNU-stack, "", %progbits
