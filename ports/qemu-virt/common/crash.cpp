// SPDX-License-Identifier: BSD-3-Clause
// The end of an image that took an exception which nobody expects: says where and why.
#include "ports/qemu-virt/common/semihosting.hpp"

#ifndef IMAGE_EL
#error "IMAGE_EL: the exception level that this image runs at"
#endif
#define READ_AT_EL_(name, level) \
  asm volatile("mrs %0, " #name "_el" #level : "=r"(value))
#define READ_AT_EL(name, level) READ_AT_EL_(name, level)

extern "C" [[noreturn]] void crash_entry() {
  uint64_t value = 0;
  port::print("crash at " IMAGE_NAME ": ESR ");
  READ_AT_EL(esr, IMAGE_EL);
  port::print_hex(value);
  port::print(" ELR ");
  READ_AT_EL(elr, IMAGE_EL);
  port::print_hex(value);
  port::print(" FAR ");
  READ_AT_EL(far, IMAGE_EL);
  port::print_hex(value);
  port::print("\n");
  port::exit_machine(port::exit_crash);
}
