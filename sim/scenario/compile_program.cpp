// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_program.hpp"

namespace sim::scenario {
namespace {

using guest::Opcode;

/// Little-endian fields one behind the other.
class Fields {
 public:
  /// With room for any operation but those of bytes.
  Fields() { bytes_.reserve(8 + 16 * guest::register_count); }
  Fields& number(uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  Fields& u8(uint8_t value) { return number(value, 1); }
  Fields& u16(uint16_t value) { return number(value, 2); }
  Fields& u32(uint32_t value) { return number(value, 4); }
  Fields& u64(uint64_t value) { return number(value, 8); }
  Fields& bytes(std::span<const uint8_t> from) {
    const auto those = std::as_bytes(from);
    bytes_.insert(bytes_.end(), those.begin(), those.end());
    return *this;
  }
  Fields& operand(const guest::Operand& operand) {
    u8(static_cast<uint8_t>(operand.part))
        .u8(static_cast<uint8_t>(operand.combine))
        .u8(operand.shift)
        .u8(0);
    return u16(operand.slot).u16(0).u64(operand.constant);
  }
  [[nodiscard]] const std::vector<std::byte>& get() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

void ProgramBuilder::op(Opcode code, const std::vector<std::byte>& payload) {
  const auto put = [this](uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) code_.push_back(static_cast<std::byte>(value >> (8 * i)));
  };
  put(static_cast<uint16_t>(code), 4);
  put(payload.size(), 4);
  code_.insert(code_.end(), payload.begin(), payload.end());
  ++ops_;
}

void ProgramBuilder::write(uint64_t ipa, std::span<const uint8_t> bytes) {
  op(Opcode::write, Fields{}.u64(ipa).bytes(bytes).get());
}

void ProgramBuilder::fill(uint64_t ipa, uint64_t length, uint8_t value) {
  op(Opcode::fill, Fields{}.u64(ipa).u64(length).u8(value).number(0, 7).get());
}

void ProgramBuilder::write_operand(uint64_t ipa, uint32_t width, const guest::Operand& value) {
  op(Opcode::write_operand, Fields{}.u64(ipa).u32(width).u32(0).operand(value).get());
}

void ProgramBuilder::call(const guest::CallOp& call) {
  Fields fields;
  fields.u8(static_cast<uint8_t>(call.conduit)).number(0, 3).u32(call.mask);
  for (unsigned n = 0; n < guest::register_count; ++n) {
    if (((call.mask >> n) & 1U) != 0) fields.operand(call.registers[n]);
  }
  op(Opcode::call, fields.get());
}

void ProgramBuilder::save(const guest::SaveOp& save) {
  Fields fields;
  fields.u16(save.slot).u8(static_cast<uint8_t>(save.source)).u8(save.reg).u8(save.right_shift);
  op(Opcode::save, fields.u8(save.width).u16(0).u64(save.ipa).get());
}

void ProgramBuilder::step(uint32_t step) { op(Opcode::step, Fields{}.u32(step).get()); }

void ProgramBuilder::dump(uint32_t id, uint64_t ipa, uint64_t length) {
  op(Opcode::dump, Fields{}.u32(id).u32(0).u64(ipa).u64(length).get());
}

void ProgramBuilder::require_reply(uint32_t w0) {
  op(Opcode::require_reply, Fields{}.u32(w0).get());
}

void ProgramBuilder::run(const guest::RunOp& run) {
  op(Opcode::run, Fields{}.u16(run.vm).u16(run.vcpu).u32(run.step).get());
}

void ProgramBuilder::host(Opcode code, const guest::HostOp& host) {
  Fields fields;
  fields.u32(host.step).u16(host.vm).u16(host.sp).u64(host.value).u64(host.length);
  op(code, fields.u32(host.id).u32(host.flags).get());
}

void ProgramBuilder::parallel(std::span<const guest::Thread> threads) {
  Fields fields;
  fields.u32(static_cast<uint32_t>(threads.size()));
  for (const guest::Thread& thread : threads) {
    fields.u16(thread.host ? 1 : 0).u16(thread.vm).u16(thread.vcpu).u16(0).u32(thread.count);
  }
  op(Opcode::parallel, fields.get());
}

std::vector<std::byte> ProgramBuilder::finish(uint16_t slots) const {
  Fields header;
  header.u32(guest::program_magic).u16(guest::program_version).u16(static_cast<uint16_t>(kind_));
  header.u16(slots).u16(0);
  header.u32(static_cast<uint32_t>(code_.size()) + guest::op_header_bytes).u32(ops_ + 1);
  std::vector<std::byte> program = header.get();
  program.insert(program.end(), code_.begin(), code_.end());
  const Fields end = Fields{}.u16(static_cast<uint16_t>(Opcode::end)).u16(0).u32(0);
  program.insert(program.end(), end.get().begin(), end.get().end());
  return program;
}

}  // namespace sim::scenario
