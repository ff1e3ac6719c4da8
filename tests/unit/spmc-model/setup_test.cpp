// SPDX-License-Identifier: BSD-3-Clause
// Versions, features, RX/TX, the EL3 front. Numbers are rows of docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

Regs eight(std::initializer_list<uint64_t> values) {
  Regs regs;
  size_t i = 0;
  for (const uint64_t value : values) regs.x[i++] = value;
  return regs;
}

TEST(SpmcFront, IdGetIsTheHypervisorAndSpmIdGetTheSpmc) {
  World world;
  EXPECT_EQ(world.call(Fid::id_get), eight({success_32, 0, 0}));
  EXPECT_EQ(world.call(Fid::spm_id_get), eight({success_32, 0, 0x8000}));
}

TEST(SpmcFront, UnknownFunctionNumbersAreNotSupported) {
  World world;
  for (const uint32_t id : {0x84000091U, 0x840000ffU, 0xc4000065U, 0x8400008bU, 0x8400008dU}) {
    EXPECT_EQ(world.call({id, 1, 2, 3}), eight({error_32, 0, 0xffffffff})) << std::hex << id;
  }
}

TEST(SpmcFront, CallsOfOtherServicesGetTheSmcccAnswerAndKeepTheirArguments) {
  World world;
  EXPECT_EQ(world.call({0x84000000, 7, 8}), eight({0xffffffff, 7, 8}));
  EXPECT_EQ(world.call({0xc3000001, 7, 8}), eight({~uint64_t{0}, 7, 8}));
}

TEST(SpmcFront, SveHintIsNotPartOfTheFunction) {
  World world;
  EXPECT_EQ(world.call({0x84010085}).x[2], 0x8000U);
}

TEST(SpmcFront, NormalWorldMayNotUseSecureOnlyCalls) {
  World world;
  for (const Fid fid :
       {Fid::console_log, Fid::msg_wait, Fid::yield, Fid::interrupt, Fid::error, Fid::success,
        Fid::secondary_ep_register, Fid::mem_perm_get, Fid::mem_perm_set, Fid::el3_intr_handle,
        Fid::abort, Fid::msg_poll, Fid::msg_send}) {
    EXPECT_STATUS(world.call(fid, 1), not_supported) << static_cast<uint32_t>(fid);
  }
  EXPECT_STATUS(world.call(Fid::normal_world_resume), denied);
}

TEST(SpmcFront, MessagesThatNameSecureSendersOrEl3PartitionsAreInvalid) {
  World world;
  world.boot(ffa::v1_2);
  for (const uint32_t id : {fid32(Fid::msg_send_direct_req), fid64(Fid::msg_send_direct_req),
                            fid32(Fid::msg_send_direct_req2), fid32(Fid::msg_send_direct_resp),
                            fid64(Fid::msg_send_direct_resp), fid32(Fid::msg_send_direct_resp2)}) {
    EXPECT_STATUS(world.call({id, 0x80030000U | echo_id}), invalid_parameters) << std::hex << id;
    EXPECT_STATUS(world.call({id, 0x0005ffc1U}), invalid_parameters) << std::hex << id;
  }
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_resp), 0x00058001U}), not_supported);
}

TEST(SpmcFront, MissingFunctionsOfTheConfigurationAreNotSupportedAndNoFeature) {
  World world(*spmc_model::find_personality("op-tee"), two_sps(),
              {fid64(Fid::rxtx_map), fid32(Fid::version)});
  EXPECT_EQ(world.version(ffa::v1_1).x[0], 0xffffffffU);
  EXPECT_STATUS(world.map(), not_supported);
  EXPECT_STATUS(world.call(Fid::features, fid64(Fid::rxtx_map)), not_supported);
  EXPECT_SUCCESS(world.call(Fid::features, fid32(Fid::rxtx_map)));
}

TEST(SpmcVersion, Knob1OpTeeAnswersItsOwnVersion) {
  World world;
  EXPECT_EQ(world.version(ffa::v1_0), eight({0x10002}));
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_0);
  EXPECT_EQ(world.version(ffa::v1_1), eight({0x10002}));
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_1);
}

TEST(SpmcVersion, Knob2NewerMinorIsServedAsOwnOtherMajorChangesNothing) {
  World world;
  world.version(ffa::v1_1);
  EXPECT_EQ(world.call(Fid::version, 0x20000).x[0], 0x10002U);
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_1);
  EXPECT_EQ(world.call(Fid::version, 0x10007).x[0], 0x10002U);
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_2);
}

TEST(SpmcVersion, Bit31IsRefusedWithABareMinusOneInW0) {
  World world;
  EXPECT_EQ(world.call(Fid::version, 0x80010001), eight({0xffffffff}));
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_0);
}

TEST(SpmcVersion, Knob3OpTeeRenegotiatesAfterOtherCallsButTheFrontsCopyIsFrozen) {
  World world;
  world.boot(ffa::v1_1);
  EXPECT_EQ(world.version(ffa::v1_2).x[0], 0x10002U);
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_2);
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req2), uint64_t{vm1} << 16 | user_id}),
                not_supported);
}

TEST(SpmcVersion, Knob4OtherCallsWorkBeforeVersionWithTheLayoutsOfV1_0) {
  World world;
  EXPECT_SUCCESS(world.map());
  EXPECT_EQ(world.spmc->normal_world_version(), ffa::v1_0);
  const Regs info = world.call(Fid::partition_info_get);
  EXPECT_EQ(info, eight({success_32, 0, 2, 0}));
}

TEST(SpmcFeatures, Knob5ListOfOpTee) {
  World world;
  world.version(ffa::v1_2);
  const uint32_t yes[] = {0x84000060, 0x84000061, 0xc4000061, 0x84000062, 0x84000063, 0x84000064,
                          0x84000065, 0x84000066, 0xc4000066, 0x84000067, 0x84000068, 0x84000085,
                          0x8400006f, 0xc400006f, 0xc400008d, 0x84000077, 0x8400007b, 0x8400007d,
                          0x8400007e, 0x8400007f, 0x84000080, 0x84000081, 0x84000082, 0x84000083,
                          0xc4000083, 0x00000003};
  for (const uint32_t id : yes)
    EXPECT_EQ(world.call(Fid::features, id), eight({success_32})) << std::hex << id;
  const uint32_t no[] = {0x84000069, 0x8400006a, 0x8400006b, 0x8400006c, 0x8400006d, 0x8400006e,
                         0x84000070, 0x84000071, 0xc4000071, 0x84000072, 0xc4000072, 0x84000074,
                         0x84000076, 0x8400007a, 0x84000084, 0x84000086, 0xc400008b, 0xc400008e,
                         0x00000001, 0x00000004, 0x00000000};
  for (const uint32_t id : no) {
    EXPECT_EQ(world.call(Fid::features, id), eight({error_32, 0, 0xffffffff})) << std::hex << id;
  }
  for (const uint32_t id : {0x84000073U, 0xc4000073U}) {
    EXPECT_EQ(world.call(Fid::features, id), eight({success_32, 0, 1})) << std::hex << id;
  }
}

TEST(SpmcFeatures, Knob5DirectReq2IsAFeatureOnlyOfA1_2Caller) {
  World world;
  world.version(ffa::v1_1);
  EXPECT_STATUS(world.call(Fid::features, fid32(Fid::msg_send_direct_req2)), not_supported);
}

TEST(SpmcFeatures, Knob6ScheduleReceiverInterruptIs8) {
  World world;
  EXPECT_EQ(world.call(Fid::features, 2), eight({success_32, 0, 8}));
}

TEST(SpmcRxTx, MapUnmapAndItsErrors) {
  World world;
  EXPECT_STATUS(world.call(Fid::rxtx_unmap), invalid_parameters);
  EXPECT_STATUS(world.map(0), invalid_parameters);
  EXPECT_SUCCESS(world.map(2));
  EXPECT_TRUE(world.spmc->owns_hypervisor_rx());
  EXPECT_STATUS(world.map(2), denied);
  EXPECT_SUCCESS(world.call(Fid::rxtx_unmap));
  EXPECT_FALSE(world.spmc->owns_hypervisor_rx());
  EXPECT_STATUS(world.call(Fid::rxtx_unmap), invalid_parameters);
}

TEST(SpmcRxTx, MapRefusesUnalignedAndOverlappingBuffers) {
  World world;
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), tx_page + 0x800, rx_page, 1}),
                invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), tx_page, rx_page + 8, 1}), invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), tx_page, tx_page + 0x1000, 2}),
                invalid_parameters);
  EXPECT_SUCCESS(world.call({fid64(Fid::rxtx_map), tx_page, tx_page + 0x2000, 2}));
}

TEST(SpmcRxTx, MapOfSmc32IgnoresTheUpperHalves) {
  World world;
  EXPECT_SUCCESS(world.call(
      {fid32(Fid::rxtx_map), 0xabcd00000000 | tx_page, 0x123400000000 | rx_page, 0x700000001}));
}

TEST(SpmcRxTx, Knob8SamePageForBothIsAccepted) {
  World world;
  EXPECT_SUCCESS(world.call({fid64(Fid::rxtx_map), tx_page, tx_page, 1}));
}

TEST(SpmcRxTx, Knob9HighBitsOfTheCountAreInvalid) {
  World world;
  EXPECT_STATUS(world.map(0x41), invalid_parameters);
  EXPECT_STATUS(world.map(0x100000001), invalid_parameters);
  EXPECT_SUCCESS(world.map(4));
}

TEST(SpmcRxTx, Knob10BadMemoryIsNoMemory) {
  World world;
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), tx_page, 0x0e100000, 1}), no_memory);
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), ram_base + ram_bytes - 0x1000, rx_page, 2}),
                no_memory);
}

TEST(SpmcRxTx, Knob11MapOnBehalfOfAVmIsInvalid) {
  World world;
  world.memory.put(tx_page, {5, 0, 0, 0, 16, 0, 0, 0, 48, 0, 0, 0});
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map), 0, 0, 0}), invalid_parameters);
}

TEST(SpmcRxTx, Knob12UnmapIgnoresTheIdAndIsBusyWhileTheNormalWorldOwnsRx) {
  World world;
  world.boot();
  EXPECT_SUCCESS(world.call(Fid::partition_info_get));
  EXPECT_STATUS(world.call(Fid::rxtx_unmap, uint64_t{vm1} << 16), busy);
  EXPECT_SUCCESS(world.call(Fid::rx_release));
  EXPECT_SUCCESS(world.call(Fid::rxtx_unmap, uint64_t{vm1} << 16));
}

TEST(SpmcRxTx, Knob13ReleaseOfARxThatIsNotOwnedIsDenied) {
  World world;
  EXPECT_STATUS(world.call(Fid::rx_release), denied);
  world.boot();
  EXPECT_STATUS(world.call(Fid::rx_release), denied);
  EXPECT_SUCCESS(world.call(Fid::partition_info_get));
  EXPECT_FALSE(world.spmc->owns_hypervisor_rx());
  EXPECT_SUCCESS(world.call(Fid::rx_release));
  EXPECT_TRUE(world.spmc->owns_hypervisor_rx());
  EXPECT_STATUS(world.call(Fid::rx_release), denied);
}

TEST(SpmcRegisters, Knob56RegistersX8ToX17AreKeptUnlessTheCallReturnsThem) {
  World world;
  Regs in;
  for (unsigned n = 0; n < 18; ++n) in.x[n] = 0x1000 + n;
  in.x[0] = fid32(Fid::id_get);
  const Regs out = world.spmc->smc(in);
  for (unsigned n = 1; n < 8; ++n) EXPECT_EQ(out.x[n], 0U) << n;
  for (unsigned n = 8; n < 18; ++n) EXPECT_EQ(out.x[n], 0x1000U + n) << n;
}

TEST(SpmcCreate, BadConfigurationsGiveNoSpmc) {
  FakeMemory memory;
  std::vector<std::byte> storage(spmc_model::Spmc::storage_bytes());
  const auto personality = *spmc_model::find_personality("op-tee");
  const auto make = [&](const std::vector<spmc_model::SpConfig>& sps, size_t missing,
                        size_t bytes) {
    const std::vector<uint32_t> functions(missing);
    return spmc_model::Spmc::create(std::span{storage}.first(bytes), {personality, sps, functions},
                                    memory);
  };
  EXPECT_NE(make(two_sps(), 64, storage.size()), nullptr);
  EXPECT_EQ(make(two_sps(), 65, storage.size()), nullptr);
  EXPECT_EQ(make(two_sps(), 0, storage.size() / 2), nullptr);
  auto sps = two_sps();
  sps[1].id = sps[0].id;
  EXPECT_EQ(make(sps, 0, storage.size()), nullptr);
  sps[1].id = EndpointId{3};
  EXPECT_EQ(make(sps, 0, storage.size()), nullptr);
  sps.clear();
  for (uint16_t i = 0; i < 17; ++i)
    sps.push_back({.id = EndpointId{static_cast<uint16_t>(0x8100 + i)}});
  EXPECT_EQ(make(sps, 0, storage.size()), nullptr);
  sps.pop_back();
  EXPECT_NE(make(sps, 0, storage.size()), nullptr);
}

TEST(SpmcCreate, TheStorageMustHoldAsManyRangesAsAreAskedFor) {
  FakeMemory memory;
  constexpr uint32_t many = 5 * spmc_model::default_ranges;
  std::vector<std::byte> storage(spmc_model::Spmc::storage_bytes(many));
  EXPECT_EQ(storage.size() - spmc_model::Spmc::storage_bytes(),
            size_t{4 * spmc_model::default_ranges} * 16);
  const auto sps = two_sps();
  const auto make = [&](uint32_t ranges, size_t bytes) {
    return spmc_model::Spmc::create(std::span{storage}.first(bytes),
                                    {*spmc_model::find_personality("op-tee"), sps, {}, ranges},
                                    memory);
  };
  EXPECT_NE(make(many, storage.size()), nullptr);
  EXPECT_EQ(make(many, storage.size() - 1024), nullptr);
  EXPECT_EQ(make(many + 1024, storage.size()), nullptr);
  EXPECT_NE(make(0, storage.size()), nullptr);
}

TEST(SpmcCreate, StorageMayStartAtAnyAddress) {
  FakeMemory memory;
  std::vector<std::byte> storage(spmc_model::Spmc::storage_bytes() + 3);
  const auto sps = two_sps();
  auto* spmc = spmc_model::Spmc::create(std::span{storage}.subspan(3),
                                        {*spmc_model::find_personality("op-tee"), sps, {}}, memory);
  ASSERT_NE(spmc, nullptr);
  Regs in;
  in.x[0] = fid32(Fid::spm_id_get);
  EXPECT_EQ(spmc->smc(in).x[2], 0x8000U);
}

TEST(SpmcCreate, OnlyKnownPersonalitiesExist) {
  EXPECT_EQ(spmc_model::find_personality("op-tee")->name, "op-tee");
  EXPECT_FALSE(spmc_model::find_personality("OP-TEE").has_value());
  EXPECT_FALSE(spmc_model::find_personality("").has_value());
}

}  // namespace
}  // namespace spmc_test
