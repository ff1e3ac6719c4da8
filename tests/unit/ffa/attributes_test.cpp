// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "ffa/memory_attributes.hpp"
#include "ffa/partition_properties.hpp"

namespace ffa {
namespace {

TEST(FfaMemoryAttributes, NormalWriteBackInnerIs2f) {
  EXPECT_EQ(normal_write_back_inner.raw(), 0x2f);
  EXPECT_EQ(normal_write_back_inner.type(), MemoryType::normal);
  EXPECT_EQ(normal_write_back_inner.cacheability(), Cacheability::write_back);
  EXPECT_EQ(normal_write_back_inner.shareability(), Shareability::inner);
  EXPECT_FALSE(normal_write_back_inner.ns());
  EXPECT_EQ(MemoryAttributes::normal(Cacheability::non_cacheable, Shareability::outer).raw(), 0x26);
}

TEST(FfaMemoryAttributes, DeviceTypesStandInBits3To2) {
  const MemoryAttributes gre = MemoryAttributes::device(DeviceType::gre);
  EXPECT_EQ(gre.raw(), 0x1c);
  EXPECT_EQ(gre.type(), MemoryType::device);
  EXPECT_EQ(gre.device_type(), DeviceType::gre);
  EXPECT_EQ(MemoryAttributes::device(DeviceType::ngnre).raw(), 0x14);
}

TEST(FfaMemoryAttributes, NsIsBit6AndTheRestReserved) {
  EXPECT_TRUE(MemoryAttributes{0x40}.ns());
  EXPECT_FALSE(MemoryAttributes{0x40}.has_reserved_bits());
  for (unsigned bit = 7; bit < 16; ++bit) {
    EXPECT_TRUE(MemoryAttributes{static_cast<uint16_t>(1U << bit)}.has_reserved_bits()) << bit;
  }
}

TEST(FfaAccessPermissions, DataAndInstructionHaveTwoBitsEach) {
  const AccessPermissions permissions =
      AccessPermissions::make(DataAccess::read_write, InstructionAccess::not_executable);
  EXPECT_EQ(permissions.raw(), 0x06);
  EXPECT_EQ(permissions.data(), DataAccess::read_write);
  EXPECT_EQ(permissions.instruction(), InstructionAccess::not_executable);
  EXPECT_EQ(AccessPermissions::make(DataAccess::read_only).raw(), 0x01);
  EXPECT_EQ(AccessPermissions{0x08}.instruction(), InstructionAccess::executable);
  EXPECT_FALSE(AccessPermissions{0x0f}.has_reserved_bits());
  EXPECT_TRUE(AccessPermissions{0x10}.has_reserved_bits());
  EXPECT_TRUE(AccessPermissions{0x80}.has_reserved_bits());
}

TEST(FfaAccessFlags, Bit0IsNonRetrievalBorrower) {
  EXPECT_TRUE(AccessFlags{1}.non_retrieval_borrower());
  EXPECT_FALSE(AccessFlags{1}.has_reserved_bits());
  EXPECT_TRUE(AccessFlags{2}.has_reserved_bits());
  EXPECT_FALSE(AccessFlags{2}.non_retrieval_borrower());
}

TEST(FfaMemoryFlags, EachBitHasItsName) {
  EXPECT_TRUE(MemoryFlags{1U << 0}.zero());
  EXPECT_TRUE(MemoryFlags{1U << 1}.time_slice());
  EXPECT_TRUE(MemoryFlags{1U << 2}.zero_after_relinquish());
  EXPECT_EQ(MemoryFlags{1U << 3}.type(), TransactionType::share);
  EXPECT_EQ(MemoryFlags{2U << 3}.type(), TransactionType::lend);
  EXPECT_EQ(MemoryFlags{3U << 3}.type(), TransactionType::donate);
  EXPECT_EQ(MemoryFlags{11U << 5}.alignment_hint(), 11U);
  EXPECT_TRUE(MemoryFlags{1U << 9}.alignment_hint_valid());
  EXPECT_TRUE(MemoryFlags{1U << 10}.bypass_borrower_check());
  EXPECT_FALSE(MemoryFlags{0x7ff}.has_reserved_bits());
  EXPECT_TRUE(MemoryFlags{1U << 11}.has_reserved_bits());
  EXPECT_EQ(MemoryFlags::of_type(TransactionType::lend, MemoryFlags::zero_bit).raw(), 0x11U);
}

TEST(FfaMemoryFlags, ExceedsSaysWhetherOtherBitsAreSet) {
  EXPECT_FALSE(MemoryFlags{2}.exceeds(MemoryFlags::zero_bit | MemoryFlags::time_slice_bit));
  EXPECT_TRUE(MemoryFlags{6}.exceeds(MemoryFlags::zero_bit | MemoryFlags::time_slice_bit));
}

TEST(FfaPagePermissions, ReadOnlyIs3AndExecutableIsClear) {
  EXPECT_EQ(PagePermissions{7}.data(), PagePermissions::Data::read_only);
  EXPECT_FALSE(PagePermissions{7}.executable());
  EXPECT_EQ(PagePermissions{5}.data(), PagePermissions::Data::read_write);
  EXPECT_TRUE(PagePermissions{3}.executable());
  EXPECT_TRUE(PagePermissions{8}.has_reserved_bits());
}

TEST(FfaPartitionProperties, EachBitHasItsName) {
  const auto bit = [](unsigned n) { return PartitionProperties{1U << n}; };
  EXPECT_TRUE(bit(0).receives_direct_requests());
  EXPECT_TRUE(bit(1).sends_direct_requests());
  EXPECT_TRUE(bit(2).indirect_messages());
  EXPECT_TRUE(bit(3).receives_notifications());
  EXPECT_EQ(bit(4).id_type(), PartitionIdType::independent_sepid);
  EXPECT_EQ(bit(5).id_type(), PartitionIdType::dependent_sepid);
  EXPECT_TRUE(bit(6).wants_vm_created());
  EXPECT_TRUE(bit(7).wants_vm_destroyed());
  EXPECT_TRUE(bit(8).aarch64());
  EXPECT_TRUE(bit(9).receives_direct_requests2());
  EXPECT_TRUE(bit(10).sends_direct_requests2());
  EXPECT_FALSE(PartitionProperties{~(1U << 7)}.wants_vm_destroyed());
}

TEST(FfaPartitionProperties, LaterBitsAreMaskedForEarlierVersions) {
  const PartitionProperties all{0xffffffff};
  EXPECT_EQ(all.known_to(v1_0).raw(), 0x7U);
  EXPECT_EQ(all.known_to(v1_1).raw(), 0x1ffU);
  EXPECT_EQ(all.known_to(v1_2).raw(), 0x7ffU);
}

}  // namespace
}  // namespace ffa
