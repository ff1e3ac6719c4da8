// SPDX-License-Identifier: BSD-3-Clause
#include "sim/endpoint/cpu.hpp"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <stdexcept>
#include <utility>

#include "sim/emulator/must.hpp"
#include "sim/endpoint/image.hpp"
#include "sim/endpoint/system_registers.hpp"

namespace sim::endpoint {
namespace {

using emulator::must;

// Exceptions as the emulator numbers them.
constexpr uint32_t exception_hvc = 11;
constexpr uint32_t exception_smc = 13;

constexpr uint64_t instruction_bytes = 4;
// No code lies there, so that the emulator never stops by itself.
constexpr uint64_t nowhere = ~uint64_t{3};

constexpr uint64_t pstate_el3 = 0x3cd;
constexpr uint64_t spsr_el1h = 0x3c5;  // EL1 with its own stack pointer, interrupts masked
// Non-secure, AArch64 below, HVC enabled.
constexpr uint64_t scr_value = 0x531;
constexpr uint64_t hcr_value = 1ULL << 31;    // EL1 is AArch64
constexpr uint64_t sctlr_reset = 0x30d00800;  // what must be 1 is 1; MMU and caches off

constexpr uint64_t uart_data = 0x00;
constexpr uint64_t uart_flags = 0x18;
constexpr uint64_t uart_flags_idle = 0x90;  // nothing to read, all is sent
constexpr unsigned call_registers_count = 18;

constexpr int x_register(unsigned n) {
  // x29 and x30 are not where one would look for them.
  if (n == 29) return UC_ARM64_REG_X29;
  if (n == 30) return UC_ARM64_REG_X30;
  return UC_ARM64_REG_X0 + static_cast<int>(n);
}

}  // namespace

/// Called by the emulator: they note what happened and stop it. Nothing may be thrown through it.
struct Cpu::Hooks {
  static Cpu& of(void* self) { return *static_cast<Cpu*>(self); }

  static void interrupt(uc_engine* engine, uint32_t number, void* self) {
    of(self).exception_ = number;
    (void)uc_emu_stop(engine);
  }
  static bool invalid(uc_engine* /*engine*/, uc_mem_type type, uint64_t address, int /*bytes*/,
                      int64_t /*value*/, void* self) {
    const bool fetch = type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT;
    const bool write = type == UC_MEM_WRITE_UNMAPPED || type == UC_MEM_WRITE_PROT;
    const bool unmapped = type == UC_MEM_READ_UNMAPPED || type == UC_MEM_WRITE_UNMAPPED ||
                          type == UC_MEM_FETCH_UNMAPPED;
    Cpu& cpu = of(self);
    if (unmapped && cpu.map_page(address)) return true;
    cpu.abort_ = Abort{address, write, fetch};
    return false;
  }
  /// Before each instruction. Only where somebody asks for this does the emulator know, in an
  /// abort, at which instruction it is.
  static void instruction(uc_engine* engine, uint64_t /*address*/, uint32_t /*bytes*/, void* self) {
    Cpu& cpu = of(self);
    if (cpu.instructions_ >= cpu.end_) {
      (void)uc_emu_stop(engine);
    } else {
      ++cpu.instructions_;
    }
  }
  static uint32_t number_of(const uc_arm64_cp_reg* reg) {
    return register_number(reg->op0, reg->op1, reg->crn, reg->crm, reg->op2);
  }
  /// Not 0: the instruction has no effect of its own.
  static uint32_t msr(uc_engine* engine, uc_arm64_reg /*from*/, const uc_arm64_cp_reg* to,
                      void* self) {
    Cpu& cpu = of(self);
    const bool done = cpu.write_system_register(number_of(to), to->val);
    if (cpu.refused_) (void)uc_emu_stop(engine);
    return done ? 1 : 0;
  }
  static uint32_t mrs(uc_engine* engine, uc_arm64_reg to, const uc_arm64_cp_reg* from, void* self) {
    const auto value = of(self).own_value(number_of(from));
    if (!value) return 0;
    (void)uc_reg_write(engine, to, &*value);
    return 1;
  }
  /// SYS, of which TLBI is a part: a change of the tables becomes visible at the latest here.
  static uint32_t sys(uc_engine* engine, uc_arm64_reg /*from*/, const uc_arm64_cp_reg* to,
                      void* self) {
    constexpr uint32_t tlb_maintenance = 8;
    Cpu& cpu = of(self);
    if (to->crn == tlb_maintenance) cpu.check_stage1();
    if (cpu.refused_) (void)uc_emu_stop(engine);
    return 0;
  }
  static uint64_t uart_read(uc_engine* /*engine*/, uint64_t offset, unsigned /*bytes*/,
                            void* /*self*/) {
    return offset == uart_flags ? uart_flags_idle : 0;
  }
  static void uart_write(uc_engine* /*engine*/, uint64_t offset, unsigned /*bytes*/, uint64_t value,
                         void* self) {
    if (offset == uart_data) of(self).print(static_cast<char>(value));
  }
};

void Cpu::CloseEngine::operator()(uc_struct* engine) const { (void)uc_close(engine); }

Cpu::Cpu(AddressSpace& memory, Board board) : memory_(memory), board_(std::move(board)) {
  uc_engine* engine = nullptr;
  must(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &engine), "no engine for AArch64");
  engine_.reset(engine);
  must(uc_ctl_set_cpu_model(engine, UC_CPU_ARM64_MAX), "the processor model");
  add_hooks();
  if (board_.uart) {
    must(uc_mmio_map(engine, *board_.uart, page_bytes, &Hooks::uart_read, this, &Hooks::uart_write,
                     this),
         "the UART");
  }
  enter_el1();
}

Cpu::~Cpu() = default;

void Cpu::add_hooks() {
  const auto hook = [this](int type, auto* function, int instruction = 0) {
    uc_hook handle = 0;
    must(uc_hook_add(engine_.get(), &handle, type, reinterpret_cast<void*>(function), this, 1, 0,
                     instruction),
         "a hook");
  };
  hook(UC_HOOK_INTR, &Hooks::interrupt);
  hook(UC_HOOK_MEM_INVALID, &Hooks::invalid);
  hook(UC_HOOK_CODE, &Hooks::instruction);
  hook(UC_HOOK_INSN, &Hooks::msr, UC_ARM64_INS_MSR);
  hook(UC_HOOK_INSN, &Hooks::mrs, UC_ARM64_INS_MRS);
  hook(UC_HOOK_INSN, &Hooks::sys, UC_ARM64_INS_SYS);
}

// From EL3 one ERET leads to EL1, as a boot loader does it; its target does not matter.
void Cpu::enter_el1() {
  constexpr uint32_t eret = 0xd69f03e0;
  constexpr uint64_t place = 0x1000;
  end_ = 1;
  write(UC_ARM64_REG_PSTATE, pstate_el3);
  set_system_register(scr_el3, scr_value);
  set_system_register(hcr_el2, hcr_value);
  set_system_register(spsr_el3, spsr_el1h);
  must(uc_mem_map(engine_.get(), place, page_bytes, UC_PROT_READ | UC_PROT_EXEC), "memory");
  must(uc_mem_write(engine_.get(), place, &eret, sizeof eret), "memory");
  (void)uc_emu_start(engine_.get(), place, nowhere, 0, 0);
  must(uc_mem_unmap(engine_.get(), place, page_bytes), "memory");
  constexpr uint64_t mode_mask = 0xf;
  if ((read(UC_ARM64_REG_PSTATE) & mode_mask) != (spsr_el1h & mode_mask)) {
    throw std::runtime_error("Unicorn: it does not go to EL1");
  }
}

void Cpu::reset(uint64_t entry, const std::array<uint64_t, 31>& registers, uint64_t stack_pointer) {
  write(UC_ARM64_REG_PSTATE, spsr_el1h);
  for (unsigned n = 0; n < registers.size(); ++n) write(x_register(n), registers.at(n));
  write(UC_ARM64_REG_SP, stack_pointer);
  set_system_register(sctlr_el1, sctlr_reset);
  for (const uint32_t number :
       {vbar_el1, ttbr0_el1, ttbr1_el1, tcr_el1, sp_el0, spsr_el1, elr_el1, esr_el1, far_el1}) {
    set_system_register(number, 0);
  }
  pc_ = entry;
  instructions_ = 0;
  wants_stage1_ = false;
  fault_.clear();
}

Stop Cpu::run(uint64_t instructions) {
  if (!fault_.empty()) return Stop::fault;
  if (memory_.changes() != seen_changes_) drop_pages();
  end_ = instructions_ + instructions;
  while (true) {
    exception_.reset();
    abort_.reset();
    refused_ = false;
    const uint64_t before = instructions_;
    const uc_err error = uc_emu_start(engine_.get(), pc_, nowhere, 0, 0);
    pc_ = read(UC_ARM64_REG_PC);
    memory_.wrote(writable_);
    // An entry that was invalid needs no TLBI when it changes.
    if (!refused_) check_stage1();
    if (refused_) return Stop::fault;
    if (error == UC_ERR_OK && (exception_ == exception_hvc || exception_ == exception_smc)) {
      constexpr unsigned immediate_shift = 5;
      immediate_ =
          static_cast<uint16_t>(instruction_at(pc_ - instruction_bytes) >> immediate_shift);
      at_hvc_ = exception_ == exception_hvc;
      return at_hvc_ ? Stop::hvc : Stop::smc;
    }
    if (abort_ || exception_) {
      if (!take_exception()) return Stop::fault;
      continue;
    }
    if (error != UC_ERR_OK) {
      refuse(fmt::format("the emulator can't go on: {}", uc_strerror(error)));
      return Stop::fault;
    }
    // It waits for an interrupt, and none comes: time passes.
    if (instructions_ == before || instructions_ < end_) instructions_ = end_;
    return Stop::spent;
  }
}

ffa::Regs Cpu::call_registers() const {
  ffa::Regs regs;
  for (unsigned n = 0; n < call_registers_count; ++n) regs.x.at(n) = read(x_register(n));
  return regs;
}

void Cpu::set_call_registers(const ffa::Regs& regs) {
  for (unsigned n = 0; n < call_registers_count; ++n) write(x_register(n), regs.x.at(n));
}

void Cpu::drop_pages() {
  for (const auto& [address, writable] : pages_) {
    must(uc_mem_unmap(engine_.get(), address, page_bytes), "memory");
  }
  pages_.clear();
  writable_.clear();
  seen_changes_ = memory_.changes();
}

bool Cpu::map_page(uint64_t address) {
  const uint64_t begin = address / page_bytes * page_bytes;
  if (pages_.contains(begin)) return false;
  const auto page = memory_.page(begin);
  if (!page) return false;
  const uint32_t rights = page->writable ? UC_PROT_ALL : UC_PROT_READ | UC_PROT_EXEC;
  if (uc_mem_map_ptr(engine_.get(), begin, page_bytes, rights, page->bytes) != UC_ERR_OK) {
    return false;
  }
  pages_[begin] = page->writable;
  if (page->writable) writable_.push_back(begin);
  return true;
}

void Cpu::print(char c) const {
  if (board_.print) board_.print(c);
}

void Cpu::refuse(const std::string& why) {
  fault_ = fmt::format("{}; pc {:#x}", why, read(UC_ARM64_REG_PC));
  refused_ = true;
}

uint64_t Cpu::read(int reg) const {
  uint64_t value = 0;
  must(uc_reg_read(engine_.get(), reg, &value), "a register");
  return value;
}

void Cpu::write(int reg, uint64_t value) {
  must(uc_reg_write(engine_.get(), reg, &value), "a register");
}

namespace {
uc_arm64_cp_reg by_number(uint32_t number) {
  uc_arm64_cp_reg reg{};
  reg.op0 = number >> 14;
  reg.op1 = number >> 11 & 7;
  reg.crn = number >> 7 & 15;
  reg.crm = number >> 3 & 15;
  reg.op2 = number & 7;
  return reg;
}
}  // namespace

uint64_t Cpu::system_register(uint32_t number) const {
  uc_arm64_cp_reg reg = by_number(number);
  must(uc_reg_read(engine_.get(), UC_ARM64_REG_CP_REG, &reg), "a system register");
  return reg.val;
}

void Cpu::set_system_register(uint32_t number, uint64_t value) {
  uc_arm64_cp_reg reg = by_number(number);
  reg.val = value;
  must(uc_reg_write(engine_.get(), UC_ARM64_REG_CP_REG, &reg), "a system register");
}

/// What the program reads there instead of what the emulator has: nothing of the machine that it
/// runs on may show.
std::optional<uint64_t> Cpu::own_value(uint32_t number) const {
  constexpr uint32_t timers = register_number(3, 3, 14, 0, 0);
  constexpr uint32_t timers_mask = register_number(3, 7, 15, 0, 0);
  constexpr uint64_t mpidr_fixed = 1ULL << 31;
  if (number == sctlr_el1 && wants_stage1_) return system_register(sctlr_el1) | 1;
  if (number == mpidr_el1) return mpidr_fixed | board_.number;
  if (number == cntfrq_el0) return std::nullopt;
  if (number == cntpct_el0 || number == cntvct_el0 || number == pmccntr_el0) return instructions_;
  if ((number & timers_mask) == timers) return 0;  // no timer ever runs out
  constexpr uint64_t odd = 0x9e3779b97f4a7c15;     // a number that has no pattern
  if (number == rndr || number == rndrrs) return (instructions_ + 1) * odd;
  return std::nullopt;
}

uint32_t Cpu::instruction_at(uint64_t pc) const {
  uint32_t instruction = 0;
  (void)uc_mem_read(engine_.get(), pc, &instruction, sizeof instruction);
  return instruction;
}

}  // namespace sim::endpoint
