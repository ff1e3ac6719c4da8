// SPDX-License-Identifier: BSD-3-Clause
// The borders of the image, see image_abi.hpp.
#include "ports/aarch64/registers.inc"

// Where every function that the outside calls returns to: tells it so, with the result.
.section .text.entry, "ax"
.global image_return
.type image_return, %function
image_return:
    mov x1, x0
    mov x0, #0
    hvc #0
    brk #0
.size image_return, . - image_return

// A guest's call. Of the guest's registers those that functions may change are kept on the stack:
// x0-x17, where the mediator finds them, then x18, x29, x30.
.global image_guest_call
.type image_guest_call, %function
image_guest_call:
    sub sp, sp, #176
    stp x0, x1, [sp]
    SAVE_X2_X17 sp
    stp x18, x29, [sp, #144]
    str x30, [sp, #160]
    mrs x9, tpidr_el2
    ldr x0, [x9]
    ldp w1, w2, [x9, #8]
    ldr w3, [x9, #16]
    mov x4, sp
    mov x29, #0
    bl image_handle_call
    mrs x9, tpidr_el2
    str w0, [x9, #20]
    ldp x18, x29, [sp, #144]
    ldr x30, [sp, #160]
    LOAD_X2_X17 sp
    ldp x0, x1, [sp]
    add sp, sp, #176
.global image_guest_return
image_guest_return:
    hvc #0
    brk #0
.size image_guest_call, . - image_guest_call
.section .note.GNU-stack, "", %progbits
