// SPDX-License-Identifier: BSD-3-Clause
// One emulated processor at EL2 that all calls into the image share, and what each call has of its
// own while it is outside or another one runs: its registers and its stack.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ports/unicorn/image_abi.hpp"
#include "sim/unicorn/fresh_values.hpp"
#include "sim/unicorn/image.hpp"
#include "sim/unicorn/memory.hpp"
#include "sim/unicorn/monitoring.hpp"
#include "sim/unicorn/windows.hpp"

struct uc_struct;
struct uc_context;

namespace sim::unicorn {

/// x0-x18.
using CallRegisters = std::array<uint64_t, 19>;

/// Why the processor stopped.
enum class Stop : uint8_t { hvc, smc, to_guest, fault, endless };

struct ReleaseUnicorn {
  void operator()(uc_struct* engine) const;
  void operator()(uc_context* context) const;
};
using Engine = std::unique_ptr<uc_struct, ReleaseUnicorn>;
using Context = std::unique_ptr<uc_context, ReleaseUnicorn>;

/// A call into the image that has not returned yet.
class Activation {
 public:
  Activation(Context registers, uint64_t stack_top)
      : registers_(std::move(registers)), stack_top_(stack_top) {}

  Windows windows;
  CallCounts counts;
  FreshValues fresh;

 private:
  friend class Cpu;
  Context registers_;
  uint64_t stack_top_;
  uint64_t pc_ = 0;
  uint64_t stack_pointer_ = 0;  ///< that it began with, then that of its last basic block
};

/// x0-x17 of a guest.
using GuestRegisters = std::array<uint64_t, ports::unicorn::call_registers>;

class Cpu {
 public:
  /// Throws std::runtime_error where the emulator refuses.
  Cpu(const Image& image, Memory& memory, Monitoring monitoring, BlockSink entered);
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  /// An activation with a stack of its own: the lowest that is free, or a new one. nullptr: too
  /// many calls at once.
  std::unique_ptr<Activation> take();
  void give_back(std::unique_ptr<Activation> activation);
  /// Where the stack of an activation that has not begun ends.
  [[nodiscard]] static uint64_t stack_top(const Activation& activation) {
    return activation.stack_top_;
  }

  /// The processor stands at the beginning of `function` with x0.. = `arguments`.
  void begin(Activation& activation, uint64_t function, std::span<const uint64_t> arguments,
             uint64_t stack_pointer);
  /// The processor stands where a guest's call comes in; `call` is the address of its GuestCall.
  void begin_guest_call(Activation& activation, const GuestRegisters& guest, uint64_t call,
                        uint64_t stack_pointer);
  /// The registers that the guest has back, right after Stop::to_guest. `answer`: what x0-x17 are
  /// to be, `call` as at the beginning; where anything else is not as it was, that is a finding.
  GuestRegisters end_guest_call(const GuestRegisters& answer, uint64_t call);
  /// More instructions than a call of this function may take are a finding.
  void check_bound(uint32_t fid, const Activation& activation);
  /// Runs the activation on, from where it stopped or began.
  Stop run(Activation& activation);
  /// Of the activation that ran last, right after it stopped.
  [[nodiscard]] CallRegisters registers() const;
  /// Puts the activation aside: another one may run now.
  void suspend(Activation& activation);
  /// Its turn again, with other values in x0-x18.
  void resume(Activation& activation, const CallRegisters& registers);

  /// What went wrong, for people: the exception in the words of the architecture, the place, the
  /// callers. `why` instead of the exception where the image did something else that it may not.
  [[nodiscard]] std::string describe_stop(const std::string& why = {}) const;
  [[nodiscard]] Monitoring monitoring() const { return monitoring_; }
  /// What the monitors have found since it was asked for last; of much only the beginning.
  std::vector<Finding> take_findings() { return std::exchange(findings_, {}); }
  /// `where`: the place in the image is told.
  void found(Finding finding, bool where = true);

 private:
  struct BadAccess {
    int type = 0;
    uint64_t address = 0;
    int bytes = 0;
  };
  struct Hooks;
  struct MonitorHooks;
  [[nodiscard]] Context new_context() const;
  void map_new_regions();
  void go_to_el2();
  void add_hooks();
  void map_windows();
  [[nodiscard]] std::vector<uint64_t> system_registers() const;
  void check_preserved(uint64_t call);
  void enter_block(uint64_t address, uint32_t bytes);
  void enter_instruction(uint64_t address);
  void look_at_access(bool write, uint64_t address, uint32_t bytes);
  [[nodiscard]] Stop why_stopped(const Activation& activation, bool regular) const;
  void check_leaving(Activation& activation, Stop stop);
  /// The word of the last instruction.
  [[nodiscard]] uint32_t instruction() const;
  [[nodiscard]] uint64_t read(int reg) const;
  void write(int reg, uint64_t value);
  void write_call_registers(const CallRegisters& registers);
  [[nodiscard]] std::string exception_text() const;
  [[nodiscard]] std::string callers() const;

  const Image& image_;
  Memory& memory_;
  Monitoring monitoring_;
  BlockSink entered_;
  uint64_t return_address_;
  uint64_t guest_entry_;
  uint64_t guest_return_;
  Engine engine_;
  Context reset_;  // the registers that every call begins with
  const Activation* loaded_ = nullptr;
  std::vector<std::unique_ptr<Activation>> unused_;  // the lowest stack last
  std::vector<uint64_t> mapped_;
  std::vector<uint64_t> reset_system_registers_;
  // Written by the hooks while the processor runs.
  std::optional<uint32_t> exception_;
  std::optional<BadAccess> bad_access_;
  Activation* running_ = nullptr;
  uint64_t blocks_ = 0;
  uint64_t place_ = 0;     // of the last one; of the last instruction where each is looked at
  uint32_t accesses_ = 0;  // of the last instruction
  std::vector<Finding> findings_;
  std::string error_;
};

}  // namespace sim::unicorn
