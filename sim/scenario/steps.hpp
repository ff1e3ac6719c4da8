// SPDX-License-Identifier: BSD-3-Clause
// One function a `do`: what a step becomes in byte code. Guest steps write into their vCPU's
// program, host steps into the control program. Called by compile.cpp, which puts step marks, dumps
// and expectations around them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "sim/scenario/compile.hpp"
#include "sim/scenario/compile_node.hpp"
#include "sim/scenario/compile_program.hpp"
#include "sim/scenario/compile_value.hpp"
#include "sim/scenario/compile_world.hpp"
#include "sim/scenario/optee_calls.hpp"

namespace sim::scenario {

/// All that a guest's step may need.
struct GuestStep {
  const Node& node;
  const CompiledWorld& world;
  const GuestFacts& guest;
  uint16_t vcpu;
  ValueContext values;
  SlotTable& slots;
  ProgramBuilder& program;
  CompiledStep& step;
  OpteeCalls& optee;

  [[nodiscard]] uint64_t constant(const std::string& key, uint64_t fallback,
                                  uint64_t max = ~uint64_t{0}) const;
  [[nodiscard]] guest::Operand operand(const std::string& key, uint64_t fallback) const;
  [[nodiscard]] uint16_t endpoint(const std::string& key, uint16_t fallback) const;
};

/// All that a step of the host may need. `step` numbers the operation.
struct HostStep {
  const Node& node;
  const CompiledWorld& world;
  ValueContext values;
  ProgramBuilder& control;
  uint32_t step;
  CompiledStep& compiled;
};

using GuestStepCompiler = void (*)(const GuestStep&);
using HostStepCompiler = void (*)(const HostStep&);

/// The compilers by `do`; nullptr where there is none of that kind.
GuestStepCompiler guest_step(const std::string& name);
HostStepCompiler host_step(const std::string& name);

/// One call under construction: registers that are set, the rest filled as the step says.
class CallWriter {
 public:
  explicit CallWriter(uint32_t function) { set(0, constant_operand(function)); }
  /// A call without function: x0 is among the registers.
  CallWriter() = default;
  CallWriter& set(unsigned reg, const guest::Operand& value);
  /// What `save` may name beside registers and handles.
  using SaveNames = std::function<std::optional<guest::SaveOp>(const std::string&)>;
  CallWriter& also_saves(SaveNames names) {
    save_names_ = std::move(names);
    return *this;
  }
  CallWriter& set(unsigned reg, uint64_t value) { return set(reg, constant_operand(value)); }
  /// The two halves of a 64-bit value in two registers. Fails where the operand can't be split.
  CallWriter& set_pair(unsigned low, const guest::Operand& value, const Node& complain_at);
  /// Emits the call with the step's `conduit`, the rest filled from `first_rest` on, and the step's
  /// `save`.
  void emit(const GuestStep& step, unsigned first_rest = 8) const;

 private:
  guest::CallOp op_;
  SaveNames save_names_;
};

/// The SMC32 or SMC64 form of a function by the step's `width`.
uint32_t function_by_width(const GuestStep& step, uint32_t function, uint64_t fallback_width);

// By chapter.
void compile_raw(const GuestStep& step);
void compile_write(const GuestStep& step);
void compile_fill(const GuestStep& step);
/// FFA_VERSION's w1: a version in words, or a number.
uint64_t version_word(const Node& node);
void compile_version(const GuestStep& step);
void compile_features(const GuestStep& step);
void compile_id_get(const GuestStep& step);
void compile_spm_id_get(const GuestStep& step);
void compile_rxtx_map(const GuestStep& step);
void compile_rxtx_unmap(const GuestStep& step);
void compile_rx_release(const GuestStep& step);
void compile_partition_info(const GuestStep& step);
void compile_partition_info_regs(const GuestStep& step);
void compile_direct(const GuestStep& step);
void compile_ask(const GuestStep& step);
void compile_share(const GuestStep& step);
void compile_reclaim(const GuestStep& step);
void compile_retrieve(const GuestStep& step);
void compile_frag_rx(const GuestStep& step);
void compile_relinquish(const GuestStep& step);
void compile_bind(const GuestStep& step);
void compile_unbind(const GuestStep& step);
void compile_set(const GuestStep& step);
void compile_get(const GuestStep& step);
void compile_info_get(const GuestStep& step);
void compile_run(const GuestStep& step);
void compile_direct2(const GuestStep& step);
void compile_respond(const GuestStep& step);
void compile_respond2(const GuestStep& step);
void compile_wait(const GuestStep& step);
void compile_yield(const GuestStep& step);
void compile_send2(const GuestStep& step);
void compile_optee(const GuestStep& step);
void compile_run_image(const GuestStep& step);

}  // namespace sim::scenario
