// SPDX-License-Identifier: BSD-3-Clause
// Registers of the interrupt controller that images use. [IHI0069 12.8-12.12]
#pragma once

#include <cstdint>

#include "ports/qemu-virt/memory_map.h"

namespace ports::qemu::gic {

inline volatile uint32_t& at(uint64_t address) {
  return *reinterpret_cast<volatile uint32_t*>(static_cast<uintptr_t>(address));
}

/// Where it is: QEMU's places, unless a device tree has named others.
inline uint64_t distributor = GICD;
inline uint64_t redistributors = GICR;

/// The frame of a CPU's redistributor that has its SGIs and PPIs.
inline constexpr uint64_t redistributor_bytes = 0x20000;
inline constexpr uint64_t sgi_frame = 0x10000;
inline volatile uint32_t& distributor_control() { return at(distributor); }
/// 32 interrupts each; the first are the redistributors'.
inline volatile uint32_t& distributor_group(unsigned n) { return at(distributor + 0x80 + 4 * n); }
inline unsigned spi_groups() { return (at(distributor + 4) & 0x1f) + 1; }
inline volatile uint32_t& waker(unsigned cpu) {
  return at(redistributors + cpu * redistributor_bytes + 0x14);
}
inline volatile uint32_t& group(unsigned cpu) {
  return at(redistributors + cpu * redistributor_bytes + sgi_frame + 0x80);
}
inline volatile uint32_t& set_enable(unsigned cpu) {
  return at(redistributors + cpu * redistributor_bytes + sgi_frame + 0x100);
}

/// ICC_SRE_ELx: the CPU interface is its system registers, here and below.
inline constexpr uint64_t system_registers_for_all = 0xf;

#define FFA_ICC_PMR_EL1 "S3_0_C4_C6_0"
#define FFA_ICC_IAR1_EL1 "S3_0_C12_C12_0"
#define FFA_ICC_HPPIR1_EL1 "S3_0_C12_C12_2"
#define FFA_ICC_EOIR1_EL1 "S3_0_C12_C12_1"
#define FFA_ICC_SRE_EL2 "S3_4_C12_C9_5"
#define FFA_ICC_SRE_EL3 "S3_6_C12_C12_5"
#define FFA_ICC_IGRPEN1_EL1 "S3_0_C12_C12_7"
#define FFA_ICC_IGRPEN1_EL3 "S3_6_C12_C12_7"

}  // namespace ports::qemu::gic
