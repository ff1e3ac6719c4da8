// SPDX-License-Identifier: BSD-3-Clause
#include "call_check.hpp"
#include "ffa/calls/setup.hpp"

namespace ffa {
namespace {

using test::check_call;
using test::dword;
using test::word;

TEST(FfaVersionCall, CarriesTheVersionInW1) {
  check_call(FfaVersion{Version::make(3, 5)},
             {.registers = {0x84000063, 0x00030005}, .fields = {{1, word}}});
}

TEST(FfaVersionCall, Bit31IsNotRefusedByDecodeButReported) {
  Regs regs = FfaVersion{v1_1}.encode();
  EXPECT_TRUE(FfaVersion::decode(regs)->is_valid());
  regs.x[1] |= 0x80000000U;
  EXPECT_FALSE(FfaVersion::decode(regs)->is_valid());
}

TEST(FfaVersionCall, ResultIsABareWordInW0) {
  Regs one_two;
  one_two.x[0] = 0x00010002;
  EXPECT_EQ(FfaVersionResult{v1_2}.encode(), one_two);
  EXPECT_EQ(FfaVersionResult::decode(one_two)->version, v1_2);

  Regs refused;
  refused.x[0] = 0xffffffff;
  EXPECT_EQ(FfaVersionResult{}.encode(), refused);
  EXPECT_EQ(FfaVersionResult::decode(refused)->version, std::nullopt);
  refused.x[0] = dword;  // a callee that sign-extends
  EXPECT_EQ(FfaVersionResult::decode(refused)->version, std::nullopt);
}

TEST(FfaFeaturesCall, CarriesQueryAndInputProperties) {
  check_call(Features::of_function(fid64(Fid::rxtx_map), 0x12345678),
             {.registers = {0x84000064, 0xc4000066, 0x12345678}, .fields = {{1, word}, {2, word}}});
  check_call(FeaturesSuccess{0x00100002, 0x7},
             {.registers = {0x84000061, 0, 0x00100002, 7}, .fields = {{2, word}, {3, word}}});
}

TEST(FfaFeaturesCall, ReservedBitsOfAFeatureIdAreReported) {
  const Features feature = Features::of_feature(FeatureId::managed_exit_interrupt);
  EXPECT_FALSE(feature.is_function());
  EXPECT_EQ(feature.feature(), FeatureId::managed_exit_interrupt);
  EXPECT_FALSE(feature.has_reserved_bits());
  for (unsigned bit = 8; bit < 31; ++bit) {
    EXPECT_TRUE((Features{3U | 1U << bit, 0}).has_reserved_bits()) << bit;
  }
  EXPECT_TRUE(Features::of_function(0x84000073).is_function());
  EXPECT_FALSE(Features::of_function(0x84000073).has_reserved_bits());
}

TEST(FfaFeaturesCall, RxtxMapPropertiesAreMinimumAndMaximum) {
  const RxtxMapFeatures limits{RxtxMapFeatures::MinimumSize::kib16, 0x1234};
  EXPECT_EQ(limits.features(), (FeaturesSuccess{0x12340002, 0}));
  EXPECT_EQ(RxtxMapFeatures::from({0x1234fffe, 9}), limits);
}

TEST(FfaIdCalls, HaveNoArguments) {
  check_call(IdGet{}, {.registers = {0x84000069}, .fields = {}});
  check_call(SpmIdGet{}, {.registers = {0x84000085}, .fields = {}});
  check_call(IdGetSuccess{EndpointId{0x8123}},
             {.registers = {0x84000061, 0, 0x8123}, .fields = {{2, 0xffff}}});
}

TEST(FfaRxtxMapCall, CarriesTwoAddressesAndSixBitsOfPageCount) {
  check_call(RxtxMap{Convention::smc64, 0x1111222233334000, 0x5555666677778000, PageCount{0x2a}},
             {.registers = {0xc4000066, 0x1111222233334000, 0x5555666677778000, 0x2a},
              .fields = {{1, dword}, {2, dword}, {3, 0x3f}},
              .must_be_zero = {{3, 0xffffffc0}}});
  check_call(RxtxMap{Convention::smc32, 0x33334000, 0x77778000, PageCount{0x15}},
             {.registers = {0x84000066, 0x33334000, 0x77778000, 0x15},
              .fields = {{1, word}, {2, word}, {3, 0x3f}},
              .must_be_zero = {{3, 0xffffffc0}}});
}

TEST(FfaRxtxMapCall, AllZeroMeansForwarded) {
  EXPECT_TRUE(RxtxMap{}.is_forwarded());
  EXPECT_FALSE((RxtxMap{.tx_address = 0x1000}).is_forwarded());
  EXPECT_FALSE((RxtxMap{.rx_address = 0x2000}).is_forwarded());
  EXPECT_FALSE((RxtxMap{.page_count = PageCount{3}}).is_forwarded());
}

TEST(FfaRxtxCalls, NameTheVmInTheirOwnHalfOfW1) {
  check_call(RxtxUnmap{EndpointId{0x1234}}, {.registers = {0x84000067, 0x12340000},
                                             .fields = {{1, 0xffff0000}},
                                             .must_be_zero = {{1, 0xffff}}});
  check_call(RxRelease{EndpointId{0x2345}}, {.registers = {0x84000065, 0x2345},
                                             .fields = {{1, 0xffff}},
                                             .must_be_zero = {{1, 0xffff0000}}});
  check_call(RxAcquire{EndpointId{0x3456}},
             {.registers = {0x84000084, 0x3456}, .fields = {{1, 0xffff}}});
}

TEST(FfaPartitionInfoGetCall, CarriesUuidWordsAndTheCountFlag) {
  check_call(PartitionInfoGet{counting_uuid, true},
             {.registers = {0x84000068, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 1},
              .fields = {{1, word}, {2, word}, {3, word}, {4, word}, {5, 1}},
              .must_be_zero = {{5, 0xfffffffe}}});
  check_call(PartitionInfoGetSuccess{7, 24},
             {.registers = {0x84000061, 0, 7, 24}, .fields = {{2, word}, {3, word}}});
}

TEST(FfaPartitionInfoGetRegsCall, CarriesUuidIndexAndTag) {
  check_call(PartitionInfoGetRegs{counting_uuid, 0x1234, 0x5678},
             {.registers = {0xc400008b, 0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x56781234},
              .fields = {{1, dword}, {2, dword}, {3, word}},
              .must_be_zero = {{3, word << 32}}});
}

TEST(FfaPartitionInfoGetRegsCall, ReplyKeepsEveryRegister) {
  PartitionInfoGetRegsSuccess success{0x1111, 0x2222, 0x3333, 0x18, {}};
  std::vector<uint64_t> registers = {0xc4000061, 0, 0x0018333322221111};
  test::Masks fields = {{2, dword}};
  for (unsigned n = 3; n <= 17; ++n) {
    registers.push_back(0x0101010101010101U * n);
    success.descriptors[n - 3] = registers.back();
    fields[n] = dword;
  }
  check_call(success, {.registers = registers, .fields = fields});
}

TEST(FfaPartitionInfoGetRegsCall, PartitionsAreSteppedByTheReportedSize) {
  PartitionInfoGetRegsSuccess success;
  for (unsigned n = 0; n < 15; ++n) success.descriptors[n] = n + 1;
  success.descriptor_size_bytes = 24;
  EXPECT_EQ(success.partition(4)->id, EndpointId{13});
  EXPECT_FALSE(success.partition(5).has_value());
  success.descriptor_size_bytes = 48;
  EXPECT_EQ(success.partition(1)->id, EndpointId{7});
  EXPECT_FALSE(success.partition(2).has_value());
  for (const unsigned bad : {0U, 8U, 16U, 23U, 25U, 28U, 128U, 65535U}) {
    success.descriptor_size_bytes = static_cast<uint16_t>(bad);
    EXPECT_FALSE(success.partition(0).has_value()) << bad;
  }
}

TEST(FfaPartitionInfoGetRegsCall, SetPartitionWritesThreeRegistersAndStopsAtFive) {
  PartitionInfoGetRegsSuccess success;
  const PartitionRegs partition{EndpointId{0x8001}, 0x0203, PartitionProperties{0x104},
                                counting_uuid};
  EXPECT_TRUE(success.set_partition(4, partition).ok());
  EXPECT_EQ(success.descriptors[12], 0x0000010402038001U);
  EXPECT_EQ(success.descriptors[13], 0x0706050403020100U);
  EXPECT_EQ(success.descriptors[14], 0x0f0e0d0c0b0a0908U);
  EXPECT_EQ(success.partition(4), partition);
  EXPECT_EQ(success.set_partition(5, partition).error(), Status::no_memory);
}

TEST(FfaConsoleLogCall, CarriesTwentyFourCharactersInWords) {
  ConsoleLog log{.convention = Convention::smc32};
  for (const char c : {'a', 'b', 'c', 'd', 'e'}) log.append(c);
  check_call(
      log,
      {.registers = {0x8400008a, 5, 0x64636261, 0x65},
       .fields = {{1, 0xff}, {2, word}, {3, word}, {4, word}, {5, word}, {6, word}, {7, word}}});
  EXPECT_EQ(log.character(3), 'd');
  EXPECT_EQ(log.character(4), 'e');
  for (unsigned n = 5; n < 30; ++n) log.append('x');
  EXPECT_EQ(log.character_count, 24);
  EXPECT_EQ(log.character(23), 'x');
  EXPECT_EQ(log.character(24), '\0');
}

TEST(FfaConsoleLogCall, CarriesOneHundredTwentyEightCharactersInRegisters) {
  ConsoleLog log{.convention = Convention::smc64};
  for (unsigned n = 0; n < 200; ++n) log.append(static_cast<char>('0' + n % 75));
  EXPECT_EQ(log.character_count, 128);
  EXPECT_EQ(log.character(127), '0' + 52);
  EXPECT_EQ(log.character(128), '\0');
  std::vector<uint64_t> registers = {0xc400008a, 128};
  test::Masks fields = {{1, 0xff}};
  for (unsigned n = 0; n < 16; ++n) {
    registers.push_back(log.words[n]);
    fields[n + 2] = dword;
  }
  EXPECT_EQ(registers[2], 0x3736353433323130U);
  check_call(log, {.registers = registers, .fields = fields});
}

}  // namespace
}  // namespace ffa
