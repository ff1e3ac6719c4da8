// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_program.hpp"

#include <array>

namespace sim::scenario {
namespace {

using guest::Opcode;

/// Little-endian fields, each put behind the last.
class Fields {
 public:
  explicit Fields(std::vector<std::byte>& to) : bytes_(to) {}
  Fields& number(uint64_t value, unsigned width) {
    std::array<std::byte, 8> little{};
    for (unsigned i = 0; i < width; ++i) little[i] = static_cast<std::byte>(value >> (8 * i));
    bytes_.insert(bytes_.end(), little.begin(), little.begin() + width);
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

 private:
  std::vector<std::byte>& bytes_;
};

}  // namespace

/// An operation and what `put` makes its fields.
template <class Put>
void ProgramBuilder::op(Opcode code, Put put) {
  constexpr size_t any_but_bytes = guest::op_header_bytes + 8 + 16 * guest::register_count;
  if (code_.capacity() - code_.size() < any_but_bytes) {
    code_.reserve(2 * code_.capacity() + any_but_bytes);
  }
  Fields fields{code_};
  fields.u32(static_cast<uint16_t>(code)).u32(0);
  const size_t begin = code_.size();
  put(fields);
  const size_t length = code_.size() - begin;
  for (unsigned i = 0; i < 4; ++i) {
    code_[begin - 4 + i] = static_cast<std::byte>(length >> (8 * i));
  }
  ++ops_;
}

void ProgramBuilder::write(uint64_t ipa, std::span<const uint8_t> bytes) {
  op(Opcode::write, [&](Fields& f) { f.u64(ipa).bytes(bytes); });
}

void ProgramBuilder::fill(uint64_t ipa, uint64_t length, uint8_t value) {
  op(Opcode::fill, [&](Fields& f) { f.u64(ipa).u64(length).u8(value).number(0, 7); });
}

void ProgramBuilder::write_operand(uint64_t ipa, uint32_t width, const guest::Operand& value) {
  op(Opcode::write_operand, [&](Fields& f) { f.u64(ipa).u32(width).u32(0).operand(value); });
}

void ProgramBuilder::call(const guest::CallOp& call) {
  op(Opcode::call, [&](Fields& f) {
    f.u8(static_cast<uint8_t>(call.conduit)).number(0, 3).u32(call.mask);
    for (unsigned n = 0; n < guest::register_count; ++n) {
      if (((call.mask >> n) & 1U) != 0) f.operand(call.registers[n]);
    }
  });
}

void ProgramBuilder::save(const guest::SaveOp& save) {
  op(Opcode::save, [&](Fields& f) {
    f.u16(save.slot).u8(static_cast<uint8_t>(save.source)).u8(save.reg).u8(save.right_shift);
    f.u8(save.width).u16(0).u64(save.ipa);
  });
}

void ProgramBuilder::step(uint32_t step) {
  op(Opcode::step, [&](Fields& f) { f.u32(step); });
}

void ProgramBuilder::dump(uint32_t id, uint64_t ipa, uint64_t length) {
  op(Opcode::dump, [&](Fields& f) { f.u32(id).u32(0).u64(ipa).u64(length); });
}

void ProgramBuilder::require_reply(uint32_t w0) {
  op(Opcode::require_reply, [&](Fields& f) { f.u32(w0); });
}

void ProgramBuilder::run(const guest::RunOp& run) {
  op(Opcode::run, [&](Fields& f) { f.u16(run.vm).u16(run.vcpu).u32(run.step); });
}

void ProgramBuilder::host(Opcode code, const guest::HostOp& host) {
  op(code, [&](Fields& f) {
    f.u32(host.step).u16(host.vm).u16(host.sp).u64(host.value).u64(host.length);
    f.u32(host.id).u32(host.flags);
  });
}

void ProgramBuilder::parallel(std::span<const guest::Thread> threads) {
  op(Opcode::parallel, [&](Fields& f) {
    f.u32(static_cast<uint32_t>(threads.size()));
    for (const guest::Thread& thread : threads) {
      f.u16(thread.host ? 1 : 0).u16(thread.vm).u16(thread.vcpu).u16(0).u32(thread.count);
    }
  });
}

std::vector<std::byte> ProgramBuilder::finish(uint16_t slots) const {
  std::vector<std::byte> program;
  constexpr size_t around_code = 64;
  program.reserve(code_.size() + around_code);
  Fields fields{program};
  fields.u32(guest::program_magic).u16(guest::program_version).u16(static_cast<uint16_t>(kind_));
  fields.u16(slots).u16(0);
  fields.u32(static_cast<uint32_t>(code_.size()) + guest::op_header_bytes).u32(ops_ + 1);
  program.insert(program.end(), code_.begin(), code_.end());
  fields.u16(static_cast<uint16_t>(Opcode::end)).u16(0).u32(0);
  return program;
}

}  // namespace sim::scenario
