// SPDX-License-Identifier: BSD-3-Clause
#include "call_check.hpp"
#include "ffa/calls/memory.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::dword;
using test::word;

constexpr Handle handle = Handle::from_words(0x11111111, 0x92222222);
constexpr EndpointId vm{0x0003};

template <class Call>
class FfaMemSendCall : public testing::Test {};
using MemSends = testing::Types<MemDonate, MemLend, MemShare, MemRetrieveReq>;
TYPED_TEST_SUITE(FfaMemSendCall, MemSends);

// w5-w7 are a rule of the handler: they neither fail nor come back, they are reported.
const test::Masks reported = {{5, dword}, {6, dword}, {7, dword}};

TYPED_TEST(FfaMemSendCall, CarriesLengthsAndBuffer) {
  check_call(TypeParam{Convention::smc32, 0x2310, 0x1000, 0x80001000, 5},
             {.registers = {fid32(TypeParam::fid), 0x2310, 0x1000, 0x80001000, 5},
              .fields = {{1, word}, {2, word}, {3, word}, {4, word}},
              .untested = reported});
  check_call(TypeParam{Convention::smc64, 0x2310, 0x1000, 0x1122334480001000, 5},
             {.registers = {fid64(TypeParam::fid), 0x2310, 0x1000, 0x1122334480001000, 5},
              .fields = {{1, word}, {2, word}, {3, dword}, {4, word}},
              .untested = reported});
}

TYPED_TEST(FfaMemSendCall, ReportsReservedRegistersAsWideAsTheConvention) {
  for (const Convention convention : {Convention::smc32, Convention::smc64}) {
    const TypeParam call{.convention = convention, .total_length_bytes = 0x60};
    for (unsigned n = 5; n <= 7; ++n) {
      for (unsigned bit = 0; bit < 64; ++bit) {
        Regs regs = call.encode();
        regs.x[n] = uint64_t{1} << bit;
        const bool seen = bit < 32 || convention == Convention::smc64;
        EXPECT_EQ(TypeParam::decode(regs)->reserved_set, seen) << "x" << n << " bit " << bit;
      }
    }
  }
}

TEST(FfaMemSendCalls, HaveTheirOwnIdentifiers) {
  EXPECT_EQ(MemDonate{}.encode().x[0], 0x84000071U);
  EXPECT_EQ(MemLend{}.encode().x[0], 0x84000072U);
  EXPECT_EQ(MemShare{}.encode().x[0], 0x84000073U);
  EXPECT_EQ(MemRetrieveReq{}.encode().x[0], 0x84000074U);
  EXPECT_EQ(MemShare{.convention = Convention::smc64}.encode().x[0], 0xc4000073U);
}

TEST(FfaMemSendCalls, SuccessCarriesTheWholeHandle) {
  check_call(MemSendSuccess{handle}, {.registers = {0x84000061, 0, 0x11111111, 0x92222222},
                                      .fields = {{2, word}, {3, word}}});
}

TEST(FfaMemRetrieveRespCall, CarriesLengths) {
  check_call(MemRetrieveResp{0x3310, 0x2000},
             {.registers = {0x84000075, 0x3310, 0x2000}, .fields = {{1, word}, {2, word}}});
}

TEST(FfaMemRelinquishCall, HasNoRegisters) {
  check_call(MemRelinquish{}, {.registers = {0x84000076}, .fields = {}});
}

TEST(FfaMemReclaimCall, KeepsAllFlagsForTheHandler) {
  check_call(MemReclaim{handle, MemoryFlags{3}},
             {.registers = {0x84000077, 0x11111111, 0x92222222, 3},
              .fields = {{1, word}, {2, word}, {3, word}}});
}

TEST(FfaMemFragCalls, CarryHandleProgressAndEndpoint) {
  check_call(MemFragRx{handle, 0x1000, vm},
             {.registers = {0x8400007a, 0x11111111, 0x92222222, 0x1000, 0x00030000},
              .fields = {{1, word}, {2, word}, {3, word}, {4, 0xffff0000}},
              .must_be_zero = {{4, 0xffff}}});
  check_call(MemFragTx{handle, 0x310, vm},
             {.registers = {0x8400007b, 0x11111111, 0x92222222, 0x310, 0x00030000},
              .fields = {{1, word}, {2, word}, {3, word}, {4, 0xffff0000}},
              .must_be_zero = {{4, 0xffff}}});
}

TEST(FfaMemOpCalls, CarryTheHandle) {
  check_call(MemOpPause{handle},
             {.registers = {0x84000078, 0x11111111, 0x92222222}, .fields = {{1, word}, {2, word}}});
  check_call(MemOpResume{handle},
             {.registers = {0x84000079, 0x11111111, 0x92222222}, .fields = {{1, word}, {2, word}}});
}

TEST(FfaMemPermCalls, CarryAddressCountAndPermissions) {
  check_call(MemPermGet{Convention::smc64, 0x1122334455667000, 8},
             {.registers = {0xc4000088, 0x1122334455667000, 8}, .fields = {{1, dword}, {2, word}}});
  check_call(MemPermGet{Convention::smc32, 0x55667000, 8},
             {.registers = {0x84000088, 0x55667000, 8}, .fields = {{1, word}, {2, word}}});
  check_call(MemPermGetSuccess{PagePermissions{7}, 9},
             {.registers = {0x84000061, 0, 7, 9}, .fields = {{2, word}, {3, word}}});
  check_call(MemPermSet{Convention::smc64, 0x1122334455667000, PageCount{8}, PagePermissions{5}},
             {.registers = {0xc4000089, 0x1122334455667000, 8, 5},
              .fields = {{1, dword}, {2, word}, {3, 7}},
              .must_be_zero = {{3, 0xfffffff8}}});
  check_call(MemPermSet{Convention::smc32, 0x55667000, PageCount{9}, PagePermissions{3}},
             {.registers = {0x84000089, 0x55667000, 9, 3},
              .fields = {{1, word}, {2, word}, {3, 7}},
              .must_be_zero = {{3, 0xfffffff8}}});
}

}  // namespace
}  // namespace ffa
