// SPDX-License-Identifier: BSD-3-Clause
#include "ffa/types.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "ffa/result.hpp"

namespace ffa {
namespace {

static_assert(!std::is_convertible_v<uint64_t, Ipa> && !std::is_convertible_v<Ipa, uint64_t>);
static_assert(!std::is_convertible_v<Ipa, Pa> && !std::is_constructible_v<Pa, Ipa>);
static_assert(sizeof(EndpointId) == 2 && sizeof(Handle) == 8 && sizeof(Uuid) == 16);

TEST(FfaEndpointId, Bit15MeansSecure) {
  EXPECT_FALSE(EndpointId{0x7fff}.is_secure());
  EXPECT_TRUE(EndpointId{0x8000}.is_secure());
  EXPECT_FALSE(hypervisor_id.is_secure());
  EXPECT_TRUE(spmc_default_id.is_secure());
  EXPECT_EQ(spmd_id.raw(), 0xffff);
}

TEST(FfaHandle, IsLowWordThenHighWord) {
  const Handle handle = Handle::from_words(0x11111111, 0x22222222);
  EXPECT_EQ(handle.raw(), 0x2222222211111111U);
  EXPECT_EQ(handle.low(), 0x11111111U);
  EXPECT_EQ(handle.high(), 0x22222222U);
  EXPECT_FALSE(handle.hypervisor_allocated());
  EXPECT_TRUE(Handle::from_words(0, 0x80000000).hypervisor_allocated());
  EXPECT_EQ(invalid_handle.raw(), UINT64_MAX);
}

TEST(FfaVersionType, IsMajorThenMinorAndOrdered) {
  const Version version = Version::make(3, 7);
  EXPECT_EQ(version.raw(), 0x00030007U);
  EXPECT_EQ(version.major(), 3);
  EXPECT_EQ(version.minor(), 7);
  EXPECT_LT(v1_0, v1_1);
  EXPECT_LT(v1_2, Version::make(2, 0));
}

TEST(FfaUuid, WordsAreLittleEndianReadingsOfTheBytes) {
  Uuid uuid;
  EXPECT_TRUE(uuid.is_nil());
  for (uint8_t i = 0; i < 16; ++i) uuid.bytes[i] = static_cast<uint8_t>(0x10 + i);
  EXPECT_FALSE(uuid.is_nil());
  EXPECT_EQ(uuid.word(0), 0x13121110U);
  EXPECT_EQ(uuid.word(3), 0x1f1e1d1cU);
  EXPECT_EQ(uuid.dword(0), 0x1716151413121110U);
  EXPECT_EQ(uuid.dword(1), 0x1f1e1d1c1b1a1918U);
  EXPECT_EQ(Uuid::from_words(uuid.word(0), uuid.word(1), uuid.word(2), uuid.word(3)), uuid);
  EXPECT_EQ(Uuid::from_dwords(uuid.dword(0), uuid.dword(1)), uuid);
}

Result<int> half(int value) {
  if (value % 2 != 0) return Error{Status::denied};
  return value / 2;
}
Result<int> quarter(int value) {
  FFA_TRY(const int once, half(value));
  FFA_TRY(const int twice, half(once));
  return twice;
}
Result<void> divisible_by_four(int value) {
  FFA_CHECK(half(value));
  FFA_CHECK(quarter(value));
  return {};
}

TEST(FfaResult, TryGivesTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error(), Status::denied);
  EXPECT_EQ(quarter(5).error(), Status::denied);
}

TEST(FfaResult, CheckGoesOnOrReturnsTheError) {
  EXPECT_TRUE(divisible_by_four(8).ok());
  EXPECT_TRUE(static_cast<bool>(divisible_by_four(8)));
  EXPECT_EQ(divisible_by_four(6).error(), Status::denied);
  EXPECT_EQ(divisible_by_four(7).error(), Status::denied);
}

}  // namespace
}  // namespace ffa
