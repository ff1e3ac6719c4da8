// SPDX-License-Identifier: BSD-3-Clause
// What tests/cross/check-elf looks for: a symbol that is nowhere, a heap, a floating-point and a
// SIMD register, a system register that is written.
#include <cstddef>

extern "C" {
void nobody_has_it();
void* malloc(size_t bytes);
void entry();

void* malloc(size_t /*bytes*/) { return nullptr; }

void entry() {
  void (*volatile call)() = nobody_has_it;
  call();
  asm volatile(".inst 0x9e670007");  // fmov d7, x0, which the compilers refuse
  asm volatile(".inst 0x4ea31c63");  // mov v3.16b, v3.16b
  asm volatile("msr tpidr_el2, x0");
}
}
