// SPDX-License-Identifier: BSD-3-Clause
// The byte code that a scenario compiles to: its container, its operations, and the reader that
// checks every byte. Little-endian, versioned. Written by sim/scenario, read by the interpreter
// (guest programs) and by the engine (control program). docs/scenario-format.md has the layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/result.hpp"

namespace guest {

inline constexpr uint32_t program_magic = 0x47414646;  // "FFAG"
inline constexpr uint16_t program_version = 1;
inline constexpr uint32_t header_bytes = 20;
inline constexpr uint32_t op_header_bytes = 8;
inline constexpr uint16_t max_slots = 1024;
inline constexpr unsigned register_count = 18;  // x0-x17

enum class ProgramKind : uint16_t { guest = 1, control = 2 };

/// Guest operations from 1, control operations from 0x40.
enum class Opcode : uint16_t {
  end = 1,
  write = 2,
  fill = 3,
  write_operand = 4,
  call = 5,
  save = 6,
  step = 7,
  dump = 8,
  require_reply = 9,
  run = 0x40,
  create_vm = 0x41,
  destroy_vm = 0x42,
  notify = 0x43,
  deliver_sri = 0x44,
  answer_vm_messages = 0x45,
  remove_page = 0x46,
  dump_state = 0x47,
  dump_memory = 0x48,
  dump_translation = 0x49,
  arm_faults = 0x4a,
  parallel = 0x4b,
  preempt = 0x4c,
  migrate = 0x4d,
  interrupt = 0x4e,
  set_online = 0x4f,
};

enum class ProgramError : uint8_t {
  none,
  truncated,  ///< an operation or a field reaches past the end
  bad_magic,
  bad_version,
  bad_header,  ///< unknown kind, too many slots, reserved bits, lengths that disagree
  unknown_op,
  wrong_kind,  ///< a control operation in a guest program or the other way round
  bad_field,   ///< a field out of its range, or bytes left over in an operation
  bad_slot,    ///< slot number at or above the header's count
  no_end,      ///< the last operation is not `end`, or `end` stands elsewhere
};

enum class Conduit : uint8_t { smc = 0, hvc = 1 };

/// How a slot enters an operand: not at all, whole, or one 32-bit half.
enum class SlotPart : uint8_t { none = 0, full = 1, low = 2, high = 3 };
enum class Combine : uint8_t { bit_or = 0, add = 1, bit_xor = 2 };

/// constant COMBINE (part of slot << shift). 16 bytes: part, combine, shift, 0, slot u16, 0 u16,
/// constant u64.
struct Operand {
  SlotPart part = SlotPart::none;
  Combine combine = Combine::bit_or;
  uint8_t shift = 0;
  uint16_t slot = 0;
  uint64_t constant = 0;
};

/// ipa u64, bytes to the end of the operation.
struct WriteOp {
  uint64_t ipa = 0;
  std::span<const std::byte> bytes;
};

/// ipa u64, length u64, byte u8, 0 u8 [7].
struct FillOp {
  uint64_t ipa = 0;
  uint64_t length = 0;
  uint8_t value = 0;
};

/// ipa u64, width u32 (bytes, 1-8), 0 u32, operand.
struct WriteOperandOp {
  uint64_t ipa = 0;
  uint32_t width = 8;
  Operand value;
};

/// conduit u8, 0 u8 [3], mask u32, one operand for each bit of the mask; the other registers are 0.
struct CallOp {
  Conduit conduit = Conduit::smc;
  uint32_t mask = 0;
  std::array<Operand, register_count> registers{};
};

enum class SaveSource : uint8_t { reg = 0, pair = 1, memory = 2 };

/// slot = bits [right_shift, right_shift + width) of a register of the last reply, of a pair of
/// 32-bit registers (reg low, reg + 1 high) or of `width / 8` bytes of memory. slot u16, source u8,
/// reg u8, right_shift u8, width u8, 0 u16, ipa u64.
struct SaveOp {
  uint16_t slot = 0;
  SaveSource source = SaveSource::reg;
  uint8_t reg = 0;
  uint8_t right_shift = 0;
  uint8_t width = 64;
  uint64_t ipa = 0;
};

/// The end of a step: step u32.
struct StepOp {
  uint32_t step = 0;
};

/// id u32, 0 u32, ipa u64, length u64.
struct DumpOp {
  uint32_t id = 0;
  uint64_t ipa = 0;
  uint64_t length = 0;
};

/// The rest of the step is left out unless w0 of the last reply, without the SVE hint, is this: w0
/// u32.
struct RequireReplyOp {
  uint32_t w0 = 0;
};

/// Runs a vCPU to the end of its next step: vm u16, vcpu u16, step u32.
struct RunOp {
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  uint32_t step = 0;
};

/// One operation of the host; which fields count depends on the opcode. step u32, vm u16, sp u16,
/// value u64, length u64, id u32, flags u32. create_vm: vm, value = budget (0
/// none), flags bit 0 = one stage only. destroy_vm: vm, value = budget (0
/// none), flags bit 0 = again until it is done. notify: sp (0: the SPM), vm, value = bitmap, id =
/// vCPU + 1, 0: for all. answer_vm_messages: sp, value = count, flags = status word. remove_page:
/// vm, value = ipa. dump_state: id. dump_memory: id, vm, value = ipa, length. dump_translation: id,
/// vm, value = ipa, length = pages. arm_faults: id = fault, flags bit 0 = on. deliver_sri: flags
/// bit 0 = only if pending. preempt: sp, value = times, flags bit 0 = yields. migrate: vm, id =
/// vCPU, value = pCPU. interrupt: vm, id = vCPU. set_online: vm, id = vCPU, flags bit 0 = online.
struct HostOp {
  uint32_t step = 0;
  uint16_t vm = 0;
  uint16_t sp = 0;
  uint64_t value = 0;
  uint64_t length = 0;
  uint32_t id = 0;
  uint32_t flags = 0;
};

inline constexpr unsigned max_threads = 16;

/// One thread of a parallel section: a vCPU that runs `count` steps, or the host with the `count`
/// next operations.
struct Thread {
  bool host = false;
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  uint32_t count = 0;
};

/// count u32, then for each thread: host u16 (0, 1), vm u16, vcpu u16, 0 u16, count u32.
struct ParallelOp {
  uint32_t count = 0;
  std::array<Thread, max_threads> threads{};
};

/// An operation as it lies in the program: opcode u16, 0 u16, payload length u32, payload.
struct RawOp {
  Opcode code = Opcode::end;
  std::span<const std::byte> payload;
  uint32_t next = 0;  ///< offset of the following operation
};

template <class T>
using Checked = ffa::Result<T, ProgramError>;

// Decoders of one operation's payload. `slots` is the program's slot count.
Checked<WriteOp> decode_write(const RawOp& op);
Checked<FillOp> decode_fill(const RawOp& op);
Checked<WriteOperandOp> decode_write_operand(const RawOp& op, uint16_t slots);
Checked<CallOp> decode_call(const RawOp& op, uint16_t slots);
Checked<SaveOp> decode_save(const RawOp& op, uint16_t slots);
Checked<StepOp> decode_step(const RawOp& op);
Checked<DumpOp> decode_dump(const RawOp& op);
Checked<RequireReplyOp> decode_require_reply(const RawOp& op);
Checked<RunOp> decode_run(const RawOp& op);
Checked<HostOp> decode_host(const RawOp& op);
Checked<ParallelOp> decode_parallel(const RawOp& op);

/// A program whose every operation has been checked: open() reads it once from end to end.
class Program {
 public:
  Program() = default;
  /// header: magic u32, version u16, kind u16, slots u16, 0 u16, code bytes u32, operations u32.
  static Checked<Program> open(std::span<const std::byte> bytes);

  [[nodiscard]] ProgramKind kind() const { return kind_; }
  [[nodiscard]] uint16_t slots() const { return slots_; }
  [[nodiscard]] uint32_t ops() const { return ops_; }
  [[nodiscard]] uint32_t code_bytes() const { return static_cast<uint32_t>(code_.size()); }
  /// The operation at a byte offset of the code. Never reads outside the program, whatever
  /// `offset`.
  [[nodiscard]] Checked<RawOp> at(uint32_t offset) const;

 private:
  std::span<const std::byte> code_;
  ProgramKind kind_ = ProgramKind::guest;
  uint16_t slots_ = 0;
  uint32_t ops_ = 0;
};

}  // namespace guest
