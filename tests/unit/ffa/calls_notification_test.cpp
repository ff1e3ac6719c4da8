// SPDX-License-Identifier: BSD-3-Clause
#include "call_check.hpp"
#include "ffa/calls/notification.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::word;

constexpr EndpointId notifier{0x0003};
constexpr EndpointId notified{0x8001};
constexpr uint64_t bitmap = 0x4444444433333333;

TEST(FfaNotificationBitmapCalls, NameAVm) {
  check_call(NotificationBitmapCreate{EndpointId{4}, 9}, {.registers = {0x8400007d, 4, 9},
                                                          .fields = {{1, 0xffff}, {2, word}},
                                                          .must_be_zero = {{1, 0xffff0000}}});
  check_call(
      NotificationBitmapDestroy{EndpointId{5}},
      {.registers = {0x8400007e, 5}, .fields = {{1, 0xffff}}, .must_be_zero = {{1, 0xffff0000}}});
}

TEST(FfaNotificationBindCalls, CarryIdsAndBitmap) {
  check_call(NotificationBind{notifier, notified, true, bitmap},
             {.registers = {0x8400007f, 0x00038001, 1, 0x33333333, 0x44444444},
              .fields = {{1, word}, {2, 1}, {3, word}, {4, word}},
              .must_be_zero = {{2, 0xfffffffe}, {5, word}, {6, word}, {7, word}}});
  check_call(NotificationUnbind{notifier, notified, bitmap},
             {.registers = {0x84000080, 0x00038001, 0, 0x33333333, 0x44444444},
              .fields = {{1, word}, {3, word}, {4, word}},
              .must_be_zero = {{2, word}}});
}

TEST(FfaNotificationSetCall, CarriesFlagsAndVcpuInOneWord) {
  check_call(NotificationSet{notifier, notified, true, false, VcpuId{0x0506}, bitmap},
             {.registers = {0x84000081, 0x00038001, 0x05060001, 0x33333333, 0x44444444},
              .fields = {{1, word}, {2, 0xffff0003}, {3, word}, {4, word}},
              .must_be_zero = {{2, 0xfffc}}});
  check_call(NotificationSet{notifier, notified, false, true, VcpuId{7}, bitmap},
             {.registers = {0x84000081, 0x00038001, 0x00070002, 0x33333333, 0x44444444},
              .fields = {{1, word}, {2, 0xffff0003}, {3, word}, {4, word}},
              .must_be_zero = {{2, 0xfffc}}});
}

TEST(FfaNotificationGetCall, NamesItsSources) {
  const NotificationGet call{VcpuId{6}, notified, NotificationGet::from_vms};
  check_call(call, {.registers = {0x84000082, 0x00068001, 2},
                    .fields = {{1, word}, {2, 0xf}},
                    .must_be_zero = {{2, 0xfffffff0}}});
  EXPECT_TRUE(call.wants(NotificationGet::from_vms));
  EXPECT_FALSE(call.wants(NotificationGet::from_sps | NotificationGet::from_spm));
}

TEST(FfaNotificationGetCall, ReplyHasTwoBitmapsAndTwoFrameworkWords) {
  check_call(
      NotificationGetSuccess{0x2222222211111111, bitmap, 0x66, 0x77},
      {.registers = {0x84000061, 0, 0x11111111, 0x22222222, 0x33333333, 0x44444444, 0x66, 0x77},
       .fields = {{2, word}, {3, word}, {4, word}, {5, word}, {6, word}, {7, word}}});
}

TEST(FfaNotificationInfoGetCall, HasNoArgumentsInEitherWidth) {
  check_call(NotificationInfoGet{Convention::smc32}, {.registers = {0x84000083}, .fields = {}});
  check_call(NotificationInfoGet{Convention::smc64}, {.registers = {0xc4000083}, .fields = {}});
}

NotificationList list_of(uint16_t endpoint, std::initializer_list<uint16_t> vcpus) {
  NotificationList list{.endpoint = EndpointId{endpoint}};
  for (const uint16_t vcpu : vcpus) list.vcpus[list.vcpu_count++] = VcpuId{vcpu};
  return list;
}

TEST(FfaNotificationInfoGetCall, ListsFollowEachOtherInHalfWords) {
  NotificationInfoGetSuccess info{.convention = Convention::smc32, .more_pending = true};
  ASSERT_TRUE(info.append(list_of(0x0001, {2, 3})).ok());
  ASSERT_TRUE(info.append(list_of(0x0004, {})).ok());
  ASSERT_TRUE(info.append(list_of(0x0005, {6, 7, 8})).ok());
  const Regs expected =
      test::make_regs({0x84000061, 0, 0x00032181, 0x00020001, 0x00040003, 0x00060005, 0x00080007});
  EXPECT_EQ(info.encode(), expected);
  EXPECT_EQ(*NotificationInfoGetSuccess::decode(expected), info);

  Regs garbage = expected;
  for (unsigned n = 2; n <= 7; ++n) garbage.x[n] |= 0xdeadbeef00000000;
  EXPECT_EQ(*NotificationInfoGetSuccess::decode(garbage), info) << "upper halves do not exist";
}

TEST(FfaNotificationInfoGetCall, AppendFillsTheRegistersExactly) {
  for (const Convention convention : {Convention::smc32, Convention::smc64}) {
    const unsigned capacity = NotificationInfoGetSuccess::id_capacity(convention);
    NotificationInfoGetSuccess info{.convention = convention};
    for (uint16_t n = 0; n + 2U <= capacity; n = static_cast<uint16_t>(n + 2)) {
      const uint16_t endpoint = static_cast<uint16_t>(0x100 + n);
      const uint16_t vcpu = static_cast<uint16_t>(0x101 + n);
      EXPECT_EQ(info.append(list_of(7, {8, 9})).ok(), n + 3U <= capacity);
      if (n + 3U <= capacity) --info.list_count;  // asked only
      ASSERT_TRUE(info.append(list_of(endpoint, {vcpu})).ok()) << n;
    }
    EXPECT_EQ(info.id_count(), capacity);
    EXPECT_EQ(info.append(list_of(0x200, {})).error(), Status::no_memory);
    info.lists[info.list_count] = {};
    EXPECT_EQ(*NotificationInfoGetSuccess::decode(info.encode()), info);
  }
}

TEST(FfaNotificationInfoGetCall, AppendFillsTheHeadWithOneIdEach) {
  NotificationInfoGetSuccess info{.convention = Convention::smc64};
  for (uint16_t n = 1; n <= 20; ++n) ASSERT_TRUE(info.append(list_of(n, {})).ok());
  EXPECT_EQ(info.append(list_of(21, {})).error(), Status::no_memory);
  const Regs regs = info.encode();
  EXPECT_EQ(regs.x[2], uint64_t{20} << 7);
  EXPECT_EQ(regs.x[7], 0x0014001300120011U);
  EXPECT_EQ(*NotificationInfoGetSuccess::decode(regs), info);
}

TEST(FfaNotificationInfoGetCall, AppendRefusesFourVcpus) {
  NotificationInfoGetSuccess info;
  NotificationList list = list_of(1, {2, 3, 4});
  list.vcpu_count = 4;
  EXPECT_EQ(info.append(list).error(), Status::invalid_parameters);
}

TEST(FfaNotificationInfoGetCall, WhatAppendWouldHaveRefusedIsLeftOut) {
  NotificationInfoGetSuccess info{.convention = Convention::smc32};
  info.lists[0] = list_of(1, {2, 3});
  info.lists[1] = list_of(4, {5, 6, 7});
  info.lists[1].vcpu_count = 4;
  info.list_count = 2;
  EXPECT_EQ(info.encode().x[2], 0x2000U | 1U << 7) << "more vCPUs than a list has";
  info.lists[1] = list_of(4, {5, 6, 7});
  info.lists[2] = list_of(8, {9, 10, 11});
  info.list_count = 3;
  EXPECT_EQ(info.encode().x[2], 0xe000U | 2U << 7) << "more ids than registers hold";
  for (NotificationList& list : info.lists) list = list_of(1, {});
  info.convention = Convention::smc64;
  info.list_count = 21;
  EXPECT_EQ(info.encode().x[2], 20U << 7) << "more lists than there are";
  EXPECT_EQ(info.id_count(), 20U);
}

TEST(FfaNotificationInfoGetCall, CountsBeyondTheRegistersAreRefused) {
  Regs regs = test::make_regs({0x84000061, 0, uint64_t{11} << 7});
  EXPECT_EQ(NotificationInfoGetSuccess::decode(regs).error(), Status::invalid_parameters);
  regs.x[2] = uint64_t{10} << 7;
  EXPECT_TRUE(NotificationInfoGetSuccess::decode(regs).ok());
  regs.x[2] |= uint64_t{1} << 12;  // 11 ids
  EXPECT_EQ(NotificationInfoGetSuccess::decode(regs).error(), Status::invalid_parameters);

  regs = test::make_regs({0xc4000061, 0, uint64_t{21} << 7});
  EXPECT_EQ(NotificationInfoGetSuccess::decode(regs).error(), Status::invalid_parameters);
  regs.x[2] = uint64_t{20} << 7;
  EXPECT_TRUE(NotificationInfoGetSuccess::decode(regs).ok());
  regs.x[2] |= uint64_t{3} << 50;  // 23 ids
  EXPECT_EQ(NotificationInfoGetSuccess::decode(regs).error(), Status::invalid_parameters);
}

TEST(FfaNotificationInfoGetCall, EveryHeadWordIsRefusedOrComesBack) {
  for (uint64_t head = 0; head < uint64_t{1} << 20; ++head) {
    Regs regs = test::make_regs({0x84000061, 0, head << 7});
    const auto info = NotificationInfoGetSuccess::decode(regs);
    if (!info.ok()) continue;
    ASSERT_LE(info->id_count(), 10U);
    const auto again = NotificationInfoGetSuccess::decode(info->encode());
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(*again, *info);
  }
}

}  // namespace
}  // namespace ffa
