// SPDX-License-Identifier: BSD-3-Clause
// The end of an image that took an exception which nobody expects: says where, why and called by
// whom.
#include "ports/qemu-virt/common/backtrace.hpp"

#ifndef IMAGE_EL
#error "IMAGE_EL: the exception level that this image runs at"
#endif
#define READ_AT_EL_(name, level) asm volatile("mrs %0, " #name "_el" #level : "=r"(name))
#define READ_AT_EL(name, level) READ_AT_EL_(name, level)

extern "C" const char image_data_start[], image_end[];

/// On a stack of its own (start.S): the one that broke may be used up.
extern "C" [[noreturn]] void report_crash(uint64_t frame_pointer, uint64_t link) {
  static bool reporting;
  if (reporting) ports::qemu::exit_machine(ports::qemu::exit_crash);
  reporting = true;
  uint64_t esr = 0;
  uint64_t elr = 0;
  uint64_t far = 0;
  READ_AT_EL(esr, IMAGE_EL);
  READ_AT_EL(elr, IMAGE_EL);
  READ_AT_EL(far, IMAGE_EL);
  const auto begin = reinterpret_cast<uintptr_t>(image_data_start);
  const auto end = reinterpret_cast<uintptr_t>(image_end);
  ports::qemu::print_crash(IMAGE_NAME, esr, elr, far, frame_pointer, link, {begin, end, begin});
  ports::qemu::exit_machine(ports::qemu::exit_crash);
}
