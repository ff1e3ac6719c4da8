// SPDX-License-Identifier: BSD-3-Clause
// Each knob really turns something: the values that op-tee does not have. Numbers are rows of
// docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

using spmc_model::Personality;
using spmc_model::sp_protocol::Operation;

Personality op_tee() { return *spmc_model::find_personality("op-tee"); }

template <class Change>
Personality changed(Change change) {
  Personality personality = op_tee();
  change(personality);
  return personality;
}

TEST(SpmcKnobs, Knob2IncompatibleVersionNotSupported) {
  World world(changed([](Personality& p) {
    p.incompatible_version = spmc_model::IncompatibleVersion::not_supported;
  }));
  world.version(ffa::v1_1);
  EXPECT_EQ(world.call(Fid::version, 0x10003).x[0], 0xffffffffU);
  EXPECT_EQ(world.call(Fid::version, 0x20000).x[0], 0xffffffffU);
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_1);
}

TEST(SpmcKnobs, Knob3LateVersionIsRefusedUnlessTheSame) {
  World world(changed(
      [](Personality& p) { p.late_version = spmc_model::LateVersion::not_supported_unless_same; }));
  world.version(ffa::v1_1);
  EXPECT_EQ(world.version(ffa::v1_2).x[0], 0x10002U) << "nothing else was called yet";
  world.call(Fid::id_get);
  EXPECT_EQ(world.version(ffa::v1_1).x[0], 0xffffffffU);
  EXPECT_EQ(world.version(ffa::v1_2).x[0], 0x10002U);
}

TEST(SpmcKnobs, Knob3LateVersionAnswersTheNegotiatedOne) {
  World world(changed(
      [](Personality& p) { p.late_version = spmc_model::LateVersion::answers_negotiated; }));
  world.version(ffa::v1_1);
  world.call(Fid::id_get);
  EXPECT_EQ(world.version(ffa::v1_0).x[0], 0x10001U);
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_1);
}

TEST(SpmcKnobs, Knob4VersionComesFirst) {
  World world(changed([](Personality& p) { p.version_comes_first = true; }));
  EXPECT_STATUS(world.call(Fid::id_get), not_supported);
  world.call(Fid::version, 0x20000);
  EXPECT_STATUS(world.call(Fid::id_get), not_supported);
  world.version(ffa::v1_0);
  EXPECT_SUCCESS(world.call(Fid::id_get));
}

TEST(SpmcKnobs, Knob7NoDynamicBuffer) {
  World world(changed([](Personality& p) { p.dynamic_buffer = false; }));
  world.boot();
  const auto bytes = Descriptor{}.bytes();
  world.memory.put(0x4a000000, bytes);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), bytes.size(), bytes.size(), 0x4a000000, 1}),
                invalid_parameters);
}

TEST(SpmcKnobs, Knob8To12BuffersOfTheHypervisor) {
  World world(changed([](Personality& p) {
    p.same_buffer_for_rx_and_tx = false;
    p.high_count_bits = spmc_model::HighCountBits::ignored;
    p.bad_buffer_memory = Status::denied;
    p.unmap_checks_id = true;
    p.unmap_while_rx_owned = Status::success;
  }));
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), tx_page, tx_page, 1}), invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), 0x0e100000, rx_page, 1}), denied);
  EXPECT_SUCCESS(world.map(0x41));
  EXPECT_SUCCESS(world.call(Fid::partition_info_get));
  EXPECT_STATUS(world.call(Fid::rxtx_unmap, 0x50000), invalid_parameters);
  EXPECT_SUCCESS(world.call(Fid::rxtx_unmap));
  EXPECT_SUCCESS(world.map());
  EXPECT_TRUE(world.spmc->owns_hypervisor_rx()) << "a new pair is nobody's";
}

TEST(SpmcKnobs, Knob14To20PartitionInfo) {
  World world(changed([](Personality& p) {
    p.unknown_uuid = Status::invalid_parameters;
    p.rx_owned_after_error = false;
    p.reserved_info_flags = Status::invalid_parameters;
    p.v1_0_info_size_reported = 8;
    p.no_rx_mapped = Status::denied;
  }));
  EXPECT_STATUS(world.call(Fid::partition_info_get), denied);
  world.map();
  EXPECT_STATUS(world.call(Fid::partition_info_get, 0x1234), invalid_parameters);
  EXPECT_TRUE(world.spmc->owns_hypervisor_rx());
  EXPECT_STATUS(world.call({fid32(Fid::partition_info_get), 0, 0, 0, 0, 2}), invalid_parameters);
  EXPECT_EQ(world.call(Fid::partition_info_get).x[3], 8U);
}

TEST(SpmcKnobs, Knob21To27MemorySends) {
  World world(changed([](Personality& p) {
    p.tx_unusable = Status::invalid_parameters;
    p.lend = false;
    p.descriptor.flags = 0;
    p.share_attributes.reset();
    p.permissions.reset();
    p.unknown_sender = Status::invalid_parameters;
  }));
  world.boot();
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 8192, 4097}), invalid_parameters);
  Descriptor descriptor;
  descriptor.attributes = 0x1f;
  descriptor.borrowers[1].permissions = 1;
  EXPECT_SUCCESS(world.share(descriptor));
  descriptor.flags = 1;
  EXPECT_STATUS(world.share(descriptor), invalid_parameters);
  descriptor.flags = 0;
  descriptor.sender = 3;
  EXPECT_STATUS(world.share(descriptor), invalid_parameters);
  EXPECT_STATUS(world.send(Descriptor{}.bytes(), Fid::mem_lend), not_supported);
}

TEST(SpmcKnobs, Knob25LendAttributesNotChecked) {
  World world(changed([](Personality& p) { p.lend_attributes.reset(); }));
  world.boot();
  EXPECT_SUCCESS(world.send(Descriptor{}.bytes(), Fid::mem_lend));
}

TEST(SpmcKnobs, Knob28To31Ranges) {
  World world(changed([](Personality& p) {
    p.unaligned_range = Status::invalid_parameters;
    p.overlap_in_transaction = Status::busy;
    p.page_shared_twice = Status::denied;
    p.page_lent_twice.reset();
    p.exact_length = true;
  }));
  world.boot();
  Descriptor descriptor;
  descriptor.ranges = {{0x49000000, 3}, {0x4a000800, 1}};
  EXPECT_STATUS(world.share(descriptor), invalid_parameters);
  descriptor.ranges = {{0x49000000, 3}, {0x49002000, 1}};
  EXPECT_STATUS(world.share(descriptor), busy);
  descriptor.ranges = {{0x49000000, 3}, {0x49003000, 1}};
  EXPECT_SUCCESS(world.share(descriptor)) << "neighbours do not overlap";
  descriptor.ranges = {{0x48fff000, 1}, {0x49003000, 2}};
  EXPECT_STATUS(world.share(descriptor), denied);
  descriptor.ranges = {{0x48fff000, 1}, {0x49004000, 2}};
  EXPECT_SUCCESS(world.share(descriptor));
  descriptor.attributes = 0;
  EXPECT_SUCCESS(world.send(descriptor.bytes(), Fid::mem_lend));
  EXPECT_SUCCESS(world.send(descriptor.bytes(), Fid::mem_lend));
  auto bytes = Descriptor{}.bytes();
  bytes.push_back(0);
  EXPECT_STATUS(world.send(bytes), invalid_parameters);
}

TEST(SpmcKnobs, Knob32IndexedHandlesOverAllGuests) {
  World world(changed([](Personality& p) {
    p.handles = {.base = 0, .guest_in_handle = false, .counting = false, .live_limit = 3};
  }));
  world.boot();
  Descriptor other;
  other.sender = vm2;
  EXPECT_EQ(handle_of(world.share({})), 0U);
  EXPECT_EQ(handle_of(world.share(other)), 1U);
  EXPECT_EQ(handle_of(world.share({})), 2U);
  EXPECT_STATUS(world.share(other), no_memory);
  EXPECT_SUCCESS(world.reclaim(0));
  EXPECT_EQ(handle_of(world.share(other)), 0U);
}

TEST(SpmcKnobs, OpTeeSingleKnowsNoVmsAndNumbersHandlesOverAllOwners) {
  World world(*spmc_model::find_personality("op-tee-single"));
  world.version(ffa::v1_1);
  world.map();
  EXPECT_STATUS(world.vm_message(4, echo_id, vm1), invalid_parameters);
  EXPECT_SUCCESS(world.call(Fid::notification_bitmap_create, vm2, 2));
  Descriptor other;
  other.sender = vm2;
  EXPECT_EQ(handle_of(world.share({})), 0x100000000000U);
  EXPECT_EQ(handle_of(world.share(other)), 0x100000000001U);
  EXPECT_SUCCESS(world.reclaim(0x100000000000));
  EXPECT_EQ(handle_of(world.share(other)), 0x100000000000U);
  const Regs answer = world.call(Fid::msg_send_direct_req, uint64_t{vm1} << 16 | echo_id, 0, 7);
  EXPECT_EQ(answer.x[0], fid32(Fid::msg_send_direct_resp));
  EXPECT_EQ(answer.x[3], 7U) << "served, though nobody told of this VM";
}

TEST(SpmcKnobs, Knob32CountingHandlesAreNeverReusedAndPass32Bits) {
  World world(changed([](Personality& p) {
    p.handles = {.base = 0xffffffc0, .guest_in_handle = false, .counting = true, .live_limit = 2};
  }));
  world.boot();
  for (uint64_t i = 0; i < 66; ++i) {
    const uint64_t handle = handle_of(world.share({}));
    EXPECT_EQ(handle, 0xffffffc0 + i);
    EXPECT_SUCCESS(world.reclaim(handle));
  }
}

TEST(SpmcKnobs, Knob33PresetHandleIgnored) {
  World world(changed([](Personality& p) { p.preset_handle = false; }));
  world.boot();
  Descriptor descriptor;
  descriptor.handle = 0x8000000000001234;
  EXPECT_EQ(handle_of(world.share(descriptor)), 0x100000050000U);
}

struct FragmentKnobs {
  World world;
  std::vector<uint8_t> bytes = Descriptor{}.bytes();
  uint64_t handle = 0;

  explicit FragmentKnobs(const Personality& personality) : world(personality) {
    world.boot();
    world.memory.put(tx_page, bytes);
    const Regs out = world.call({fid64(Fid::mem_share), bytes.size(), bytes.size() - 32});
    EXPECT_EQ(out.x[0], frag_rx);
    handle = out.x[1] | out.x[2] << 32;
    world.memory.put(tx_page, {bytes.end() - 32, bytes.end()});
  }
  Regs next(size_t length, uint16_t sender = vm1) {
    return world.call(Fid::mem_frag_tx, static_cast<uint32_t>(handle), handle >> 32, length,
                      uint64_t{sender} << 16);
  }
};

TEST(SpmcKnobs, Knob35FragmentsNeedNotNameTheSender) {
  FragmentKnobs test(changed([](Personality& p) { p.fragment_names_sender = false; }));
  EXPECT_SUCCESS(test.next(32, 0));
}

TEST(SpmcKnobs, Knob36And38LengthThatIsNoMultipleOfARangeIsInvalidAndKeepsTheTransaction) {
  FragmentKnobs test(changed([](Personality& p) {
    p.partial_range_asked_again = false;
    p.bad_fragment_frees = false;
  }));
  EXPECT_STATUS(test.next(24), invalid_parameters);
  EXPECT_EQ(test.world.spmc->regions(), 1U);
  EXPECT_SUCCESS(test.next(32));
}

TEST(SpmcKnobs, Knob37SurplusIsInvalid) {
  FragmentKnobs test(changed([](Personality& p) { p.surplus_ignored = false; }));
  EXPECT_STATUS(test.next(48), invalid_parameters);
  EXPECT_EQ(test.world.spmc->regions(), 0U);
}

TEST(SpmcKnobs, Knob38FragmentLongerThanTheBufferFreesTheTransaction) {
  FragmentKnobs test(changed([](Personality& p) { p.too_long_fragment_frees = true; }));
  EXPECT_STATUS(test.next(4097), invalid_parameters);
  EXPECT_EQ(test.world.spmc->regions(), 0U);
}

TEST(SpmcKnobs, Knob44To47Messages) {
  World world(changed([](Personality& p) {
    p.busy_in_payload = false;
    p.out_of_vms = Status::no_memory;
    p.vms = 2;
  }));
  world.boot();
  EXPECT_EQ(world.vm_message(4, echo_id, 7).x[3], 0xfffffffdU);
  world.spmc->answer_busy(EndpointId{echo_id}, 1);
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req), uint64_t{vm1} << 16 | echo_id}), busy);
}

TEST(SpmcKnobs, Knob45And47WithoutGuestsEveryIdIsKnownAndVmMessagesAreInvalid) {
  World world(changed([](Personality& p) {
    p.guests_tracked = false;
    p.vm_messages_delivered = false;
    p.handles.guest_in_handle = false;
  }));
  world.version(ffa::v1_1);
  world.map();
  EXPECT_STATUS(world.vm_message(4, echo_id, vm1), invalid_parameters);
  Descriptor descriptor;
  descriptor.sender = 0;
  const uint64_t handle = handle_of(world.share(descriptor));
  EXPECT_EQ(handle, 0x100000000000U);
  EXPECT_EQ(world.ask(0, Operation::retrieve, handle).first, 0);
}

TEST(SpmcKnobs, Knob48NoNotificationsAtAll) {
  World world(changed([](Personality& p) { p.notifications = false; }));
  for (const Fid fid :
       {Fid::notification_bitmap_create, Fid::notification_bitmap_destroy, Fid::notification_bind,
        Fid::notification_unbind, Fid::notification_get, Fid::notification_info_get}) {
    EXPECT_STATUS(world.call(fid, vm1), not_supported);
  }
}

TEST(SpmcKnobs, Knob49To55Notifications) {
  World world(changed([](Personality& p) {
    p.per_vcpu_bind = Status::invalid_parameters;
    p.empty_bind = Status::invalid_parameters;
    p.bind_checks_sender = true;
    p.unbind_of_unbound = Status::denied;
    p.destroy_without_bitmap = Status::denied;
    p.foreign_notification_flags = Status::invalid_parameters;
    p.info_get_32 = false;
  }));
  world.boot();
  const uint64_t pair = uint64_t{echo_id} << 16 | vm1;
  EXPECT_STATUS(world.call(Fid::notification_bind, pair, 1, 1), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_bind, pair, 0, 0), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_bind, 0x80020000U | vm1, 0, 1), invalid_parameters);
  EXPECT_SUCCESS(world.call(Fid::notification_bind, pair, 0, 1));
  EXPECT_STATUS(world.call(Fid::notification_unbind, pair, 0, 3), denied);
  EXPECT_STATUS(world.call(Fid::notification_bitmap_destroy, vm2), denied);
  EXPECT_STATUS(world.call(Fid::notification_get, vm1, 3), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::notification_info_get), not_supported);
  EXPECT_STATUS(world.call({fid64(Fid::notification_info_get)}), no_data);
}

TEST(SpmcKnobs, Knob56RegistersX8ToX17AreCleared) {
  World world(changed([](Personality& p) { p.keeps_x8_to_x17 = false; }));
  Regs in;
  in.x.fill(7);
  in.x[0] = fid32(Fid::spm_id_get);
  const Regs out = world.spmc->smc(in);
  for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(out.x[n], 0U);
}

}  // namespace
}  // namespace spmc_test
