// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/interrupts.hpp"

#include "ports/qemu-virt/common/gic.hpp"

namespace ports::qemu {
namespace {

/// Ticks of the system counter (62.5 MHz): so long that an SMC has come to the SP, so short that
/// the SP is at work.
constexpr uint64_t ticks_until_interrupt = 1000;
constexpr uint64_t all_priorities = 0xff;
constexpr uint64_t first_special = 1020;  // numbers from here on are no interrupt's

}  // namespace

void enable_timer_interrupt() {
  asm volatile("msr " FFA_ICC_SRE_EL2 ", %0; isb; msr " FFA_ICC_PMR_EL1
               ", %1; msr " FFA_ICC_IGRPEN1_EL1 ", %2; isb" ::"r"(gic::system_registers_for_all),
               "r"(all_priorities), "r"(uint64_t{1}));
  gic::set_enable(0) = 1U << timer_interrupt;
}

void start_timer() {
  asm volatile("msr cnthp_tval_el2, %0; msr cnthp_ctl_el2, %1; isb" ::"r"(ticks_until_interrupt),
               "r"(uint64_t{1}));
}

bool take_interrupt() {
  uint64_t number = 0;
  asm volatile("isb; mrs %0, " FFA_ICC_HPPIR1_EL1 : "=r"(number));
  const bool timer = number == timer_interrupt;
  if (timer) asm volatile("mrs %0, " FFA_ICC_IAR1_EL1 "; isb" : "=r"(number));
  asm volatile("msr cnthp_ctl_el2, xzr; isb");
  if (timer) asm volatile("msr " FFA_ICC_EOIR1_EL1 ", %0; isb" ::"r"(number));
  return number < first_special;
}

}  // namespace ports::qemu
