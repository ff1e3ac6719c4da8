// SPDX-License-Identifier: BSD-3-Clause
// The reader of the byte code. A malformed program is an error, never a read out of bounds: all
// bytes are taken through one cursor, which holds the only bounds comparison.
#include "guest/program.hpp"

namespace guest {
namespace {

/// Reads little-endian fields; the first read past the end makes all further ones 0 and `ok()`
/// false.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> take(size_t count) {
    if (failed_ || count > bytes_.size() - at_) {
      failed_ = true;
      return {};
    }
    const auto taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }
  std::span<const std::byte> rest() { return take(bytes_.size() - at_); }

  uint64_t number(unsigned width) {
    uint64_t value = 0;
    unsigned shift = 0;
    for (const std::byte byte : take(width)) {
      value |= static_cast<uint64_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }
  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  /// Reserved bytes, which must be zero.
  void zero(unsigned width) {
    if (number(width) != 0) reserved_ = true;
  }

  /// none if every read was inside, reserved bytes were zero and nothing is left over.
  [[nodiscard]] ProgramError finish() const {
    if (failed_) return ProgramError::truncated;
    if (reserved_ || at_ != bytes_.size()) return ProgramError::bad_field;
    return ProgramError::none;
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool reserved() const { return reserved_; }
  [[nodiscard]] size_t at() const { return at_; }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  bool failed_ = false;
  bool reserved_ = false;
};

constexpr ffa::Error<ProgramError> error(ProgramError value) { return {value}; }

Operand read_operand(Cursor& cursor) {
  Operand operand;
  operand.part = static_cast<SlotPart>(cursor.u8());
  operand.combine = static_cast<Combine>(cursor.u8());
  operand.shift = cursor.u8();
  cursor.zero(1);
  operand.slot = cursor.u16();
  cursor.zero(2);
  operand.constant = cursor.u64();
  return operand;
}

ProgramError check_operand(const Operand& operand, uint16_t slots) {
  if (operand.part > SlotPart::high || operand.combine > Combine::bit_xor || operand.shift > 63) {
    return ProgramError::bad_field;
  }
  if (operand.part != SlotPart::none && operand.slot >= slots) return ProgramError::bad_slot;
  return ProgramError::none;
}

/// The value if nothing is wrong with it.
template <class T>
Checked<T> checked(const T& value, const Cursor& cursor, ProgramError found = ProgramError::none) {
  const ProgramError form = cursor.finish();
  if (form != ProgramError::none) return error(form);
  if (found != ProgramError::none) return error(found);
  return value;
}

constexpr bool is_guest_op(Opcode code) {
  return code >= Opcode::write && code <= Opcode::require_reply;
}
constexpr bool is_control_op(Opcode code) {
  return code >= Opcode::run && code <= Opcode::set_online;
}

ProgramError check_guest_op(const RawOp& op, uint16_t slots) {
  switch (op.code) {
    case Opcode::write:
      return decode_write(op).error();
    case Opcode::fill:
      return decode_fill(op).error();
    case Opcode::write_operand:
      return decode_write_operand(op, slots).error();
    case Opcode::call:
      return decode_call(op, slots).error();
    case Opcode::save:
      return decode_save(op, slots).error();
    case Opcode::step:
      return decode_step(op).error();
    case Opcode::dump:
      return decode_dump(op).error();
    case Opcode::require_reply:
      return decode_require_reply(op).error();
    default:
      return ProgramError::unknown_op;
  }
}

ProgramError check_op(const RawOp& op, ProgramKind kind, uint16_t slots) {
  if (op.code == Opcode::end)
    return op.payload.empty() ? ProgramError::none : ProgramError::bad_field;
  if (!is_guest_op(op.code) && !is_control_op(op.code)) return ProgramError::unknown_op;
  if (is_guest_op(op.code) != (kind == ProgramKind::guest)) return ProgramError::wrong_kind;
  if (kind == ProgramKind::guest) return check_guest_op(op, slots);
  if (op.code == Opcode::run) return decode_run(op).error();
  if (op.code == Opcode::parallel) return decode_parallel(op).error();
  return decode_host(op).error();
}

}  // namespace

Checked<WriteOp> decode_write(const RawOp& op) {
  Cursor cursor{op.payload};
  WriteOp value;
  value.ipa = cursor.u64();
  value.bytes = cursor.rest();
  return checked(value, cursor);
}

Checked<FillOp> decode_fill(const RawOp& op) {
  Cursor cursor{op.payload};
  FillOp value;
  value.ipa = cursor.u64();
  value.length = cursor.u64();
  value.value = cursor.u8();
  cursor.zero(7);
  return checked(value, cursor);
}

Checked<WriteOperandOp> decode_write_operand(const RawOp& op, uint16_t slots) {
  Cursor cursor{op.payload};
  WriteOperandOp value;
  value.ipa = cursor.u64();
  value.width = cursor.u32();
  cursor.zero(4);
  value.value = read_operand(cursor);
  if (value.width < 1 || value.width > 8) return checked(value, cursor, ProgramError::bad_field);
  return checked(value, cursor, check_operand(value.value, slots));
}

Checked<CallOp> decode_call(const RawOp& op, uint16_t slots) {
  Cursor cursor{op.payload};
  CallOp value;
  const uint8_t conduit = cursor.u8();
  cursor.zero(3);
  value.conduit = static_cast<Conduit>(conduit);
  value.mask = cursor.u32();
  ProgramError found = ProgramError::none;
  if (conduit > 1 || (value.mask >> register_count) != 0) found = ProgramError::bad_field;
  for (unsigned n = 0; n < register_count; ++n) {
    if (((value.mask >> n) & 1U) == 0) continue;
    value.registers[n] = read_operand(cursor);
    if (found == ProgramError::none) found = check_operand(value.registers[n], slots);
  }
  return checked(value, cursor, found);
}

Checked<SaveOp> decode_save(const RawOp& op, uint16_t slots) {
  Cursor cursor{op.payload};
  SaveOp value;
  value.slot = cursor.u16();
  value.source = static_cast<SaveSource>(cursor.u8());
  value.reg = cursor.u8();
  value.right_shift = cursor.u8();
  value.width = cursor.u8();
  cursor.zero(2);
  value.ipa = cursor.u64();
  if (value.slot >= slots) return checked(value, cursor, ProgramError::bad_slot);
  const unsigned last = value.source == SaveSource::pair ? register_count - 2 : register_count - 1;
  const bool whole_bytes = value.width % 8 == 0;
  const bool good = value.source <= SaveSource::memory && value.reg <= last &&
                    value.right_shift < 64 && value.width >= 1 && value.width <= 64 &&
                    (value.source != SaveSource::memory || whole_bytes);
  return checked(value, cursor, good ? ProgramError::none : ProgramError::bad_field);
}

Checked<StepOp> decode_step(const RawOp& op) {
  Cursor cursor{op.payload};
  const StepOp value{cursor.u32()};
  return checked(value, cursor);
}

Checked<DumpOp> decode_dump(const RawOp& op) {
  Cursor cursor{op.payload};
  DumpOp value;
  value.id = cursor.u32();
  cursor.zero(4);
  value.ipa = cursor.u64();
  value.length = cursor.u64();
  return checked(value, cursor);
}

Checked<RequireReplyOp> decode_require_reply(const RawOp& op) {
  Cursor cursor{op.payload};
  const RequireReplyOp value{cursor.u32()};
  return checked(value, cursor);
}

Checked<RunOp> decode_run(const RawOp& op) {
  Cursor cursor{op.payload};
  RunOp value;
  value.vm = cursor.u16();
  value.vcpu = cursor.u16();
  value.step = cursor.u32();
  return checked(value, cursor);
}

Checked<HostOp> decode_host(const RawOp& op) {
  Cursor cursor{op.payload};
  HostOp value;
  value.step = cursor.u32();
  value.vm = cursor.u16();
  value.sp = cursor.u16();
  value.value = cursor.u64();
  value.length = cursor.u64();
  value.id = cursor.u32();
  value.flags = cursor.u32();
  return checked(value, cursor);
}

Checked<ParallelOp> decode_parallel(const RawOp& op) {
  Cursor cursor{op.payload};
  ParallelOp value;
  value.count = cursor.u32();
  if (value.count < 1 || value.count > max_threads) {
    return error(cursor.failed() ? ProgramError::truncated : ProgramError::bad_field);
  }
  ProgramError found = ProgramError::none;
  for (uint32_t n = 0; n < value.count; ++n) {
    Thread& thread = value.threads[n];
    const uint16_t host = cursor.u16();
    thread.host = host == 1;
    thread.vm = cursor.u16();
    thread.vcpu = cursor.u16();
    cursor.zero(2);
    thread.count = cursor.u32();
    if (host > 1) found = ProgramError::bad_field;
  }
  return checked(value, cursor, found);
}

Checked<RawOp> Program::at(uint32_t offset) const {
  if (offset > code_.size()) return error(ProgramError::truncated);
  Cursor cursor{code_.subspan(offset)};
  RawOp op;
  op.code = static_cast<Opcode>(cursor.u16());
  cursor.zero(2);
  op.payload = cursor.take(cursor.u32());
  if (cursor.failed()) return error(ProgramError::truncated);
  if (cursor.reserved()) return error(ProgramError::bad_field);
  op.next = offset + static_cast<uint32_t>(cursor.at());
  return op;
}

Checked<Program> Program::open(std::span<const std::byte> bytes) {
  Cursor cursor{bytes};
  const uint32_t magic = cursor.u32();
  const uint16_t version = cursor.u16();
  Program program;
  program.kind_ = static_cast<ProgramKind>(cursor.u16());
  program.slots_ = cursor.u16();
  cursor.zero(2);
  const uint32_t code_bytes = cursor.u32();
  program.ops_ = cursor.u32();
  if (cursor.failed()) return error(ProgramError::truncated);
  if (magic != program_magic) return error(ProgramError::bad_magic);
  if (version != program_version) return error(ProgramError::bad_version);
  const bool known = program.kind_ == ProgramKind::guest || program.kind_ == ProgramKind::control;
  if (!known || program.slots_ > max_slots || cursor.reserved())
    return error(ProgramError::bad_header);
  program.code_ = cursor.take(code_bytes);
  if (cursor.failed()) return error(ProgramError::truncated);
  if (cursor.at() != bytes.size()) return error(ProgramError::bad_header);

  uint32_t offset = 0;
  Opcode last = Opcode::step;
  for (uint32_t n = 0; n < program.ops_; ++n) {
    if (last == Opcode::end) return error(ProgramError::no_end);
    FFA_TRY(const RawOp op, program.at(offset));
    const ProgramError found = check_op(op, program.kind_, program.slots_);
    if (found != ProgramError::none) return error(found);
    offset = op.next;
    last = op.code;
  }
  if (last != Opcode::end) return error(ProgramError::no_end);
  if (offset != code_bytes) return error(ProgramError::bad_header);
  return program;
}

}  // namespace guest
