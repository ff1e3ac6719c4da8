// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/common/console.hpp"

namespace ports::qemu {
namespace {

unsigned exception_level() {
  uint64_t value = 0;
  asm("mrs %0, CurrentEL" : "=r"(value));
  return static_cast<unsigned>(value >> 2) & 3U;
}

}  // namespace

void print_hex(uint64_t value) {
  char text[19] = "0x";
  for (unsigned n = 0; n < 16; ++n) {
    const unsigned digit = static_cast<unsigned>(value >> (60 - 4 * n)) & 0xfU;
    text[2 + n] = static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
  }
  text[18] = '\0';
  print(text);
}

void give_up(uint32_t status, const char* text) {
  const char level[] = {'E', 'L', static_cast<char>('0' + exception_level()), ':', ' ', '\0'};
  print(level);
  print(text);
  print("\n");
  exit_machine(status);
}

}  // namespace ports::qemu
