// SPDX-License-Identifier: BSD-3-Clause
// What an answer of the SPMC means: its kind, its status as a VM knows it, and where a VM_CREATED
// or VM_DESTROYED message stands after it.
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "core/creation.hpp"
#include "core/spmc_answer.hpp"
#include "core/vm_message.hpp"
#include "ffa/calls/framework.hpp"

namespace mediator {
namespace {

using ffa::FrameworkMessage;
using ffa::Regs;
using ffa::Status;
using enum VmMessageStep;

constexpr ffa::EndpointId sp{0x8003};
constexpr ffa::EndpointId vm{7};
constexpr auto created = FrameworkMessage::vm_created_response;
constexpr auto destroyed = FrameworkMessage::vm_destroyed_response;

TEST(SpmcAnswer, KindsAreTheSameInBothWidths) {
  using enum AnswerKind;
  for (const auto& [number, kind] : {std::pair{0x60U, error},
                                     {0x61U, success},
                                     {0x62U, interrupt},
                                     {0x6cU, yield},
                                     {0x70U, direct_resp},
                                     {0x75U, mem_retrieve_resp},
                                     {0x7aU, mem_frag_rx},
                                     {0x7bU, mem_frag_tx},
                                     {0x6fU, other},
                                     {0x8dU, other}}) {
    EXPECT_EQ(kind_of(Regs{{0x84000000U | number}}), kind) << number;
    EXPECT_EQ(kind_of(Regs{{0xc4000000U | number}}), kind) << number;
  }
  EXPECT_EQ(kind_of(Regs{{0xc400008e}}), direct_resp2);
  EXPECT_EQ(kind_of(Regs{{0x8400008e}}), other) << "it has 64 bits only";
  EXPECT_EQ(kind_of(Regs{{0x80000061}}), other);
  EXPECT_EQ(kind_of(Regs{{0xffffffff}}), other);
}
TEST(SpmcAnswer, OnlyAnErrorHasAStatus) {
  EXPECT_EQ(status_of(Regs{{0x84000060, 0, ffa::to_word(Status::busy)}}), Status::busy);
  EXPECT_EQ(status_of(Regs{{0x84000060, 0, 0}}), Status::not_supported) << "no error is a success";
  EXPECT_EQ(status_of(Regs{{0x84000062, 0, ffa::to_word(Status::busy)}}), Status::not_supported);
  EXPECT_EQ(status_of(Regs{{0x84000062}}, Status::aborted), Status::aborted);
  EXPECT_TRUE(expect_success(Regs{{0x84000061}}).ok());
  EXPECT_EQ(expect_success(Regs{{0x84000060, 0, ffa::to_word(Status::denied)}}).error(),
            Status::denied);
  EXPECT_EQ(expect_success(Regs{{0x84000062}}).error(), Status::not_supported);
}
TEST(SpmcAnswer, AVmGetsTheStatusesOfItsVersion) {
  for (const ffa::Version version : {ffa::v1_0, ffa::v1_1, ffa::v1_2}) {
    EXPECT_EQ(known_status(Status::not_ready, version), Status::aborted);
    EXPECT_EQ(known_status(Status::retry, version), Status::retry);
    EXPECT_EQ(known_status(Status::denied, version), Status::denied);
  }
  EXPECT_EQ(known_status(Status::no_data, ffa::v1_0), Status::aborted);
  EXPECT_EQ(known_status(Status::no_data, ffa::v1_1), Status::no_data);
  EXPECT_EQ(known_status(Status::no_data, ffa::v1_2), Status::no_data);
}

template <FrameworkMessage response>
Regs answered(Status status) {
  return ffa::VmAvailabilityResponse<response>{sp, ffa::hypervisor_id, status}.encode();
}
Regs error(Status status) { return Regs{{0x84000060, 0, ffa::to_word(status)}}; }
Regs stopped(uint32_t number, uint16_t vcpu) {
  return Regs{{0x84000000U | number, uint64_t{sp.raw()} << 16 | vcpu}};
}

/// An answer to a message that was (or was not) interrupted, and where it stands then.
struct Case {
  const char* name;
  Regs answer;
  bool interrupted;
  VmMessageStep created;
  VmMessageStep destroyed;
  Status status;
};
template <FrameworkMessage response>
std::vector<Case> cases() {
  constexpr auto wrong = response == created ? destroyed : created;
  Regs of_another = answered<response>(Status::success);
  of_another.x[1] = uint64_t{0x8004} << 16;
  Regs to_another = answered<response>(Status::success);
  to_another.x[1] |= 1;
  Regs wide = answered<response>(Status::success);
  wide.x[0] |= 0x40000000;
  constexpr auto invalid = Status::invalid_parameters;
  return {
      {"success", answered<response>(Status::success), false, accepted, accepted, Status::success},
      {"success after a stop", answered<response>(Status::success), true, accepted, accepted,
       Status::success},
      {"unknown VM", answered<response>(invalid), false, unclear, accepted, invalid},
      {"denied", answered<response>(Status::denied), false, refused, again, Status::denied},
      {"retry", answered<response>(Status::retry), false, again, again, Status::retry},
      {"busy", answered<response>(Status::busy), false, again, again, Status::busy},
      {"stopped", answered<response>(Status::interrupted), false, again, again,
       Status::interrupted},
      {"other message", answered<wrong>(Status::success), false, unclear, again, invalid},
      {"other SP", of_another, false, unclear, again, invalid},
      {"other receiver", to_another, false, unclear, again, invalid},
      {"64 bits", wide, false, unclear, again, invalid},
      {"error", error(Status::denied), false, refused, again, Status::denied},
      {"error that is none", error(Status::success), false, refused, again, Status::not_supported},
      {"error: retry", error(Status::retry), false, again, again, Status::retry},
      {"error of FFA_RUN", error(Status::denied), true, unclear, again, Status::denied},
      {"FFA_RUN: busy", error(Status::busy), true, again, again, Status::busy},
      {"FFA_SUCCESS", Regs{{0x84000061}}, false, unclear, again, invalid},
      {"unknown", Regs{{0x84000045}}, false, unclear, again, invalid},
      {"FFA_MEM_FRAG_RX", Regs{{0x8400007a}}, true, unclear, again, invalid},
  };
}
template <FrameworkMessage response>
void expect_steps() {
  for (const Case& c : cases<response>()) {
    SCOPED_TRACE(c.name);
    VmMessage message{.deferrals = 2, .stops = 3, .interrupted = c.interrupted};
    const auto result = take_answer<response>(message, c.answer, sp, 10);
    const auto expected = response == created ? c.created : c.destroyed;
    EXPECT_EQ(result.step, expected);
    EXPECT_EQ(result.status, c.status);
    EXPECT_EQ(message.deferrals, expected == again ? 3U : 2U);
    EXPECT_EQ(message.stops, 3U);
    // FFA_RUN that is answered so leaves the SP where it was.
    EXPECT_EQ(message.interrupted, c.interrupted && c.status == Status::busy);
  }
}
TEST(VmMessage, EachAnswerToACreation) { expect_steps<created>(); }
TEST(VmMessage, EachAnswerToAnEnd) { expect_steps<destroyed>(); }

TEST(VmMessage, AnSpThatStoppedIsRunWhereItStopped) {
  for (const uint32_t number : {0x62U, 0x6cU}) {
    VmMessage message;
    const auto first = next_smc<FrameworkMessage::vm_created_request>(message, sp, vm, {});
    EXPECT_EQ(first.x[0], 0x8400006fU);
    EXPECT_EQ(first.x[5], vm.raw());
    const auto result = take_answer<created>(message, stopped(number, 5), sp, 10);
    EXPECT_EQ(result.step, again);
    EXPECT_EQ(result.status, Status::interrupted);
    EXPECT_EQ(message.stops, 1U);
    EXPECT_EQ(message.deferrals, 0U);
    const auto run = next_smc<FrameworkMessage::vm_created_request>(message, sp, vm, {});
    EXPECT_EQ(run.x[0], 0x8400006dU);
    EXPECT_EQ(run.x[1], uint64_t{sp.raw()} << 16 | 5U);
  }
}

TEST(VmMessage, PatienceEndsBehindItsLastRefusal) {
  for (const uint32_t patience : {0U, 1U, 3U}) {
    VmMessage creation;
    VmMessage end;
    for (uint32_t n = 0; n < patience; ++n) {
      EXPECT_EQ(take_answer<created>(creation, error(Status::busy), sp, patience).step, again);
      EXPECT_EQ(take_answer<destroyed>(end, error(Status::denied), sp, patience).step, again);
    }
    EXPECT_EQ(take_answer<created>(creation, error(Status::busy), sp, patience).step, refused);
    EXPECT_EQ(take_answer<destroyed>(end, error(Status::denied), sp, patience).step, refused);
  }
}
TEST(VmMessage, AThousandStopsCountAsOneRefusal) {
  for (const uint32_t patience : {0U, 2U}) {
    VmMessage message;
    for (uint32_t n = 0; n < 1000 * (patience + 1); ++n) {
      ASSERT_EQ(take_answer<created>(message, stopped(0x62, 1), sp, patience).step, again) << n;
    }
    EXPECT_EQ(take_answer<created>(message, stopped(0x62, 1), sp, patience).step, unclear)
        << "it was stopped in the middle";
    EXPECT_EQ(message.deferrals, 0U);
  }
}
TEST(VmMessage, ARunThatIsRefusedForGoodLeavesItUnclear) {
  VmMessage message{.interrupted = true};
  EXPECT_EQ(take_answer<created>(message, error(Status::busy), sp, 1).step, again);
  EXPECT_EQ(take_answer<created>(message, error(Status::busy), sp, 1).step, unclear);
}
TEST(VmMessage, EachStepOfACreationBeginsWithAllItsPatience) {
  Creation creation{.message = {.deferrals = 3, .stops = 4, .interrupted = true}};
  enter(creation, CreationStep::bitmap, 5);
  EXPECT_EQ(creation.step, CreationStep::bitmap);
  EXPECT_EQ(creation.place, 5U);
  EXPECT_EQ(creation.message.deferrals, 0U);
  EXPECT_EQ(creation.message.stops, 0U);
  EXPECT_FALSE(creation.message.interrupted);
}
TEST(VmMessage, ThreeStatusesAskForPatience) {
  for (int raw = 0; raw >= -10; --raw) {
    const auto status = static_cast<Status>(raw);
    EXPECT_EQ(asks_for_patience(status), raw == -4 || raw == -5 || raw == -7) << raw;
  }
}

}  // namespace
}  // namespace mediator
