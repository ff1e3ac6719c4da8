// SPDX-License-Identifier: BSD-3-Clause
// Notifications of VMs. Numbers are rows of docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

constexpr uint64_t echo_to_vm1 = uint64_t{echo_id} << 16 | vm1;
constexpr uint64_t user_to_vm1 = uint64_t{user_id} << 16 | vm1;
constexpr uint64_t bits = 0x8000000100000006;
constexpr uint32_t low = static_cast<uint32_t>(bits);
constexpr uint32_t high = bits >> 32;

struct SpmcNotifications : testing::Test {
  World world;
  void SetUp() override { world.boot(ffa::v1_1); }
  Status set(uint16_t sp, uint16_t vm, uint64_t bitmap) {
    return world.spmc->set_notification(EndpointId{sp}, EndpointId{vm}, bitmap);
  }
  Regs get(uint16_t vm, uint32_t flags) { return world.call(Fid::notification_get, vm, flags); }
};

TEST_F(SpmcNotifications, Knob53BitmapIsCreatedOnceForAKnownVm) {
  EXPECT_SUCCESS(world.call(Fid::notification_bitmap_create, vm2, 1));
  EXPECT_TRUE(world.spmc->has_bitmap(EndpointId{vm2}));
  EXPECT_STATUS(world.call(Fid::notification_bitmap_create, vm2, 1), denied);
  EXPECT_STATUS(world.call(Fid::notification_bitmap_create, 3, 1), invalid_parameters);
  EXPECT_STATUS(world.call({fid32(Fid::notification_bitmap_create), vm2, 1, 1}),
                invalid_parameters);
}

TEST_F(SpmcNotifications, BitmapIsNotDestroyedWhileBound) {
  world.call(Fid::notification_bind, echo_to_vm1, 0, low, high);
  EXPECT_STATUS(world.call(Fid::notification_bitmap_destroy, vm1), denied);
  world.call(Fid::notification_unbind, echo_to_vm1, 0, low, high);
  EXPECT_SUCCESS(world.call(Fid::notification_bitmap_destroy, vm1));
  EXPECT_FALSE(world.spmc->has_bitmap(EndpointId{vm1}));
}

TEST_F(SpmcNotifications, Knob52DestroyWithoutABitmapIsSuccess) {
  EXPECT_SUCCESS(world.call(Fid::notification_bitmap_destroy, vm2));
  EXPECT_STATUS(world.call(Fid::notification_bitmap_destroy, 3), invalid_parameters);
}

TEST_F(SpmcNotifications, BindSetGetUnbind) {
  EXPECT_SUCCESS(world.call(Fid::notification_bind, echo_to_vm1, 0, low, high));
  EXPECT_EQ(world.spmc->bound_notifications(EndpointId{vm1}), bits);
  EXPECT_EQ(set(echo_id, vm1, 0x8000000000000002), Status::success);
  EXPECT_EQ(world.memory.interrupts, 1U);
  EXPECT_STATUS(world.call(Fid::notification_unbind, echo_to_vm1, 0, 2), denied);
  const Regs out = get(vm1, 5);
  EXPECT_EQ(out.x[2], 0x2U);
  EXPECT_EQ(out.x[3], 0x80000000U);
  for (unsigned n = 4; n <= 7; ++n) EXPECT_EQ(out.x[n], 0U) << n;
  EXPECT_EQ(get(vm1, 1).x[2], 0U) << "GET clears what it returns";
  EXPECT_SUCCESS(world.call(Fid::notification_unbind, echo_to_vm1, 0, 2));
  EXPECT_EQ(world.spmc->bound_notifications(EndpointId{vm1}), bits & ~uint64_t{2});
}

TEST_F(SpmcNotifications, Knob48SetIsNotSupportedThoughItIsAFeature) {
  EXPECT_SUCCESS(world.call(Fid::features, fid32(Fid::notification_set)));
  EXPECT_STATUS(world.call(Fid::notification_set, uint64_t{vm1} << 16 | echo_id, 0, 1),
                not_supported);
}

TEST_F(SpmcNotifications, Knob49BindWithFlagsIsDenied) {
  for (const uint32_t flags : {1U, 2U, 0x80000000U}) {
    EXPECT_STATUS(world.call(Fid::notification_bind, echo_to_vm1, flags, low, high), denied);
  }
  EXPECT_EQ(world.spmc->bound_notifications(EndpointId{vm1}), 0U);
}

TEST_F(SpmcNotifications, Knob50EmptyBitmapAndAnySenderAreAccepted) {
  EXPECT_SUCCESS(world.call(Fid::notification_bind, echo_to_vm1, 0, 0, 0));
  EXPECT_SUCCESS(world.call(Fid::notification_bind, 0x12340000U | vm1, 0, 1, 0));
  EXPECT_EQ(set(user_id, vm1, 1), Status::success) << "bound to nobody in particular";
}

TEST_F(SpmcNotifications, BoundBitsCannotBeBoundAgain) {
  world.call(Fid::notification_bind, echo_to_vm1, 0, low, high);
  EXPECT_STATUS(world.call(Fid::notification_bind, user_to_vm1, 0, 9, high), denied);
  EXPECT_EQ(world.spmc->bound_notifications(EndpointId{vm1}), bits);
  EXPECT_SUCCESS(world.call(Fid::notification_bind, user_to_vm1, 0, 9, 0));
}

TEST_F(SpmcNotifications, BindAndUnbindNeedABitmapAndZeroRegisters) {
  const uint64_t echo_to_vm2 = uint64_t{echo_id} << 16 | vm2;
  EXPECT_STATUS(world.call(Fid::notification_bind, echo_to_vm2, 0, 1), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_unbind, echo_to_vm2, 0, 1), invalid_parameters);
  EXPECT_STATUS(world.call({fid32(Fid::notification_bind), echo_to_vm1, 0, 1, 0, 1}),
                invalid_parameters);
  EXPECT_STATUS(world.call({fid32(Fid::notification_unbind), echo_to_vm1, 0, 1, 0, 0, 0, 1}),
                invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_unbind, echo_to_vm1, 1, 1), invalid_parameters);
}

TEST_F(SpmcNotifications, Knob51UnbindOfUnboundIsSuccess) {
  EXPECT_SUCCESS(world.call(Fid::notification_unbind, echo_to_vm1, 0, low, high));
}

TEST_F(SpmcNotifications, Knob54FlagsOfOtherSendersGiveZeroWords) {
  world.call(Fid::notification_bind, echo_to_vm1, 0, low, high);
  set(echo_id, vm1, 2);
  const Regs out = get(vm1, 0xe);
  EXPECT_SUCCESS(out);
  for (unsigned n = 2; n <= 7; ++n) EXPECT_EQ(out.x[n], 0U) << n;
  EXPECT_EQ(world.spmc->pending_notifications(EndpointId{vm1}), 2U) << "nothing was taken";
  EXPECT_EQ(get(vm1, 0xf).x[2], 2U);
}

TEST_F(SpmcNotifications, GetNeedsABitmap) {
  EXPECT_STATUS(get(vm2, 1), invalid_parameters);
  EXPECT_STATUS(world.call({fid32(Fid::notification_get), vm1, 1, 0, 0, 1}), invalid_parameters);
}

TEST_F(SpmcNotifications, AnSpSetsOnlyWhatIsBoundToIt) {
  world.call(Fid::notification_bind, echo_to_vm1, 0, 1);
  world.call(Fid::notification_bind, user_to_vm1, 0, 2);
  EXPECT_EQ(set(echo_id, vm1, 3), Status::denied);
  EXPECT_EQ(set(user_id, vm1, 1), Status::denied);
  EXPECT_EQ(set(user_id, vm2, 2), Status::invalid_parameters) << "no bitmap";
  EXPECT_EQ(set(0x8002, vm1, 2), Status::invalid_parameters) << "no such SP";
  EXPECT_EQ(world.memory.interrupts, 0U);
  EXPECT_EQ(set(user_id, vm1, 2), Status::success);
  EXPECT_EQ(set(echo_id, vm1, 1), Status::success);
  EXPECT_EQ(world.memory.interrupts, 2U);
}

TEST_F(SpmcNotifications, Knob55InfoGetListsOneVmAListInBothConventions) {
  EXPECT_STATUS(world.call(Fid::notification_info_get), no_data);
  EXPECT_STATUS(world.call({fid64(Fid::notification_info_get)}), no_data);
  world.call(Fid::notification_bitmap_create, vm2, 1);
  world.call(Fid::notification_bind, echo_to_vm1, 0, 1);
  world.call(Fid::notification_bind, uint64_t{echo_id} << 16 | vm2, 0, 4);
  set(echo_id, vm2, 4);
  Regs out = world.call({fid64(Fid::notification_info_get)});
  EXPECT_EQ(out.x[0], 0xc4000061U);
  EXPECT_EQ(out.x[2], 0x80U);
  EXPECT_EQ(out.x[3], vm2);
  set(echo_id, vm1, 1);
  out = world.call({fid64(Fid::notification_info_get)});
  EXPECT_EQ(out.x[2], 0x100U);
  EXPECT_EQ(out.x[3], uint64_t{vm2} << 16 | vm1);
  out = world.call(Fid::notification_info_get);
  EXPECT_EQ(out.x[0], success_32);
  EXPECT_EQ(out.x[2], 0x100U);
  EXPECT_EQ(out.x[3], uint64_t{vm2} << 16 | vm1);
}

TEST_F(SpmcNotifications, Knob55InfoGetSaysMoreWhenItIsFull) {
  for (uint16_t vm = 20; vm < 34; ++vm) {
    world.vm_message(4, echo_id, vm);
    world.call(Fid::notification_bitmap_create, vm, 1);
    world.call(Fid::notification_bind, uint64_t{echo_id} << 16 | vm, 0, 1);
    EXPECT_EQ(set(echo_id, vm, 1), Status::success);
  }
  const Regs narrow = world.call(Fid::notification_info_get);
  EXPECT_EQ(narrow.x[2], (10U << 7) | 1U);
  EXPECT_EQ(narrow.x[3], 21U << 16 | 20U);
  EXPECT_EQ(narrow.x[7], 29U << 16 | 28U);
  Regs wide = world.call({fid64(Fid::notification_info_get)});
  EXPECT_EQ(wide.x[2], 4U << 7) << "the rest";
  EXPECT_EQ(wide.x[3], 33ULL << 48 | 32ULL << 32 | 31U << 16 | 30U);
  wide = world.call({fid64(Fid::notification_info_get)});
  EXPECT_EQ(wide.x[2], 14U << 7) << "all is pending still";
  EXPECT_EQ(wide.x[6], 33U << 16 | 32U);
  EXPECT_EQ(wide.x[7], 0U);
}

TEST_F(SpmcNotifications, TheSpmsOwnStandsInItsWordAndIsListed) {
  EXPECT_EQ(world.spmc->set_framework_notification(EndpointId{vm2}, 1), Status::invalid_parameters);
  EXPECT_EQ(world.spmc->set_framework_notification(EndpointId{vm1}, 1), Status::success);
  EXPECT_EQ(world.memory.interrupts, 1U);
  EXPECT_EQ(world.call(Fid::notification_info_get).x[3], vm1);
  EXPECT_STATUS(world.call(Fid::notification_bitmap_destroy, vm1), denied);
  EXPECT_EQ(get(vm1, 1).x[6], 0U);
  EXPECT_EQ(get(vm1, 4).x[6], 1U);
  EXPECT_EQ(get(vm1, 4).x[6], 0U);
}

/// An SPMC that has what the personalities leave out.
struct SpmcPerVcpu : testing::Test {
  static spmc_model::Personality personality() {
    spmc_model::Personality with = *spmc_model::find_personality("hafnium");
    with.per_vcpu_notifications = true;
    return with;
  }
  World world{personality()};
  void SetUp() override {
    world.version(ffa::v1_1);
    world.vm_message(4, echo_id, vm1);
    EXPECT_SUCCESS(world.call(Fid::notification_bitmap_create, vm1, 9));
    EXPECT_SUCCESS(world.call(Fid::notification_bind, echo_to_vm1, 1, low, high));
    EXPECT_SUCCESS(world.call(Fid::notification_bind, echo_to_vm1, 0, 8));
  }
  Status set(uint64_t bitmap, std::optional<uint16_t> vcpu = {}) {
    return world.spmc->set_notification(EndpointId{echo_id}, EndpointId{vm1}, bitmap, vcpu);
  }
  Regs get(uint16_t vcpu) {
    return world.call(Fid::notification_get, uint64_t{vcpu} << 16 | vm1, 1);
  }
};

TEST_F(SpmcPerVcpu, Knob49EachVcpuFetchesItsOwn) {
  EXPECT_EQ(set(2, 3), Status::success);
  EXPECT_EQ(set(6, 8), Status::success);
  EXPECT_EQ(set(8), Status::success);
  EXPECT_EQ(world.spmc->pending_notifications(EndpointId{vm1}), 14U);
  EXPECT_STATUS(world.call(Fid::notification_unbind, echo_to_vm1, 0, 4), denied);
  EXPECT_EQ(get(0).x[2], 8U);
  EXPECT_EQ(get(3).x[2], 2U);
  EXPECT_EQ(get(3).x[2], 0U);
  EXPECT_EQ(get(8).x[2], 6U);
  EXPECT_SUCCESS(world.call(Fid::notification_unbind, echo_to_vm1, 0, 4));
}

TEST_F(SpmcPerVcpu, Knob49KindsDoNotMixAndVcpusExist) {
  EXPECT_EQ(set(2), Status::invalid_parameters);
  EXPECT_EQ(set(8, 0), Status::invalid_parameters);
  EXPECT_EQ(set(10, 0), Status::invalid_parameters);
  EXPECT_EQ(set(2, 9), Status::invalid_parameters);
  EXPECT_EQ(world.memory.interrupts, 0U);
  EXPECT_STATUS(world.call(Fid::notification_bind, echo_to_vm1, 3, 0x10), invalid_parameters);
}

TEST_F(SpmcPerVcpu, Knob55AListNamesThreeVcpusAndAVmMayHaveSeveral) {
  for (const uint16_t vcpu : std::initializer_list<uint16_t>{8, 1, 4, 2})
    EXPECT_EQ(set(2, vcpu), Status::success);
  set(8);
  const Regs out = world.call({fid64(Fid::notification_info_get)});
  EXPECT_EQ(out.x[2], 3U << 7 | 0U << 12 | 3U << 14 | 1U << 16);
  EXPECT_EQ(out.x[3], 2ULL << 48 | 1ULL << 32 | uint64_t{vm1} << 16 | vm1);
  EXPECT_EQ(out.x[4], 8ULL << 32 | uint64_t{vm1} << 16 | 4U);
}

TEST_F(SpmcPerVcpu, Knob48VmsNotifySpsThatHaveBoundThem) {
  const uint64_t to_echo = uint64_t{vm1} << 16 | echo_id;
  EXPECT_STATUS(world.call(Fid::notification_set), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_set, to_echo, 0, 1), denied);
  EXPECT_STATUS(world.call(Fid::notification_set, to_echo, 2, 1), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_set, to_echo, 0x10000, 1), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_set, to_echo, 0, 0), invalid_parameters);
}

}  // namespace
}  // namespace spmc_test
