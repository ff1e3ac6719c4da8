// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/vcpu.hpp"

#include "ports/qemu-virt/el2/external_abort.hpp"
#include "ports/qemu-virt/memory_map.h"

extern "C" void enter_guest(ports::qemu::GuestContext* context);

namespace ports::qemu {
namespace {

constexpr uint64_t hcr_vm = 1 << 0;      // stage 2
constexpr uint64_t hcr_dc = 1 << 12;     // stage 1 off means normal, cacheable memory
constexpr uint64_t hcr_tsc = 1 << 19;    // SMC traps
constexpr uint64_t hcr_rw = 1ULL << 31;  // EL1 is AArch64
constexpr uint64_t hcr_program = hcr_vm | hcr_dc | hcr_tsc | hcr_rw;
/// Its own stage 1 says what its memory is like; interrupts go to it alone.
constexpr uint64_t hcr_booted = hcr_vm | hcr_tsc | hcr_rw;
/// 48-bit IPA, start at level 0, write-back inner shareable walks, 48-bit PA.
constexpr uint64_t vtcr = 16 | 2 << 6 | 1 << 8 | 1 << 10 | 3 << 12 | 5 << 16 | 1ULL << 31;
constexpr uint64_t timers_for_el1 = 3;  // CNTHCTL_EL2: EL1PCTEN, EL1PCEN
constexpr uint64_t spsr_el1h = 0x3c5;
constexpr uint64_t sctlr_el1 = 0x30d00800;

constexpr uint64_t class_hvc = 0x16;
constexpr uint64_t class_smc = 0x17;
constexpr uint64_t class_instruction_abort = 0x20;
constexpr uint64_t class_data_abort = 0x24;

/// HPFAR_EL2: the IPA's page number from bit 4; bit 63 is no part of it.
constexpr uint64_t page_of(uint64_t hpfar) { return (hpfar & 0x00000ffffffffff0) << 8; }

}  // namespace

void prepare_guests() {
  uint64_t id = 0;
  asm volatile("mrs %0, midr_el1; msr vpidr_el2, %0" : "=r"(id));
  asm volatile("mrs %0, mpidr_el1; msr vmpidr_el2, %0" : "=r"(id));
  asm volatile(
      "msr hcr_el2, %0; msr vtcr_el2, %1; msr cptr_el2, %2; msr mdcr_el2, xzr; msr hstr_el2, xzr;"
      "msr cnthctl_el2, %3; msr cntvoff_el2, xzr;"
      "isb; tlbi alle1; dsb sy; isb" ::"r"(hcr_program),
      "r"(vtcr), "r"(0x33ffULL), "r"(timers_for_el1));
}

void Vcpu::create(uint64_t code, uint64_t code_bytes, uint64_t slots, uint64_t slot_count,
                  uint64_t stack_top) {
  context_ = {};
  context_.x[0] = code;
  context_.x[1] = code_bytes;
  context_.x[2] = slots;
  context_.x[3] = slot_count;
  context_.elr = GUEST_IMAGE_IPA;
  context_.spsr = spsr_el1h;
  el1_ = {.sp = stack_top, .sctlr = sctlr_el1};
  hcr_ = hcr_program;
}

void Vcpu::boot(uint64_t entry, uint64_t x0) {
  context_ = {};
  context_.x[0] = x0;
  context_.elr = entry;
  context_.spsr = spsr_el1h;
  el1_ = {.sctlr = sctlr_el1};
  hcr_ = hcr_booted;
}

Stop Vcpu::run(const Stage2& stage2) {
  asm volatile(
      "msr sp_el1, %0; msr elr_el1, %1; msr spsr_el1, %2; msr esr_el1, %3; msr far_el1, %4;"
      "msr vbar_el1, %5; msr sctlr_el1, %6; msr vttbr_el2, %7; msr hcr_el2, %8; isb" ::"r"(el1_.sp),
      "r"(el1_.elr), "r"(el1_.spsr), "r"(el1_.esr), "r"(el1_.far), "r"(el1_.vbar), "r"(el1_.sctlr),
      "r"(stage2.vttbr()), "r"(hcr_));
  enter_guest(&context_);
  asm volatile(
      "mrs %0, sp_el1; mrs %1, elr_el1; mrs %2, spsr_el1; mrs %3, esr_el1; mrs %4, far_el1;"
      "mrs %5, vbar_el1; mrs %6, sctlr_el1"
      : "=r"(el1_.sp), "=r"(el1_.elr), "=r"(el1_.spsr), "=r"(el1_.esr), "=r"(el1_.far),
        "=r"(el1_.vbar), "=r"(el1_.sctlr));
  const auto immediate = static_cast<uint16_t>(context_.esr);
  switch (context_.esr >> 26 & 0x3f) {
    case class_smc:
      return {.kind = StopKind::call_smc};
    case class_hvc:
      return immediate == HVC_CALL ? Stop{.kind = StopKind::call_hvc}
                                   : Stop{.kind = StopKind::request, .request = immediate};
    case class_instruction_abort:
      return {.kind = StopKind::fetch_abort, .ipa = page_of(context_.hpfar)};
    case class_data_abort:
      return {.kind = StopKind::abort, .ipa = page_of(context_.hpfar)};
    default:
      return {};
  }
}

void Vcpu::inject_abort() {
  const Exception taken = external_abort({context_.spsr, context_.esr}, el1_.sctlr);
  el1_.elr = context_.elr;
  el1_.spsr = context_.spsr;
  el1_.esr = taken.esr;
  el1_.far = context_.far;
  context_.elr = el1_.vbar + taken.vector;
  context_.spsr = taken.spsr;
}

}  // namespace ports::qemu
