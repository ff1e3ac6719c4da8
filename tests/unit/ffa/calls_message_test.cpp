// SPDX-License-Identifier: BSD-3-Clause
#include "call_check.hpp"
#include "ffa/calls/message.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::dword;
using test::Layout;
using test::word;

constexpr EndpointId caller{0x0003};
constexpr EndpointId sp{0x8001};

TEST(FfaDirectMessageCall, PartitionMessageHasNoFlags) {
  check_call(
      MsgSendDirectReq{Convention::smc32, caller, sp, 0, {0x33, 0x44, 0x55, 0x66, 0x77}},
      {.registers = {0x8400006f, 0x00038001, 0, 0x33, 0x44, 0x55, 0x66, 0x77},
       .fields =
           {{1, word}, {2, 0x80000000}, {3, word}, {4, word}, {5, word}, {6, word}, {7, word}},
       .must_be_zero = {{2, 0x7fffffff}}});
}

TEST(FfaDirectMessageCall, Smc64KeepsWholeRegisters) {
  const uint64_t high = 0xaabbccdd00000000;
  check_call(
      MsgSendDirectResp{
          Convention::smc64, sp, caller, 0, {high | 3, high | 4, high | 5, high | 6, 7}},
      {.registers = {0xc4000070, 0x80010003, 0, high | 3, high | 4, high | 5, high | 6, 7},
       .fields =
           {{1, word}, {2, 0x80000000}, {3, dword}, {4, dword}, {5, dword}, {6, dword}, {7, dword}},
       .must_be_zero = {{2, 0x7fffffff}}});
}

TEST(FfaDirectMessageCall, FrameworkMessageHasATypeAndNoOtherFlags) {
  const MsgSendDirectReq message{.sender = caller,
                                 .receiver = sp,
                                 .flags = framework_word(FrameworkMessage::vm_destroyed_request)};
  EXPECT_TRUE(message.is_framework());
  EXPECT_EQ(message.framework_message(), FrameworkMessage::vm_destroyed_request);
  // Without bit 31 the type would be reserved bits of a partition message.
  check_call(
      message,
      {.registers = {0x8400006f, 0x00038001, 0x80000006},
       .fields = {{1, word}, {2, 0xff}, {3, word}, {4, word}, {5, word}, {6, word}, {7, word}},
       .must_be_zero = {{2, 0xffffff00}}});
}

TEST(FfaDirectMessageCall, EncodeDropsWhatSmc32CannotCarry) {
  const MsgSendDirectReq message{.payload = {0x1111111122222222}};
  EXPECT_EQ(message.encode().x[3], 0x22222222U);
}

template <class Call>
Layout extended_layout(Call& message, uint64_t fid, uint64_t ids) {
  Layout layout{.registers = {fid, ids, 0, 0}, .fields = {{1, word}}};
  for (unsigned n = 4; n <= 17; ++n) {
    message.payload[n - 4] = 0x0101010101010101U * n;
    layout.registers.push_back(message.payload[n - 4]);
    layout.fields[n] = dword;
  }
  return layout;
}

TEST(FfaDirectMessage2Call, RequestCarriesUuidAndFourteenRegisters) {
  MsgSendDirectReq2 request{caller, sp, counting_uuid, {}};
  Layout layout = extended_layout(request, 0xc400008d, 0x00038001);
  layout.registers[2] = 0x0706050403020100;
  layout.registers[3] = 0x0f0e0d0c0b0a0908;
  layout.fields[2] = layout.fields[3] = dword;
  check_call(request, layout);
}

TEST(FfaDirectMessage2Call, ResponseRefusesWhereTheRequestHasAUuid) {
  MsgSendDirectResp2 response{sp, caller, {}};
  Layout layout = extended_layout(response, 0xc400008e, 0x80010003);
  layout.must_be_zero = {{2, dword}, {3, dword}};
  check_call(response, layout);
}

TEST(FfaIndirectMessageCalls, CarrySenderAndSize) {
  check_call(MsgSend{caller, sp, 0x123, true}, {.registers = {0x8400006e, 0x00038001, 0, 0x123, 1},
                                                .fields = {{1, word}, {3, word}, {4, 1}}});
  check_call(MsgPoll{}, {.registers = {0x8400006a}, .fields = {}});
  check_call(MsgSend2{caller, true}, {.registers = {0x84000086, 0x00030000, 2},
                                      .fields = {{1, 0xffff0000}, {2, 2}},
                                      .must_be_zero = {{1, 0xffff}, {2, 0xfffffffd}}});
}

}  // namespace
}  // namespace ffa
