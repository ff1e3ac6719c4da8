// SPDX-License-Identifier: BSD-3-Clause
// The end of an image that took an exception which nobody expects: says where and why.
#include "ports/qemu-virt/common/console.hpp"

#ifndef IMAGE_EL
#error "IMAGE_EL: the exception level that this image runs at"
#endif
#define READ_AT_EL_(name, level) asm volatile("mrs %0, " #name "_el" #level : "=r"(value))
#define READ_AT_EL(name, level) READ_AT_EL_(name, level)

extern "C" [[noreturn]] void crash_entry() {
  uint64_t value = 0;
  ports::qemu::print("crash at " IMAGE_NAME ": ESR ");
  READ_AT_EL(esr, IMAGE_EL);
  ports::qemu::print_hex(value);
  ports::qemu::print(" ELR ");
  READ_AT_EL(elr, IMAGE_EL);
  ports::qemu::print_hex(value);
  ports::qemu::print(" FAR ");
  READ_AT_EL(far, IMAGE_EL);
  ports::qemu::print_hex(value);
  ports::qemu::print("\n");
  ports::qemu::exit_machine(ports::qemu::exit_crash);
}
