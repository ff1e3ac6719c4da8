// SPDX-License-Identifier: BSD-3-Clause
#include "guest/program.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "program_bytes.hpp"

namespace guest::test {
namespace {

/// One of each guest operation, each well formed.
std::vector<Bytes> one_of_each() {
  Bytes call;
  call.n(1, 1).n(0, 3).n(0b1011, 4).add(constant(0x84000073).get());
  call.add(operand(2, 0, 0, 2, 5).get()).add(operand(3, 1, 4, 1, 7).get());
  return {
      op(2, Bytes{}.n(0x40001000, 8).n(0xc0ffee, 3)),
      op(3, Bytes{}.n(0x40002000, 8).n(4096, 8).n(0xa5, 1).n(0, 7)),
      op(4, Bytes{}.n(0x40003000, 8).n(4, 4).n(0, 4).add(operand(1, 2, 0, 2, 0x11).get())),
      op(5, call),
      op(6, Bytes{}.n(2, 2).n(1, 1).n(2, 1).n(0, 1).n(64, 1).n(0, 2).n(0, 8)),
      op(7, Bytes{}.n(9, 4)),
      op(8, Bytes{}.n(6, 4).n(0, 4).n(0x40004000, 8).n(16, 8)),
      op(9, Bytes{}.n(0x8400007a, 4)),
  };
}

ProgramError open_error(const std::vector<std::byte>& bytes) {
  // A copy on the heap of exactly this size, so that a sanitizer sees the first byte read too much.
  const std::unique_ptr<std::byte[]> exact(new std::byte[bytes.size()]);
  std::copy(bytes.begin(), bytes.end(), exact.get());
  return Program::open({exact.get(), bytes.size()}).error();
}

/// Changes `width` bytes at `offset`.
std::vector<std::byte> with(std::vector<std::byte> bytes, size_t offset, uint64_t value,
                            unsigned width) {
  for (unsigned i = 0; i < width; ++i)
    bytes.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
  return bytes;
}

TEST(Program, OneOfEachOperationOpensAndReadsBack) {
  const auto bytes = program(3, one_of_each());
  const auto opened = Program::open(bytes);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->kind(), ProgramKind::guest);
  EXPECT_EQ(opened->slots(), 3);
  EXPECT_EQ(opened->ops(), 9U);
  const auto write = opened->at(0);
  ASSERT_TRUE(write.ok());
  const auto decoded = decode_write(*write);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->ipa, 0x40001000U);
  EXPECT_EQ(decoded->bytes.size(), 3U);
}

TEST(Program, CallKeepsConduitMaskAndOperands) {
  const auto bytes = program(3, {one_of_each()[3]});
  const auto opened = Program::open(bytes);
  ASSERT_TRUE(opened.ok());
  const auto call = decode_call(*opened->at(0), opened->slots());
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(call->conduit, Conduit::hvc);
  EXPECT_EQ(call->mask, 0b1011U);
  EXPECT_EQ(call->registers[0].constant, 0x84000073U);
  EXPECT_EQ(call->registers[1].part, SlotPart::low);
  EXPECT_EQ(call->registers[1].slot, 2);
  EXPECT_EQ(call->registers[3].part, SlotPart::high);
  EXPECT_EQ(call->registers[3].combine, Combine::add);
  EXPECT_EQ(call->registers[3].shift, 4);
}

TEST(Program, CutAtAnyByteIsAnError) {
  const auto bytes = program(3, one_of_each());
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(open_error({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)}),
              ProgramError::none)
        << length;
  }
}

TEST(Program, CutAtAnyByteWithCorrectedLengthIsAnError) {
  const auto bytes = program(3, one_of_each());
  for (size_t length = header_bytes; length < bytes.size(); ++length) {
    const std::vector<std::byte> cut{bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)};
    EXPECT_NE(open_error(with(cut, 12, length - header_bytes, 4)), ProgramError::none) << length;
  }
}

TEST(Program, EveryOperationCutShortIsAnError) {
  for (const Bytes& whole : one_of_each()) {
    const size_t payload = whole.get().size() - op_header_bytes;
    // `write` without bytes is still a write.
    const bool is_write = whole.get()[0] == std::byte{2};
    for (size_t length = 0; length < (is_write ? 8 : payload); ++length) {
      std::vector<std::byte> cut{
          whole.get().begin(),
          whole.get().begin() + static_cast<ptrdiff_t>(op_header_bytes + length)};
      cut = with(cut, 4, length, 4);
      EXPECT_EQ(open_error(program(3, {Bytes{}.add(cut)})), ProgramError::truncated);
    }
  }
}

TEST(Program, OperationWithBytesLeftOverIsAnError) {
  for (const Bytes& whole : one_of_each()) {
    if (whole.get()[0] == std::byte{2}) continue;
    auto longer = whole.get();
    longer.push_back(std::byte{0});
    longer = with(longer, 4, longer.size() - op_header_bytes, 4);
    EXPECT_EQ(open_error(program(3, {Bytes{}.add(longer)})), ProgramError::bad_field);
  }
}

TEST(Program, UnknownOperationsAreErrors) {
  for (const uint16_t code : std::vector<uint16_t>{0, 10, 0x3f, 0x5f, 0xffff}) {
    EXPECT_EQ(open_error(program(0, {op(code, Bytes{})})), ProgramError::unknown_op) << code;
  }
}

TEST(Program, GuestAndControlOperationsDoNotMix) {
  EXPECT_EQ(open_error(program(0, {op(0x40, Bytes{}.n(1, 2).n(0, 2).n(3, 4))})),
            ProgramError::wrong_kind);
  EXPECT_EQ(open_error(program(0, {op(7, Bytes{}.n(9, 4))}, 2)), ProgramError::wrong_kind);
  EXPECT_EQ(open_error(program(0, {op(0x40, Bytes{}.n(1, 2).n(0, 2).n(3, 4))}, 2)),
            ProgramError::none);
}

TEST(Program, HeaderIsChecked) {
  const auto bytes = program(3, one_of_each());
  EXPECT_EQ(open_error(with(bytes, 0, 0x47414647, 4)), ProgramError::bad_magic);
  EXPECT_EQ(open_error(with(bytes, 4, 2, 2)), ProgramError::bad_version);
  EXPECT_EQ(open_error(with(bytes, 6, 3, 2)), ProgramError::bad_header);
  EXPECT_EQ(open_error(with(bytes, 8, max_slots + 1, 2)), ProgramError::bad_header);
  EXPECT_EQ(open_error(with(bytes, 10, 1, 2)), ProgramError::bad_header);
  EXPECT_EQ(open_error(with(bytes, 12, bytes.size(), 4)), ProgramError::truncated);
  EXPECT_EQ(open_error(with(bytes, 16, 8, 4)), ProgramError::no_end);
  EXPECT_EQ(open_error(with(bytes, 16, 10, 4)), ProgramError::no_end);
}

TEST(Program, BytesBehindTheCodeAreAnError) {
  auto bytes = program(3, one_of_each());
  bytes.push_back(std::byte{0});
  EXPECT_EQ(open_error(bytes), ProgramError::bad_header);
}

TEST(Program, SlotsAreChecked) {
  EXPECT_EQ(open_error(program(2, {one_of_each()[3]})), ProgramError::bad_slot);
  EXPECT_EQ(open_error(program(2, {one_of_each()[4]})), ProgramError::bad_slot);
  EXPECT_EQ(open_error(program(2, {one_of_each()[2]})), ProgramError::bad_slot);
}

TEST(Program, FieldsOutOfRangeAreErrors) {
  const auto write_operand = [](unsigned width, const Bytes& value) {
    return op(4, Bytes{}.n(0x40003000, 8).n(width, 4).n(0, 4).add(value.get()));
  };
  EXPECT_EQ(open_error(program(1, {write_operand(0, constant(1))})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {write_operand(9, constant(1))})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {write_operand(8, operand(4, 0, 0, 0, 1))})),
            ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {write_operand(8, operand(1, 3, 0, 0, 1))})),
            ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {write_operand(8, operand(1, 0, 64, 0, 1))})),
            ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {write_operand(8, operand(1, 0, 63, 0, 1))})),
            ProgramError::none);
  const auto call = [](unsigned conduit, uint32_t mask) {
    return op(5, Bytes{}.n(conduit, 1).n(0, 3).n(mask, 4));
  };
  EXPECT_EQ(open_error(program(0, {call(2, 0)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(0, {call(0, 1U << 18)})), ProgramError::bad_field);
  const auto save = [](unsigned source, unsigned reg, unsigned shift, unsigned width) {
    return op(6, Bytes{}.n(0, 2).n(source, 1).n(reg, 1).n(shift, 1).n(width, 1).n(0, 2).n(0, 8));
  };
  EXPECT_EQ(open_error(program(1, {save(0, 17, 0, 64)})), ProgramError::none);
  EXPECT_EQ(open_error(program(1, {save(0, 18, 0, 64)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {save(1, 17, 0, 64)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {save(1, 16, 0, 64)})), ProgramError::none);
  EXPECT_EQ(open_error(program(1, {save(0, 2, 64, 1)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {save(0, 2, 0, 0)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {save(0, 2, 0, 65)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {save(2, 0, 0, 12)})), ProgramError::bad_field);
  EXPECT_EQ(open_error(program(1, {save(3, 0, 0, 8)})), ProgramError::bad_field);
}

TEST(Program, ReservedBytesMustBeZero) {
  const auto bytes = program(3, one_of_each());
  EXPECT_EQ(open_error(with(bytes, header_bytes + 2, 1, 1)), ProgramError::bad_field);
}

TEST(Program, ParallelTakesOneToSixteenThreads) {
  const auto parallel = [](uint32_t count) {
    Bytes payload;
    payload.n(count, 4);
    for (uint32_t n = 0; n < count; ++n)
      payload.n(n == 0 ? 1U : 0U, 2).n(n, 2).n(n + 1, 2).n(0, 2).n(2 + n, 4);
    return program(0, {op(0x4b, payload)}, 2);
  };
  EXPECT_EQ(open_error(parallel(0)), ProgramError::bad_field);
  EXPECT_EQ(open_error(parallel(16)), ProgramError::none);
  EXPECT_EQ(open_error(parallel(17)), ProgramError::bad_field);
  const auto bytes = parallel(2);
  const auto opened = Program::open(bytes);
  const auto decoded = decode_parallel(*opened->at(0));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(decoded->threads[0].host);
  EXPECT_FALSE(decoded->threads[1].host);
  EXPECT_EQ(decoded->threads[1].vcpu, 2);
  EXPECT_EQ(decoded->threads[1].count, 3U);
}

TEST(Program, OffsetOutsideTheCodeIsAnError) {
  const auto bytes = program(3, one_of_each());
  const auto opened = Program::open(bytes);
  EXPECT_FALSE(opened->at(opened->code_bytes()).ok());
  EXPECT_FALSE(opened->at(0xffffffff).ok());
}

}  // namespace
}  // namespace guest::test
