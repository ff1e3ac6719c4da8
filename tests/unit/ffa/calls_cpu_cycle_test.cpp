// SPDX-License-Identifier: BSD-3-Clause
#include "call_check.hpp"
#include "ffa/calls/cpu_cycle.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::dword;
using test::word;

TEST(FfaMsgWaitCall, HasOneFlagAndRefusesTheRest) {
  check_call(
      MsgWait{true},
      {.registers = {0x8400006b, 0, 1},
       .fields = {{2, 1}},
       .must_be_zero = {
           {1, word}, {2, 0xfffffffe}, {3, word}, {4, word}, {5, word}, {6, word}, {7, word}}});
}

TEST(FfaYieldCall, CarriesTargetAndTimeoutAndRefusesTheRest) {
  check_call(Yield{EndpointId{0x8001}, VcpuId{2}, 0x1111111122222222},
             {.registers = {0x8400006c, 0x80010002, 0x22222222, 0x11111111},
              .fields = {{1, word}, {2, word}, {3, word}},
              .must_be_zero = {{4, word}, {5, word}, {6, word}, {7, word}}});
}

TEST(FfaRunCall, CarriesTheTarget) {
  check_call(ffa::Run{EndpointId{0x8003}, VcpuId{4}},
             {.registers = {0x8400006d, 0x80030004}, .fields = {{1, word}}});
}

TEST(FfaInterruptCall, CarriesTargetAndInterrupt) {
  check_call(Interrupt{EndpointId{0x8005}, VcpuId{6}, 0x77},
             {.registers = {0x84000062, 0x80050006, 0x77}, .fields = {{1, word}, {2, word}}});
}

TEST(FfaBareCalls, HaveNoArguments) {
  check_call(NormalWorldResume{}, {.registers = {0x8400007c}, .fields = {}});
  check_call(El3IntrHandle{}, {.registers = {0x8400008c}, .fields = {}});
}

TEST(FfaSecondaryEpRegisterCall, CarriesTheEntryPoint) {
  check_call(SecondaryEpRegister{Convention::smc64, 0x123456789abcdef0},
             {.registers = {0xc4000087, 0x123456789abcdef0}, .fields = {{1, dword}}});
  check_call(SecondaryEpRegister{Convention::smc32, 0x9abcdef0},
             {.registers = {0x84000087, 0x9abcdef0}, .fields = {{1, word}}});
}

TEST(FfaSecondaryEpRegisterCall, EncodeDropsWhatSmc32CannotCarry) {
  EXPECT_EQ((SecondaryEpRegister{Convention::smc32, 0x123456789abcdef0}).encode().x[1], 0x9abcdef0);
}

}  // namespace
}  // namespace ffa
