// SPDX-License-Identifier: BSD-3-Clause
#include "ffa/reply.hpp"

#include "call_check.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::dword;
using test::make_regs;
using test::word;

static_assert(reply(Status::denied).x[2] == 0xfffffffa, "replies can be made at compile time");

TEST(FfaReply, ErrorIsZeroExtendedInW2AndNothingElse) {
  EXPECT_EQ(reply(Status::denied), make_regs({0x84000060, 0, 0xfffffffa}));
  EXPECT_EQ(reply(Status::not_supported), make_regs({0x84000060, 0, 0xffffffff}));
}

TEST(FfaReply, SuccessCarriesUpToTwoResults) {
  EXPECT_EQ(success32(), make_regs({0x84000061}));
  EXPECT_EQ(success32(7, 24), make_regs({0x84000061, 0, 7, 24}));
  EXPECT_EQ(success64(uint64_t{7} << 40, 24), make_regs({0xc4000061, 0, uint64_t{7} << 40, 24}));
}

TEST(FfaReply, IsRecognisedInBothWidths) {
  EXPECT_TRUE(is_error(reply(Status::busy)));
  EXPECT_TRUE(is_error(make_regs({0xc4000060})));
  EXPECT_TRUE(is_success(make_regs({0xc4000061})));
  EXPECT_TRUE(is_success(make_regs({0xffffffff84010061}))) << "SVE hint and upper half";
  EXPECT_FALSE(is_success(reply(Status::busy)));
  EXPECT_FALSE(is_error(make_regs({0x44000060}))) << "not a fast call";
  EXPECT_TRUE(is_function(make_regs({0x84000062}), Fid::interrupt));
}

TEST(FfaReply, ErrorStatusComparesTheLowWordOnly) {
  EXPECT_EQ(error_status(make_regs({0x84000060, 0, 0xfffffffffffffffe})),
            Status::invalid_parameters);
  EXPECT_EQ(error_status(make_regs({0x84000060, 0, 0x00000000fffffffe})),
            Status::invalid_parameters);
  EXPECT_EQ(error_status(make_regs({0x84000060, 0, 0})), Status::not_supported);
}

TEST(FfaErrorCall, CarriesTargetAndStatus) {
  check_call(FfaError{Convention::smc32, 0x80010002, Status::retry},
             {.registers = {0x84000060, 0x80010002, 0xfffffff9},
              .fields = {{1, word}},
              .untested = {{2, word}}});
  check_call(FfaError{Convention::smc64, 0x80010002, Status::aborted},
             {.registers = {0xc4000060, 0x80010002, 0xfffffff8},
              .fields = {{1, word}},
              .untested = {{2, word}}});
}

TEST(FfaSuccessCall, HasSixResultsOrSixteen) {
  FfaSuccess success{.convention = Convention::smc32, .target_information = 0x80030004};
  std::vector<uint64_t> registers = {0x84000061, 0x80030004};
  test::Masks fields = {{1, word}};
  for (unsigned n = 2; n <= 7; ++n) {
    registers.push_back(0x01010101U * n);
    success.results[n - 2] = registers.back();
    fields[n] = word;
  }
  check_call(success, {.registers = registers, .fields = fields});

  success.convention = Convention::smc64;
  registers[0] = 0xc4000061;
  for (unsigned n = 2; n <= 17; ++n) {
    registers.resize(18);
    registers[n] = 0x0101010101010101U * n;
    success.results[n - 2] = registers[n];
    fields[n] = dword;
  }
  check_call(success, {.registers = registers, .fields = fields});
}

}  // namespace
}  // namespace ffa
