// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/cpu.hpp"

#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "sim/emulator/must.hpp"

namespace sim::unicorn {
namespace {

using emulator::must;

// Exceptions as the emulator numbers them.
constexpr uint32_t exception_hvc = 11;
constexpr uint32_t exception_smc = 13;

// Basic blocks between two operations of the outside. Clearing the largest memory takes less.
constexpr uint64_t max_blocks = 1ULL << 26;

// No code lies there, so that the emulator never stops by itself.
constexpr uint64_t nowhere = ~uint64_t{3};

// EL2 with its own stack pointer, interrupts masked.
constexpr uint64_t pstate_el3 = 0x3cd;
constexpr uint64_t spsr_el2 = 0x3c9;
constexpr uint64_t scr_non_secure = 0x531;

constexpr std::array<int, std::tuple_size_v<CallRegisters>> call_register_ids = {
    UC_ARM64_REG_X0,  UC_ARM64_REG_X1,  UC_ARM64_REG_X2,  UC_ARM64_REG_X3,  UC_ARM64_REG_X4,
    UC_ARM64_REG_X5,  UC_ARM64_REG_X6,  UC_ARM64_REG_X7,  UC_ARM64_REG_X8,  UC_ARM64_REG_X9,
    UC_ARM64_REG_X10, UC_ARM64_REG_X11, UC_ARM64_REG_X12, UC_ARM64_REG_X13, UC_ARM64_REG_X14,
    UC_ARM64_REG_X15, UC_ARM64_REG_X16, UC_ARM64_REG_X17, UC_ARM64_REG_X18};

uint32_t protection(const Region& region) {
  uint32_t bits = UC_PROT_READ;
  if (region.writable) bits |= UC_PROT_WRITE;
  if (region.executable) bits |= UC_PROT_EXEC;
  return bits;
}

}  // namespace

/// Called by the emulator: they note what happened and stop it. Nothing may be thrown through it.
struct Cpu::Hooks {
  static void interrupt(uc_engine* engine, uint32_t number, void* self) {
    static_cast<Cpu*>(self)->exception_ = number;
    (void)uc_emu_stop(engine);
  }
  static bool invalid(uc_engine* /*engine*/, uc_mem_type type, uint64_t address, int bytes,
                      int64_t /*value*/, void* self) {
    static_cast<Cpu*>(self)->bad_access_ = BadAccess{static_cast<int>(type), address, bytes};
    return false;
  }
  static void block(uc_engine* engine, uint64_t address, uint32_t bytes, void* self) {
    Cpu& cpu = *static_cast<Cpu*>(self);
    if (++cpu.blocks_ > max_blocks) (void)uc_emu_stop(engine);
    if (cpu.running_ != nullptr) cpu.enter_block(address, bytes);
  }
};

void ReleaseUnicorn::operator()(uc_struct* engine) const { (void)uc_close(engine); }
void ReleaseUnicorn::operator()(uc_context* context) const { (void)uc_context_free(context); }

Cpu::Cpu(const Image& image, Memory& memory, Monitoring monitoring, BlockSink entered)
    : image_(image),
      memory_(memory),
      monitoring_(monitoring),
      entered_(std::move(entered)),
      return_address_(image.symbol("image_return")),
      guest_entry_(image.symbol("image_guest_call")),
      guest_return_(image.symbol("image_guest_return")) {
  uc_engine* engine = nullptr;
  must(uc_open(UC_ARCH_ARM64, UC_MODE_ARM, &engine), "no engine for AArch64");
  engine_.reset(engine);
  must(uc_ctl_set_cpu_model(engine_.get(), UC_CPU_ARM64_MAX), "the processor model");
  map_new_regions();
  map_windows();
  const auto hook = [this](int type, auto* function) {
    uc_hook handle = 0;
    must(uc_hook_add(engine_.get(), &handle, type, reinterpret_cast<void*>(function), this, 1, 0),
         "a hook");
  };
  hook(UC_HOOK_INTR, &Hooks::interrupt);
  hook(UC_HOOK_MEM_INVALID, &Hooks::invalid);
  hook(UC_HOOK_BLOCK, &Hooks::block);
  go_to_el2();
  if (monitoring_ == Monitoring::all) add_hooks();
}

Context Cpu::new_context() const {
  uc_context* context = nullptr;
  must(uc_context_alloc(engine_.get(), &context), "a context");
  return Context{context};
}

void Cpu::map_new_regions() {
  for (const auto& [address, region] : memory_.regions()) {
    if (std::find(mapped_.begin(), mapped_.end(), address) != mapped_.end()) continue;
    must(uc_mem_map_ptr(engine_.get(), address, region.pages.bytes(), protection(region),
                        region.pages.data()),
         "memory");
    mapped_.push_back(address);
  }
}

// The emulator begins at EL1. From EL3 one ERET leads to EL2, as a boot loader does it; its target
// does not matter, since every call sets its own.
void Cpu::go_to_el2() {
  const auto system_register = [this](uint32_t crn, uint32_t crm, uint64_t value) {
    uc_arm64_cp_reg reg{};
    reg.crn = crn;
    reg.crm = crm;
    reg.op0 = 3;
    reg.op1 = 6;
    reg.val = value;
    must(uc_reg_write(engine_.get(), UC_ARM64_REG_CP_REG, &reg), "a system register");
  };
  constexpr uint32_t eret = 0xd69f03e0;
  constexpr uint64_t place = 0x1000;
  write(UC_ARM64_REG_PSTATE, pstate_el3);
  system_register(1, 1, scr_non_secure);  // SCR_EL3
  system_register(4, 0, spsr_el2);        // SPSR_EL3
  must(uc_mem_map(engine_.get(), place, page_bytes, UC_PROT_READ | UC_PROT_EXEC), "memory");
  must(uc_mem_write(engine_.get(), place, &eret, sizeof eret), "memory");
  must(uc_emu_start(engine_.get(), place, 0, 0, 0), "going to EL2");
  must(uc_mem_unmap(engine_.get(), place, page_bytes), "memory");
  constexpr uint64_t mode_mask = 0xf;
  if ((read(UC_ARM64_REG_PSTATE) & mode_mask) != (spsr_el2 & mode_mask))
    throw std::runtime_error("Unicorn: it does not go to EL2");
  reset_system_registers_ = system_registers();
  reset_ = new_context();
  must(uc_context_save(engine_.get(), reset_.get()), "a context");
}

uint64_t Cpu::read(int reg) const {
  uint64_t value = 0;
  must(uc_reg_read(engine_.get(), reg, &value), "a register");
  return value;
}

void Cpu::write(int reg, uint64_t value) {
  must(uc_reg_write(engine_.get(), reg, &value), "a register");
}

std::unique_ptr<Activation> Cpu::take() {
  if (!unused_.empty()) {
    auto activation = std::move(unused_.back());
    unused_.pop_back();
    memory_.use_stack(activation->stack_top_);
    activation->windows.clear();
    activation->counts = {};
    activation->fresh.clear();
    return activation;
  }
  const uint64_t top = memory_.add_stack();
  if (top == 0) return nullptr;
  memory_.use_stack(top);
  map_new_regions();
  return std::make_unique<Activation>(new_context(), top);
}

void Cpu::give_back(std::unique_ptr<Activation> activation) {
  if (loaded_ == activation.get()) loaded_ = nullptr;
  // The lowest stack last, where take() finds it: which one a call gets does not depend on the
  // order in which earlier ones came back.
  const auto place = std::find_if(unused_.begin(), unused_.end(), [&activation](const auto& other) {
    return other->stack_top_ < activation->stack_top_;
  });
  unused_.insert(place, std::move(activation));
}

void Cpu::begin(Activation& activation, uint64_t function, std::span<const uint64_t> arguments,
                uint64_t stack_pointer) {
  must(uc_context_restore(engine_.get(), reset_.get()), "a context");
  for (size_t n = 0; n < arguments.size(); ++n) write(call_register_ids.at(n), arguments[n]);
  write(UC_ARM64_REG_SP, stack_pointer);
  write(UC_ARM64_REG_LR, return_address_);
  activation.pc_ = function;
  activation.stack_pointer_ = stack_pointer;
  loaded_ = &activation;
}

Stop Cpu::run(Activation& activation) {
  exception_.reset();
  bad_access_.reset();
  blocks_ = 0;
  running_ = &activation;
  const uc_err error = uc_emu_start(engine_.get(), activation.pc_, nowhere, 0, 0);
  error_ = error == UC_ERR_OK ? "" : uc_strerror(error);
  activation.pc_ = read(UC_ARM64_REG_PC);
  const Stop stop = why_stopped(activation, error == UC_ERR_OK);
  if (monitoring_ == Monitoring::all) check_leaving(activation, stop);
  return stop;
}

Stop Cpu::why_stopped(const Activation& activation, bool regular) const {
  if (blocks_ > max_blocks) return Stop::endless;
  if (regular && exception_ == exception_hvc) {
    constexpr uint64_t instruction_bytes = 4;
    return activation.pc_ == guest_return_ + instruction_bytes ? Stop::to_guest : Stop::hvc;
  }
  if (regular && exception_ == exception_smc) return Stop::smc;
  return Stop::fault;
}

CallRegisters Cpu::registers() const {
  CallRegisters values{};
  std::array<void*, std::tuple_size_v<CallRegisters>> places{};
  for (size_t n = 0; n < values.size(); ++n) places[n] = &values[n];
  auto ids = call_register_ids;
  must(uc_reg_read_batch(engine_.get(), ids.data(), places.data(), static_cast<int>(ids.size())),
       "registers");
  return values;
}

void Cpu::suspend(Activation& activation) {
  must(uc_context_save(engine_.get(), activation.registers_.get()), "a context");
}

void Cpu::resume(Activation& activation, const CallRegisters& registers) {
  if (loaded_ != &activation) {
    must(uc_context_restore(engine_.get(), activation.registers_.get()), "a context");
    loaded_ = &activation;
  }
  write_call_registers(registers);
}

void Cpu::write_call_registers(const CallRegisters& registers) {
  CallRegisters values = registers;
  std::array<void*, std::tuple_size_v<CallRegisters>> places{};
  for (size_t n = 0; n < values.size(); ++n) places[n] = &values[n];
  auto ids = call_register_ids;
  must(uc_reg_write_batch(engine_.get(), ids.data(), places.data(), static_cast<int>(ids.size())),
       "registers");
}

std::string Cpu::describe_stop(const std::string& why) const {
  const uint64_t pc = read(UC_ARM64_REG_PC);
  return fmt::format("the mediator's image stopped: {}; pc {:#x} in {}{}",
                     why.empty() ? exception_text() : why, pc, image_.describe(pc), callers());
}

// The classes are those of ESR_EL2.EC, which the emulator does not show.
std::string Cpu::exception_text() const {
  if (bad_access_) {
    const auto [type, address, bytes] = *bad_access_;
    switch (type) {
      case UC_MEM_READ_UNMAPPED:
        return fmt::format("data abort (EC 0x25), {} bytes read at {:#x}, where nothing is", bytes,
                           address);
      case UC_MEM_WRITE_UNMAPPED:
        return fmt::format("data abort (EC 0x25), {} bytes written at {:#x}, where nothing is",
                           bytes, address);
      case UC_MEM_WRITE_PROT:
        return fmt::format("data abort (EC 0x25), {} bytes written at {:#x}, which is read-only",
                           bytes, address);
      case UC_MEM_FETCH_UNMAPPED:
        return fmt::format("instruction abort (EC 0x21) at {:#x}, where nothing is", address);
      case UC_MEM_FETCH_PROT:
        return fmt::format("instruction abort (EC 0x21) at {:#x}, which is no code", address);
      default:
        return fmt::format("abort of an access to {:#x}", address);
    }
  }
  if (!exception_) return error_.empty() ? "it stopped by itself" : error_;
  switch (*exception_) {
    case 1:
      return "undefined instruction (EC 0x00)";
    case 2:
      return "SVC (EC 0x15)";
    case 3:
      return "instruction abort (EC 0x21)";
    case 4:
      return "data abort (EC 0x25)";
    case 7: {
      uint32_t instruction = 0;
      (void)uc_mem_read(engine_.get(), read(UC_ARM64_REG_PC), &instruction, sizeof instruction);
      return fmt::format("BRK {:#x} (EC 0x3c), an assertion that does not hold",
                         instruction >> 5 & 0xffff);
    }
    default:
      return fmt::format("exception {}", *exception_);
  }
}

// Frame records: x29 points to the caller's x29 and the return address.
std::string Cpu::callers() const {
  constexpr int most = 16;
  std::string text;
  uint64_t frame = read(UC_ARM64_REG_FP);
  for (int n = 0; n < most; ++n) {
    const std::byte* const record = memory_.find(frame, 2 * sizeof(uint64_t), true);
    if (record == nullptr || frame % sizeof(uint64_t) != 0) break;
    std::array<uint64_t, 2> words{};
    std::copy_n(record, sizeof words, reinterpret_cast<std::byte*>(words.data()));
    if (words[1] == return_address_) break;
    text += fmt::format("{} {}", n == 0 ? ", called from" : ",", image_.describe(words[1] - 4));
    frame = words[0];
  }
  return text;
}

}  // namespace sim::unicorn
