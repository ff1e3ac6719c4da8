// SPDX-License-Identifier: BSD-3-Clause
// What the processor watches while the image runs: foreign memory, loads and stores, instructions,
// and what a guest finds in its registers.
#include <fmt/format.h>
#include <unicorn/unicorn.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "sim/emulator/must.hpp"
#include "sim/unicorn/call_bounds.hpp"
#include "sim/unicorn/cpu.hpp"

namespace sim::unicorn {
namespace {

using emulator::must;

using namespace ports::unicorn;

constexpr size_t most_findings = 16;

// Of the guest, besides x0-x17: functions may change x18, x29 and x30 as well, the vectors keep
// them.
constexpr std::array kept_register_ids = {
    UC_ARM64_REG_X18, UC_ARM64_REG_X19, UC_ARM64_REG_X20, UC_ARM64_REG_X21, UC_ARM64_REG_X22,
    UC_ARM64_REG_X23, UC_ARM64_REG_X24, UC_ARM64_REG_X25, UC_ARM64_REG_X26, UC_ARM64_REG_X27,
    UC_ARM64_REG_X28, UC_ARM64_REG_X29, UC_ARM64_REG_X30};
constexpr uint64_t guest_value(size_t n) { return 0x5a5a'0000'0000'0012 + n; }

struct SystemRegister {
  const char* name;
  uint32_t op0, op1, crn, crm, op2;
};
constexpr SystemRegister tpidr_el2{"TPIDR_EL2", 3, 4, 13, 0, 2};
constexpr std::array watched_registers = {SystemRegister{"SCTLR_EL2", 3, 4, 1, 0, 0},
                                          SystemRegister{"HCR_EL2", 3, 4, 1, 1, 0},
                                          SystemRegister{"CPTR_EL2", 3, 4, 1, 1, 2},
                                          SystemRegister{"TTBR0_EL2", 3, 4, 2, 0, 0},
                                          SystemRegister{"TCR_EL2", 3, 4, 2, 0, 2},
                                          SystemRegister{"VTTBR_EL2", 3, 4, 2, 1, 0},
                                          SystemRegister{"VTCR_EL2", 3, 4, 2, 1, 2},
                                          SystemRegister{"SPSR_EL2", 3, 4, 4, 0, 0},
                                          SystemRegister{"ELR_EL2", 3, 4, 4, 0, 1},
                                          SystemRegister{"MAIR_EL2", 3, 4, 10, 2, 0},
                                          SystemRegister{"VBAR_EL2", 3, 4, 12, 0, 0},
                                          SystemRegister{"CNTVOFF_EL2", 3, 4, 14, 0, 3},
                                          SystemRegister{"SCTLR_EL1", 3, 0, 1, 0, 0},
                                          SystemRegister{"TTBR0_EL1", 3, 0, 2, 0, 0},
                                          SystemRegister{"TTBR1_EL1", 3, 0, 2, 0, 1},
                                          SystemRegister{"TCR_EL1", 3, 0, 2, 0, 2},
                                          SystemRegister{"SPSR_EL1", 3, 0, 4, 0, 0},
                                          SystemRegister{"ELR_EL1", 3, 0, 4, 0, 1},
                                          SystemRegister{"SP_EL0", 3, 0, 4, 1, 0},
                                          SystemRegister{"VBAR_EL1", 3, 0, 12, 0, 0},
                                          SystemRegister{"CONTEXTIDR_EL1", 3, 0, 13, 0, 1},
                                          SystemRegister{"TPIDR_EL1", 3, 0, 13, 0, 4},
                                          SystemRegister{"TPIDR_EL0", 3, 3, 13, 0, 2},
                                          SystemRegister{"TPIDRRO_EL0", 3, 3, 13, 0, 3}};

uc_arm64_cp_reg named(const SystemRegister& reg, uint64_t value = 0) {
  return {reg.crn, reg.crm, reg.op0, reg.op1, reg.op2, value};
}

// What hvc() and quiet_hvc() of ports/unicorn fill in: x0 to x5, of locks and atomics x0 to x2.
uint32_t argument_registers(uint64_t op) {
  const bool quiet = op == static_cast<uint64_t>(Op::lock_acquire) ||
                     op == static_cast<uint64_t>(Op::lock_release) ||
                     op == static_cast<uint64_t>(Op::atomic_access);
  return quiet ? 3 : 6;
}

}  // namespace

/// Called by the emulator; nothing may be thrown through it.
struct Cpu::MonitorHooks {
  static uint64_t load(uc_engine* /*engine*/, uint64_t at, unsigned bytes, void* self) {
    Cpu& cpu = *static_cast<Cpu*>(self);
    std::optional<Finding> finding;
    const uint64_t value = cpu.running_->windows.load(at, bytes, finding);
    if (finding && cpu.monitoring_ != Monitoring::none) cpu.found(std::move(*finding));
    return value;
  }
  static void store(uc_engine* /*engine*/, uint64_t at, unsigned bytes, uint64_t value,
                    void* self) {
    Cpu& cpu = *static_cast<Cpu*>(self);
    std::optional<Finding> finding;
    cpu.running_->windows.store(at, bytes, value, finding);
    if (finding && cpu.monitoring_ != Monitoring::none) cpu.found(std::move(*finding));
  }
  static void instruction(uc_engine* /*engine*/, uint64_t address, uint32_t /*bytes*/, void* self) {
    static_cast<Cpu*>(self)->enter_instruction(address);
  }
  static void access(uc_engine* /*engine*/, uc_mem_type type, uint64_t address, int bytes,
                     int64_t /*value*/, void* self) {
    static_cast<Cpu*>(self)->look_at_access(type == UC_MEM_WRITE, address,
                                            static_cast<uint32_t>(bytes));
  }
};

void Cpu::map_windows() {
  must(uc_mmio_map(engine_.get(), window_begin, window_bytes * window_count, &MonitorHooks::load,
                   this, &MonitorHooks::store, this),
       "the windows");
}

void Cpu::add_hooks() {
  const auto hook = [this](int type, auto* function) {
    uc_hook handle = 0;
    must(uc_hook_add(engine_.get(), &handle, type, reinterpret_cast<void*>(function), this, 1, 0),
         "a hook");
  };
  hook(UC_HOOK_CODE, &MonitorHooks::instruction);
  hook(UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, &MonitorHooks::access);
}

void Cpu::found(Finding finding, bool where) {
  if (findings_.size() >= most_findings) return;
  if (where) {
    finding.text += fmt::format(", in {}{}", image_.describe(place_), callers());
  }
  findings_.push_back(std::move(finding));
}

// All instructions of a block are done, or the image has stopped for good.
void Cpu::enter_block(uint64_t address, uint32_t bytes) {
  constexpr uint32_t instruction_bytes = 4;
  place_ = address;
  const bool vectors = address >= guest_entry_ && address <= guest_return_;
  CallCounts& counts = running_->counts;
  (vectors ? counts.vectors : counts.instructions) += bytes / instruction_bytes;
  if (entered_ && !vectors) entered_(address, bytes / instruction_bytes);
  if (monitoring_ != Monitoring::all) return;
  // What functions that are back have left below the stack pointer is nobody's any more.
  constexpr uint64_t stack_alignment = 16;
  const uint64_t stack_pointer = read(UC_ARM64_REG_SP);
  if (stack_pointer % stack_alignment != 0)
    found({"U05", fmt::format("the stack pointer is {:#x}, which is not aligned", stack_pointer)});
  if (stack_pointer > running_->stack_pointer_) {
    memory_.shadow()->set(running_->stack_pointer_, stack_pointer - running_->stack_pointer_,
                          ByteState::fresh);
  }
  running_->stack_pointer_ = stack_pointer;
}

// The instruction is about to be done; its accesses follow.
void Cpu::enter_instruction(uint64_t address) {
  place_ = address;
  accesses_ = 0;
  FreshValues& fresh = running_->fresh;
  if (!fresh.any()) return;
  if (auto finding = fresh.step(instruction(), read(UC_ARM64_REG_NZCV))) found(std::move(*finding));
}

uint32_t Cpu::instruction() const {
  uint32_t word = 0;
  if (const std::byte* const at = memory_.find(place_, sizeof word, false))
    std::memcpy(&word, at, sizeof word);
  return word;
}

void Cpu::look_at_access(bool write, uint64_t address, uint32_t bytes) {
  const uint32_t number = accesses_++;
  if (address % bytes != 0)
    found({"U05", fmt::format("{} bytes {} at {:#x}, which is not aligned", bytes,
                              write ? "written" : "read", address)});
  FreshValues& fresh = running_->fresh;
  std::optional<Finding> finding;
  if (write) {
    const bool stores = fresh.any() && fresh.stores(instruction(), number);
    finding = memory_.shadow()->store(address, bytes, stores);
    if (stores && address >= window_begin)
      finding = Finding{"U02", fmt::format("what was never written goes to {:#x}", address)};
  } else {
    bool loads = false;
    finding = memory_.shadow()->load(address, bytes, loads);
    if (loads) fresh.load(instruction(), number, address);
  }
  if (finding) found(std::move(*finding));
}

void Cpu::check_leaving(Activation& activation, Stop stop) {
  FreshValues& fresh = activation.fresh;
  std::optional<Finding> finding;
  if (stop == Stop::to_guest) finding = fresh.leave(call_registers, "the guest gets");
  if (stop == Stop::smc) finding = fresh.leave(call_registers, "the secure world gets");
  const uint64_t op = read(UC_ARM64_REG_X0);
  if (stop == Stop::hvc && op != static_cast<uint64_t>(Op::returned)) {
    finding = fresh.leave(argument_registers(op), "an operation gets");
  }
  if (finding) found(std::move(*finding));
}

std::vector<uint64_t> Cpu::system_registers() const {
  std::vector<uint64_t> values;
  for (const SystemRegister& watched : watched_registers) {
    uc_arm64_cp_reg reg = named(watched);
    must(uc_reg_read(engine_.get(), UC_ARM64_REG_CP_REG, &reg), watched.name);
    values.push_back(reg.val);
  }
  return values;
}

void Cpu::begin_guest_call(Activation& activation, const GuestRegisters& guest, uint64_t call,
                           uint64_t stack_pointer) {
  begin(activation, guest_entry_, {}, stack_pointer);
  CallRegisters values{};
  std::copy(guest.begin(), guest.end(), values.begin());
  write_call_registers(values);
  for (size_t n = 0; n < kept_register_ids.size(); ++n) write(kept_register_ids[n], guest_value(n));
  uc_arm64_cp_reg pointer = named(tpidr_el2, call);
  must(uc_reg_write(engine_.get(), UC_ARM64_REG_CP_REG, &pointer), tpidr_el2.name);
}

GuestRegisters Cpu::end_guest_call(const GuestRegisters& answer, uint64_t call) {
  const CallRegisters values = registers();
  GuestRegisters guest{};
  std::copy_n(values.begin(), guest.size(), guest.begin());
  if (monitoring_ == Monitoring::none) return guest;
  for (size_t n = 0; n < guest.size(); ++n) {
    if (guest[n] == answer[n]) continue;
    found({"U03", fmt::format("x{} is {:#x} at the return to the guest, not {:#x}", n, guest[n],
                              answer[n])},
          false);
  }
  check_preserved(call);
  return guest;
}

void Cpu::check_bound(uint32_t fid, const Activation& activation) {
  if (monitoring_ == Monitoring::none) return;
  const CallCounts& counts = activation.counts;
  const CallBound& bound = bound_of(fid);
  if (counts.instructions <= bound.instructions(counts)) return;
  found({"U04",
         fmt::format("{} instructions in a call ({}) with {} operations and {} bytes copied; {} "
                     "are enough",
                     counts.instructions, bound.calls, counts.all_operations(), counts.bytes,
                     bound.instructions(counts))},
        false);
}

void Cpu::check_preserved(uint64_t call) {
  constexpr size_t first_kept = 18;
  for (size_t n = 0; n < kept_register_ids.size(); ++n) {
    const uint64_t value = read(kept_register_ids[n]);
    if (value == guest_value(n)) continue;
    found({"U03", fmt::format("x{} is {:#x} at the return to the guest, not the guest's {:#x}",
                              first_kept + n, value, guest_value(n))},
          false);
  }
  const std::vector<uint64_t> now = system_registers();
  for (size_t n = 0; n < now.size(); ++n) {
    if (now[n] == reset_system_registers_[n]) continue;
    found({"U03", fmt::format("{} is {:#x} at the return to the guest, not {:#x}",
                              watched_registers[n].name, now[n], reset_system_registers_[n])},
          false);
  }
  uc_arm64_cp_reg pointer = named(tpidr_el2);
  must(uc_reg_read(engine_.get(), UC_ARM64_REG_CP_REG, &pointer), tpidr_el2.name);
  if (pointer.val != call) found({"U03", "TPIDR_EL2 has changed in a guest's call"}, false);
}

}  // namespace sim::unicorn
