// SPDX-License-Identifier: BSD-3-Clause
#include "call_check.hpp"
#include "ffa/calls/framework.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::Masks;
using test::word;

constexpr EndpointId sender{0x7002};
constexpr EndpointId receiver{0x8003};
// Every one of these words in w2 is another message or none.
const Masks other_message = {{2, word}};

TEST(FfaFrameworkMessage, VmAvailabilityRequestsCarryHandleAndVm) {
  const Handle handle = Handle::from_words(0x11111111, 0x22222222);
  const Masks fields = {{1, word}, {3, word}, {4, word}, {5, 0xffff}};
  check_call(VmCreatedRequest{sender, receiver, handle, EndpointId{5}},
             {.registers = {0x8400006f, 0x70028003, 0x80000004, 0x11111111, 0x22222222, 5},
              .fields = fields,
              .must_be_zero = other_message});
  check_call(VmDestroyedRequest{sender, receiver, handle, EndpointId{6}},
             {.registers = {0x8400006f, 0x70028003, 0x80000006, 0x11111111, 0x22222222, 6},
              .fields = fields,
              .must_be_zero = other_message});
}

TEST(FfaFrameworkMessage, VmAvailabilityResponsesCarryAStatus) {
  check_call(VmCreatedResponse{receiver, sender, Status::interrupted},
             {.registers = {0x84000070, 0x80037002, 0x80000005, 0xfffffffb},
              .fields = {{1, word}},
              .must_be_zero = other_message,
              .untested = {{3, word}}});
  check_call(VmDestroyedResponse{receiver, sender, Status::success},
             {.registers = {0x84000070, 0x80037002, 0x80000007, 0},
              .fields = {{1, word}},
              .must_be_zero = other_message,
              .untested = {{3, word}}});
}

TEST(FfaFrameworkMessage, UnknownStatusOfAnSpIsNotSuccess) {
  Regs regs = VmCreatedResponse{receiver, sender, Status::success}.encode();
  EXPECT_EQ(VmCreatedResponse::decode(regs)->status, Status::success);
  for (const uint32_t strange : {1U, 0x7fffffffU, 0x80000000U, 0xfffffff0U}) {
    regs.x[3] = strange;
    EXPECT_EQ(VmCreatedResponse::decode(regs)->status, Status::not_supported) << strange;
  }
}

TEST(FfaFrameworkMessage, PsciRequestCarriesFourWords) {
  check_call(PsciRequest{sender, receiver, 0xc4000001, {0x44, 0x55, 0x66}},
             {.registers = {0x8400006f, 0x70028003, 0x80000000, 0xc4000001, 0x44, 0x55, 0x66},
              .fields = {{1, word}, {3, word}, {4, word}, {5, word}, {6, word}},
              .must_be_zero = other_message});
}

TEST(FfaFrameworkMessage, PsciResponseKeepsPscisOwnNumbers) {
  check_call(PsciResponse{receiver, sender, -3},
             {.registers = {0x84000070, 0x80037002, 0x80000002, 0xfffffffd},
              .fields = {{1, word}, {3, word}},
              .must_be_zero = other_message});
}

TEST(FfaFrameworkMessage, WarmBootRequestSaysFromWhere) {
  check_call(WarmBootRequest{sender, receiver, WarmBootRequest::From::shallower_state},
             {.registers = {0x8400006f, 0x70028003, 0x80000001, 1},
              .fields = {{1, word}, {3, word}},
              .must_be_zero = other_message});
}

TEST(FfaFrameworkMessage, VersionsTravelInW3) {
  check_call(VersionRequest{sender, receiver, Version::make(4, 9)},
             {.registers = {0x8400006f, 0x70028003, 0x80000008, 0x00040009},
              .fields = {{1, word}, {3, word}},
              .must_be_zero = other_message});
  check_call(VersionResponse{receiver, sender, Version::make(4, 10)},
             {.registers = {0x84000070, 0x80037002, 0x80000009, 0x0004000a},
              .fields = {{1, word}, {3, 0x7fffffff}},
              .must_be_zero = other_message,
              .untested = {{3, 0x80000000}}});
  check_call(VersionResponse{receiver, sender, std::nullopt},
             {.registers = {0x84000070, 0x80037002, 0x80000009, 0xffffffff},
              .fields = {{1, word}},
              .must_be_zero = other_message,
              .untested = {{3, word}}});
}

}  // namespace
}  // namespace ffa
