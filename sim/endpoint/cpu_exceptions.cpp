// SPDX-License-Identifier: BSD-3-Clause
// What a processor does that the emulator leaves to us: it takes exceptions to EL1. [DDI0487 D1.3]
#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include "sim/emulator/must.hpp"
#include "sim/endpoint/cpu.hpp"
#include "sim/endpoint/stage1.hpp"
#include "sim/endpoint/system_registers.hpp"

namespace sim::endpoint {
namespace {

using emulator::must;

// Exceptions as the emulator numbers them.
constexpr uint32_t exception_undefined = 1;
constexpr uint32_t exception_svc = 2;
constexpr uint32_t exception_brk = 7;

// ESR_EL1: class, a 32-bit instruction, and what the class says.
constexpr uint32_t syndrome(uint32_t exception_class, uint32_t rest) {
  constexpr uint32_t long_instruction = 1U << 25;
  return exception_class << 26 | long_instruction | rest;
}
constexpr uint32_t class_svc = 0x15;
constexpr uint32_t class_fetch_lower = 0x20;
constexpr uint32_t class_data_lower = 0x24;
constexpr uint32_t class_brk = 0x3c;
constexpr uint32_t same_level = 1;         // added to a class of aborts
constexpr uint32_t external_abort = 0x10;  // what a hypervisor makes of a stage-2 fault
constexpr uint32_t write_not_read = 1U << 6;

constexpr uint64_t pstate_level = 0xc;
constexpr uint64_t pstate_own_stack = 1;
constexpr uint64_t pstate_el1h_masked = 0x3c5;
constexpr uint64_t vector_own_level = 0x200;
constexpr uint64_t vector_lower_level = 0x400;

uint32_t number_in(uint32_t instruction) { return instruction >> 5 & 0xffff; }

}  // namespace

/// False: nobody there takes it.
bool Cpu::take_exception() {
  const uint64_t pstate = read(UC_ARM64_REG_PSTATE);
  const uint32_t same = (pstate & pstate_level) != 0 ? same_level : 0;
  if (abort_) {
    const uint32_t base = abort_->fetch ? class_fetch_lower : class_data_lower;
    const uint32_t how = abort_->write ? external_abort | write_not_read : external_abort;
    const bool taken = enter_vector(syndrome(base + same, how), abort_->address);
    if (!taken) {
      const char* const what = abort_->fetch   ? "an instruction was fetched"
                               : abort_->write ? "it wrote"
                                               : "it read";
      refuse(
          fmt::format("{} at {:#x}, where it has no such access, and VBAR_EL1 {:#x} leads nowhere",
                      what, abort_->address, system_register(vbar_el1)));
    }
    return taken;
  }
  uint32_t number = 0;
  const char* what = "an undefined instruction";
  switch (*exception_) {
    case exception_undefined:
      break;
    case exception_svc:
      number = syndrome(class_svc, number_in(instruction_at(pc_ - 4)));
      what = "SVC";
      break;
    case exception_brk:
      number = syndrome(class_brk, number_in(instruction_at(pc_)));
      what = "BRK";
      break;
    default:
      refuse(fmt::format("exception {} of the emulator's", *exception_));
      return false;
  }
  if (enter_vector(number == 0 ? syndrome(0, 0) : number, {})) return true;
  refuse(fmt::format("{}, and VBAR_EL1 {:#x} leads nowhere", what, system_register(vbar_el1)));
  return false;
}

bool Cpu::enter_vector(uint32_t syndrome, std::optional<uint64_t> address) {
  const uint64_t pstate = read(UC_ARM64_REG_PSTATE);
  const bool lower = (pstate & pstate_level) == 0;
  const uint64_t own = (pstate & pstate_own_stack) != 0 ? vector_own_level : 0;
  const uint64_t target = system_register(vbar_el1) + (lower ? vector_lower_level : own);
  // No program has vectors at 0 without saying so; an abort of the first instruction there would
  // come again and again.
  const bool nowhere = system_register(vbar_el1) == 0 || pc_ == target;
  if (nowhere) return false;
  if ((pstate & pstate_own_stack) == 0) {
    set_system_register(sp_el0, read(UC_ARM64_REG_SP));
    const uint64_t stack = system_register(sp_el1);
    write(UC_ARM64_REG_PSTATE, pstate_el1h_masked);
    write(UC_ARM64_REG_SP, stack);
  } else {
    write(UC_ARM64_REG_PSTATE, pstate_el1h_masked);
  }
  set_system_register(spsr_el1, pstate);
  set_system_register(elr_el1, pc_);
  set_system_register(esr_el1, syndrome);
  if (address) set_system_register(far_el1, *address);
  pc_ = target;
  return true;
}

/// The tables are memory: they may have changed since stage 1 was turned on.
void Cpu::check_stage1() {
  if (!wants_stage1_) return;
  const Stage1 stage1{system_register(tcr_el1), system_register(ttbr0_el1),
                      system_register(ttbr1_el1)};
  if (const auto why = why_not_flat(memory_, stage1)) {
    wants_stage1_ = false;
    refuse("it has changed the tables of stage 1, which the emulator can't follow: " + *why);
  }
}

/// True: what the instruction would have done was done in its place.
bool Cpu::write_system_register(uint32_t number, uint64_t value) {
  constexpr uint64_t mmu_on = 1;
  if (number == sctlr_el1) {
    wants_stage1_ = false;
    if ((value & mmu_on) == 0) return false;
    const Stage1 stage1{system_register(tcr_el1), system_register(ttbr0_el1),
                        system_register(ttbr1_el1)};
    if (const auto why = why_not_flat(memory_, stage1)) {
      refuse("it turns stage 1 on, which the emulator can't do: " + *why);
      return true;
    }
    wants_stage1_ = true;
    set_system_register(sctlr_el1, value & ~mmu_on);
    return true;
  }
  const bool of_stage1 = number == tcr_el1 || number == ttbr0_el1 || number == ttbr1_el1;
  if (!of_stage1 || !wants_stage1_) return false;
  Stage1 stage1{system_register(tcr_el1), system_register(ttbr0_el1), system_register(ttbr1_el1)};
  if (number == tcr_el1) stage1.tcr = value;
  if (number == ttbr0_el1) stage1.ttbr0 = value;
  if (number == ttbr1_el1) stage1.ttbr1 = value;
  if (const auto why = why_not_flat(memory_, stage1)) {
    refuse("it changes stage 1, which the emulator can't follow: " + *why);
    return true;
  }
  return false;
}

}  // namespace sim::endpoint
