// SPDX-License-Identifier: BSD-3-Clause
// Runs a guest program. The narrow seam between a vCPU and whatever hosts it: "run until the next
// exit"; at a call hand over x0-x17, take x0-x17. The same interpreter runs in the simulator and at
// EL1.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/regs.hpp"
#include "guest/program.hpp"

namespace guest {

/// The guest's memory, by IPA. False: a stage-2 fault, nothing was transferred.
template <class M>
concept GuestMemory =
    requires(M m, uint64_t ipa, std::span<std::byte> to, std::span<const std::byte> from) {
      { m.read(ipa, to) } -> std::same_as<bool>;
      { m.write(ipa, from) } -> std::same_as<bool>;
    };

enum class ExitKind : uint8_t {
  call,       ///< an SMC or HVC: `regs`, `conduit`; go on with complete()
  step,       ///< the end of a step: `id`
  dump,       ///< the host may read `length` bytes at `ipa` now: `id`
  fault,      ///< an access at `ipa` failed; the rest of the step is left out
  end,        ///< the program is over; every further run() says so again
  malformed,  ///< not a program that Program::open() accepted
};

struct Exit {
  ExitKind kind = ExitKind::end;
  Conduit conduit = Conduit::smc;
  uint32_t id = 0;
  uint64_t ipa = 0;
  uint64_t length = 0;
  ffa::Regs regs{};
};

/// The value of an operand. Shifts and sums are modulo 2^64.
constexpr uint64_t operand_value(const Operand& operand, std::span<const uint64_t> slots) {
  if (operand.part == SlotPart::none || operand.slot >= slots.size()) return operand.constant;
  uint64_t part = slots[operand.slot];
  if (operand.part == SlotPart::low) part &= 0xffffffffU;
  if (operand.part == SlotPart::high) part >>= 32;
  part <<= operand.shift;
  switch (operand.combine) {
    case Combine::bit_or:
      return operand.constant | part;
    case Combine::add:
      return operand.constant + part;
    case Combine::bit_xor:
      return operand.constant ^ part;
  }
  return 0;
}

template <GuestMemory Memory>
class Interpreter {
 public:
  /// `slots` is the table that all programs of a case share; at least program.slots() long.
  Interpreter(const Program& program, Memory& memory, std::span<uint64_t> slots)
      : program_(program), memory_(memory), slots_(slots) {}

  /// Runs until the next exit. Bounded: each operation is executed once.
  Exit run() {
    for (uint32_t executed = 0; executed <= program_.ops(); ++executed) {
      const auto op = program_.at(state_.offset);
      if (!op.ok()) return {.kind = ExitKind::malformed};
      if (op->code == Opcode::end) return {.kind = ExitKind::end};
      state_.offset = op->next;
      if (op->code == Opcode::step) state_.skipping = false;
      if (state_.skipping) continue;
      const Exit exit = execute(*op);
      if (exit.kind != ExitKind::end) return exit;
    }
    return {.kind = ExitKind::malformed};
  }

  /// The reply to the call of the last exit.
  void complete(const ffa::Regs& regs) { state_.reply = regs; }

  /// How far the program has come, between two exits.
  struct State {
    ffa::Regs reply{};
    uint32_t offset = 0;
    bool skipping = false;
  };
  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  /// `end` here: go on.
  Exit execute(const RawOp& op) {
    switch (op.code) {
      case Opcode::write:
        return write(decode_write(op));
      case Opcode::fill:
        return fill(decode_fill(op));
      case Opcode::write_operand:
        return write_operand(decode_write_operand(op, program_.slots()));
      case Opcode::call:
        return call(decode_call(op, program_.slots()));
      case Opcode::save:
        return save(decode_save(op, program_.slots()));
      case Opcode::dump:
        return dump(decode_dump(op));
      case Opcode::step: {
        const auto step = decode_step(op);
        if (!step.ok()) return {.kind = ExitKind::malformed};
        return {.kind = ExitKind::step, .id = step->step};
      }
      case Opcode::require_reply: {
        const auto required = decode_require_reply(op);
        if (!required.ok()) return {.kind = ExitKind::malformed};
        state_.skipping = ffa::FunctionId{state_.reply.x[0]}.raw != required->w0;
        return {.kind = ExitKind::end};
      }
      default:
        return {.kind = ExitKind::malformed};
    }
  }

  Exit write(const Checked<WriteOp>& op) {
    if (!op.ok()) return {.kind = ExitKind::malformed};
    return memory_.write(op->ipa, op->bytes) ? Exit{} : fault(op->ipa);
  }

  Exit fill(const Checked<FillOp>& op) {
    if (!op.ok()) return {.kind = ExitKind::malformed};
    std::byte chunk[64];
    for (std::byte& byte : chunk) byte = static_cast<std::byte>(op->value);
    for (uint64_t done = 0; done < op->length; done += sizeof chunk) {
      const uint64_t rest = op->length - done;
      const std::span<const std::byte> part{chunk, rest < sizeof chunk ? rest : sizeof chunk};
      if (!memory_.write(op->ipa + done, part)) return fault(op->ipa + done);
    }
    return {};
  }

  Exit write_operand(const Checked<WriteOperandOp>& op) {
    if (!op.ok()) return {.kind = ExitKind::malformed};
    const uint64_t value = operand_value(op->value, slots_);
    std::byte bytes[8];
    for (unsigned i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(value >> (8 * i));
    const std::span<const std::byte> from{bytes, op->width};
    return memory_.write(op->ipa, from) ? Exit{} : fault(op->ipa);
  }

  Exit call(const Checked<CallOp>& op) {
    if (!op.ok()) return {.kind = ExitKind::malformed};
    Exit exit{.kind = ExitKind::call, .conduit = op->conduit};
    for (unsigned n = 0; n < register_count; ++n) {
      if (((op->mask >> n) & 1U) != 0) exit.regs.x[n] = operand_value(op->registers[n], slots_);
    }
    return exit;
  }

  Exit save(const Checked<SaveOp>& op) {
    if (!op.ok()) return {.kind = ExitKind::malformed};
    uint64_t value = 0;
    switch (op->source) {
      case SaveSource::reg:
        value = state_.reply.x[op->reg];
        break;
      case SaveSource::pair:
        value = state_.reply.w(op->reg) | static_cast<uint64_t>(state_.reply.w(op->reg + 1U)) << 32;
        break;
      case SaveSource::memory: {
        std::byte bytes[8]{};
        if (!memory_.read(op->ipa, std::span<std::byte>{bytes, op->width / 8U}))
          return fault(op->ipa);
        for (unsigned i = 0; i < 8; ++i) value |= static_cast<uint64_t>(bytes[i]) << (8 * i);
        break;
      }
    }
    value >>= op->right_shift;
    if (op->width < 64) value &= (uint64_t{1} << op->width) - 1;
    if (op->slot >= slots_.size()) return {.kind = ExitKind::malformed};
    slots_[op->slot] = value;
    return {};
  }

  static Exit dump(const Checked<DumpOp>& op) {
    if (!op.ok()) return {.kind = ExitKind::malformed};
    return {.kind = ExitKind::dump, .id = op->id, .ipa = op->ipa, .length = op->length};
  }

  Exit fault(uint64_t ipa) {
    state_.skipping = true;
    return {.kind = ExitKind::fault, .ipa = ipa};
  }

  Program program_;
  Memory& memory_;
  std::span<uint64_t> slots_;
  State state_{};
};

}  // namespace guest
