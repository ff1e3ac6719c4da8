// SPDX-License-Identifier: BSD-3-Clause
#include "guest/interpreter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "program_bytes.hpp"

namespace guest::test {
namespace {

/// Bytes at addresses from 0x1000 to 0x1fff; everything else faults.
class FakeMemory {
 public:
  bool read(uint64_t ipa, std::span<std::byte> to) {
    if (!inside(ipa, to.size())) return false;
    for (size_t i = 0; i < to.size(); ++i) to[i] = bytes_[ipa + i];
    return true;
  }
  bool write(uint64_t ipa, std::span<const std::byte> from) {
    if (!inside(ipa, from.size())) return false;
    for (size_t i = 0; i < from.size(); ++i) bytes_[ipa + i] = from[i];
    return true;
  }
  uint64_t word(uint64_t ipa) {
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= static_cast<uint64_t>(bytes_[ipa + i]) << (8 * i);
    return value;
  }

 private:
  static bool inside(uint64_t ipa, uint64_t size) {
    return ipa >= 0x1000 && size <= 0x2000 && ipa + size <= 0x2000;
  }
  std::map<uint64_t, std::byte> bytes_;
};

struct Machine {
  std::vector<std::byte> bytes;
  FakeMemory memory;
  std::array<uint64_t, 4> slots{};
  Interpreter<FakeMemory> interpreter;

  explicit Machine(const std::vector<Bytes>& ops)
      : bytes(program(4, ops)), interpreter(*Program::open(bytes), memory, slots) {}
  Exit run() { return interpreter.run(); }
};

Bytes step(uint32_t number) { return op(7, Bytes{}.n(number, 4)); }
Bytes save(unsigned slot, unsigned source, unsigned reg, unsigned shift, unsigned width,
           uint64_t ipa = 0) {
  return op(6, Bytes{}.n(slot, 2).n(source, 1).n(reg, 1).n(shift, 1).n(width, 1).n(0, 2).n(ipa, 8));
}
Bytes call(uint32_t mask, const std::vector<Bytes>& operands) {
  Bytes payload;
  payload.n(0, 1).n(0, 3).n(mask, 4);
  for (const Bytes& one : operands) payload.add(one.get());
  return op(5, payload);
}

TEST(Interpreter, WritesFillsAndEnds) {
  Machine machine{{op(2, Bytes{}.n(0x1010, 8).n(0x1122334455667788, 8)),
                   op(3, Bytes{}.n(0x1100, 8).n(70, 8).n(0xa5, 1).n(0, 7))}};
  EXPECT_EQ(machine.run().kind, ExitKind::end);
  EXPECT_EQ(machine.memory.word(0x1010), 0x1122334455667788U);
  EXPECT_EQ(machine.memory.word(0x113e), 0xa5a5a5a5a5a5a5a5U);
  EXPECT_EQ(machine.memory.word(0x1146), 0U);
  EXPECT_EQ(machine.run().kind, ExitKind::end);
}

TEST(Interpreter, CallHandsOverRegistersAndTakesTheReply) {
  Machine machine{
      {call(0b101, {constant(0x84000073), constant(0xabcd)}), save(1, 0, 3, 0, 64), step(5)}};
  const Exit exit = machine.run();
  ASSERT_EQ(exit.kind, ExitKind::call);
  EXPECT_EQ(exit.regs.x[0], 0x84000073U);
  EXPECT_EQ(exit.regs.x[1], 0U);
  EXPECT_EQ(exit.regs.x[2], 0xabcdU);
  ffa::Regs reply;
  reply.x[3] = 0xfeed'0000'1234'5678;
  machine.interpreter.complete(reply);
  const Exit next = machine.run();
  EXPECT_EQ(next.kind, ExitKind::step);
  EXPECT_EQ(next.id, 5U);
  EXPECT_EQ(machine.slots[1], 0xfeed'0000'1234'5678U);
}

TEST(Interpreter, SaveTakesPairsBitsAndMemory) {
  Machine machine{{call(1, {constant(1)}), save(0, 1, 2, 0, 64), save(1, 0, 2, 16, 16),
                   save(2, 2, 0, 0, 24, 0x1000)}};
  ASSERT_EQ(machine.run().kind, ExitKind::call);
  ffa::Regs reply;
  reply.x[2] = 0xdddd'cccc'1234'5678;
  reply.x[3] = 0xbbbb'aaaa'9abc'def0;
  machine.interpreter.complete(reply);
  const std::array<std::byte, 4> bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  ASSERT_TRUE(machine.memory.write(0x1000, bytes));
  EXPECT_EQ(machine.run().kind, ExitKind::end);
  EXPECT_EQ(machine.slots[0], 0x9abc'def0'1234'5678U);
  EXPECT_EQ(machine.slots[1], 0x1234U);
  EXPECT_EQ(machine.slots[2], 0x030201U);
}

TEST(Interpreter, OperandsCombineSlotsAndConstants) {
  const std::array<uint64_t, 2> slots{0xfedc'ba98'7654'3210, 3};
  const auto value = [&](SlotPart part, Combine combine, uint8_t shift, uint64_t constant) {
    return operand_value(
        {.part = part, .combine = combine, .shift = shift, .slot = 0, .constant = constant}, slots);
  };
  EXPECT_EQ(value(SlotPart::none, Combine::add, 0, 42), 42U);
  EXPECT_EQ(value(SlotPart::full, Combine::bit_or, 0, 1), 0xfedc'ba98'7654'3211U);
  EXPECT_EQ(value(SlotPart::low, Combine::add, 0, 0x10), 0x7654'3220U);
  EXPECT_EQ(value(SlotPart::high, Combine::bit_or, 0, 0), 0xfedc'ba98U);
  EXPECT_EQ(value(SlotPart::high, Combine::bit_xor, 4, 0xf), 0xfedc'ba98fU);
  EXPECT_EQ(operand_value({.part = SlotPart::full, .slot = 7, .constant = 9}, slots), 9U);
}

TEST(Interpreter, WriteOperandWritesOnlyItsWidth) {
  Machine machine{{op(2, Bytes{}.n(0x1000, 8).n(~0ULL, 8)),
                   op(4, Bytes{}.n(0x1000, 8).n(3, 4).n(0, 4).add(constant(0x11223344).get()))}};
  EXPECT_EQ(machine.run().kind, ExitKind::end);
  EXPECT_EQ(machine.memory.word(0x1000), 0xffff'ffff'ff22'3344U);
}

TEST(Interpreter, FaultLeavesOutTheRestOfTheStepOnly) {
  Machine machine{{op(2, Bytes{}.n(0x3000, 8).n(1, 1)), call(1, {constant(1)}), step(1),
                   call(1, {constant(2)}), step(2)}};
  const Exit fault = machine.run();
  EXPECT_EQ(fault.kind, ExitKind::fault);
  EXPECT_EQ(fault.ipa, 0x3000U);
  const Exit over = machine.run();
  EXPECT_EQ(over.kind, ExitKind::step);
  EXPECT_EQ(over.id, 1U);
  const Exit next = machine.run();
  EXPECT_EQ(next.kind, ExitKind::call);
  EXPECT_EQ(next.regs.x[0], 2U);
}

TEST(Interpreter, FillFaultsAtTheFirstPageThatIsMissing) {
  Machine machine{{op(3, Bytes{}.n(0x1f80, 8).n(0x1000, 8).n(7, 1).n(0, 7))}};
  const Exit fault = machine.run();
  EXPECT_EQ(fault.kind, ExitKind::fault);
  EXPECT_EQ(fault.ipa, 0x2000U);
  EXPECT_EQ(machine.memory.word(0x1ff8), 0x0707070707070707U);
}

TEST(Interpreter, RequireReplyGoesOnOrLeavesOutTheRestOfTheStep) {
  for (const bool wanted : {true, false}) {
    Machine machine{
        {call(1, {constant(1)}), op(9, Bytes{}.n(0x8400007a, 4)), call(1, {constant(2)}), step(4)}};
    ASSERT_EQ(machine.run().kind, ExitKind::call);
    ffa::Regs reply;
    reply.x[0] = wanted ? 0x8401007a : 0x84000060;  // with the SVE hint
    machine.interpreter.complete(reply);
    EXPECT_EQ(machine.run().kind, wanted ? ExitKind::call : ExitKind::step);
  }
}

TEST(Interpreter, DumpExitsWithPlaceAndLength) {
  Machine machine{{op(8, Bytes{}.n(6, 4).n(0, 4).n(0x1234, 8).n(99, 8))}};
  const Exit exit = machine.run();
  EXPECT_EQ(exit.kind, ExitKind::dump);
  EXPECT_EQ(exit.id, 6U);
  EXPECT_EQ(exit.ipa, 0x1234U);
  EXPECT_EQ(exit.length, 99U);
}

TEST(Interpreter, EmptyProgramObjectIsMalformedNotACrash) {
  FakeMemory memory;
  std::array<uint64_t, 1> slots{};
  Interpreter<FakeMemory> interpreter{Program{}, memory, slots};
  EXPECT_EQ(interpreter.run().kind, ExitKind::malformed);
}

}  // namespace
}  // namespace guest::test
