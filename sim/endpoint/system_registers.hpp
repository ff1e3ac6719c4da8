// SPDX-License-Identifier: BSD-3-Clause
// System registers by their encoding, as MRS and MSR name them. [DDI0487 D19]
#pragma once

#include <cstdint>

namespace sim::endpoint {

constexpr uint32_t register_number(uint32_t op0, uint32_t op1, uint32_t crn, uint32_t crm,
                                   uint32_t op2) {
  return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

inline constexpr uint32_t mpidr_el1 = register_number(3, 0, 0, 0, 5);
inline constexpr uint32_t rndr = register_number(3, 3, 2, 4, 0);
inline constexpr uint32_t rndrrs = register_number(3, 3, 2, 4, 1);
inline constexpr uint32_t pmccntr_el0 = register_number(3, 3, 9, 13, 0);
inline constexpr uint32_t cntfrq_el0 = register_number(3, 3, 14, 0, 0);
inline constexpr uint32_t cntpct_el0 = register_number(3, 3, 14, 0, 1);
inline constexpr uint32_t cntvct_el0 = register_number(3, 3, 14, 0, 2);
inline constexpr uint32_t sctlr_el1 = register_number(3, 0, 1, 0, 0);
inline constexpr uint32_t ttbr0_el1 = register_number(3, 0, 2, 0, 0);
inline constexpr uint32_t ttbr1_el1 = register_number(3, 0, 2, 0, 1);
inline constexpr uint32_t tcr_el1 = register_number(3, 0, 2, 0, 2);
inline constexpr uint32_t spsr_el1 = register_number(3, 0, 4, 0, 0);
inline constexpr uint32_t elr_el1 = register_number(3, 0, 4, 0, 1);
inline constexpr uint32_t sp_el0 = register_number(3, 0, 4, 1, 0);
inline constexpr uint32_t esr_el1 = register_number(3, 0, 5, 2, 0);
inline constexpr uint32_t far_el1 = register_number(3, 0, 6, 0, 0);
inline constexpr uint32_t vbar_el1 = register_number(3, 0, 12, 0, 0);
inline constexpr uint32_t sp_el1 = register_number(3, 4, 4, 1, 0);
inline constexpr uint32_t hcr_el2 = register_number(3, 4, 1, 1, 0);
inline constexpr uint32_t scr_el3 = register_number(3, 6, 1, 1, 0);
inline constexpr uint32_t spsr_el3 = register_number(3, 6, 4, 0, 0);

}  // namespace sim::endpoint
