// SPDX-License-Identifier: BSD-3-Clause
// An EL2 that forgets stage 2: its guests reach physical addresses as they are.
#include <cstdint>

extern "C" void __real_enter_guest(void* context);
extern "C" void __wrap_enter_guest(void* context);

void __wrap_enter_guest(void* context) {
  constexpr uint64_t vm_and_dc = 1 | 1 << 12;
  uint64_t hcr = 0;
  asm volatile("mrs %0, hcr_el2" : "=r"(hcr));
  asm volatile("msr hcr_el2, %0; isb" ::"r"(hcr & ~vm_and_dc));
  __real_enter_guest(context);
}
