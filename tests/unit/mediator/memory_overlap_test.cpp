// SPDX-License-Identifier: BSD-3-Clause
// VMs whose live shares may have pages in common: each share holds them, the last one gives them
// back. Everything else stays excluded.
#include "memory_fixture.hpp"

namespace memory_test {
namespace {

class OverlappingShares : public MemorySharing {
 protected:
  void SetUp() override {
    MemorySharing::SetUp();
    world.overlapping_shares = true;
    start();
  }
};

TEST_F(OverlappingShares, EachHoldsThePageUntilItGoes) {
  for (const bool first_goes_first : {true, false}) {
    const uint64_t one = shared(pages(flat + 0x4000, 3));
    const uint64_t two = shared(pages(flat + 0x4000, 3));
    ASSERT_NE(one, two);
    EXPECT_EQ(pins_at(flat + 0x4000), 2);
    EXPECT_EQ(spmc.size(), 2U);
    EXPECT_SUCCESS32(reclaim(first_goes_first ? one : two));
    EXPECT_EQ(pins_at(flat + 0x6000), 1) << "the other share still has it";
    EXPECT_SUCCESS32(reclaim(first_goes_first ? two : one));
    EXPECT_EQ(pins_at(flat + 0x4000), 0);
  }
}

TEST_F(OverlappingShares, PartsOverlapAtEitherEndAndInside) {
  const uint64_t whole = shared(pages(flat + 0x4000, 5));
  shared(pages(flat + 0x3000, 2));
  shared(pages(flat + 0x6000, 1));
  shared(pages(flat + 0x8000, 4));
  EXPECT_EQ(pins_at(flat + 0x3000), 1);
  for (const uint64_t twice : {0x4000, 0x6000, 0x8000}) EXPECT_EQ(pins_at(flat + twice), 2);
  EXPECT_EQ(pins_at(flat + 0x5000), 1);
  EXPECT_SUCCESS32(reclaim(whole));
  EXPECT_EQ(pins_at(flat + 0x5000), 0);
  EXPECT_EQ(pins_at(flat + 0x6000), 1);
}

TEST_F(OverlappingShares, NotInOneTransaction) {
  Descriptor twice = plan();
  twice.ranges = {{flat + 0x4000, 2}, {flat + 0x5000, 1}};
  const State before = state();
  EXPECT_REJECTED(world, share(twice), mem_ranges_disjoint);
  EXPECT_EQ(state(), before);
}

TEST_F(OverlappingShares, BuffersStayApart) {
  EXPECT_REJECTED(world, share(pages(fake::tx_ipa)), mem_pages_not_buffer);
  EXPECT_REJECTED(world, share(pages(fake::ram_ipa, 10)), mem_pages_not_buffer);
  shared(pages(flat, 2));
  shared(pages(flat + 0x1000, 2));
  EXPECT_SUCCESS32(world.call(1, {0x84000067}));
  EXPECT_REJECTED(world, world.call(1, {0xc4000066, flat, fake::rx_ipa, 1}), rxtx_map_not_shared);
  EXPECT_REJECTED(world, world.call(1, {0xc4000066, fake::rx_ipa, flat + 0x2000, 1}),
                  rxtx_map_not_shared);
  EXPECT_SUCCESS32(world.call(1, {0xc4000066, flat + 0x3000, fake::rx_ipa, 1}));
}

TEST_F(OverlappingShares, AFailureTakesOnlyItsOwnPins) {
  shared(pages(flat + 0x4000, 3));
  const State before = state();
  world.platform.spmc[0xc4000073] = [](const ffa::Regs&) {
    return ffa::reply(ffa::Status::no_memory);
  };
  EXPECT_STATUS(share(pages(flat + 0x4000, 3)), no_memory);
  EXPECT_EQ(state(), before);
}

TEST_F(OverlappingShares, QuotasCountEachShare) {
  for (int n = 0; n < 4; ++n) shared(pages(flat));  // 4 shares
  EXPECT_REJECTED(world, share(pages(flat)), mem_quota_shares);
  EXPECT_EQ(pins_at(flat), 4);
}

TEST_F(OverlappingShares, AreOfTheVmsThatAreConfiguredSo) {
  world.overlapping_shares = false;
  start(2);
  EXPECT_SUCCESS32(share(pages(flat, 1, 2)));
  EXPECT_REJECTED(world, share(pages(flat, 1, 2)), mem_pages_not_shared);
}

}  // namespace
}  // namespace memory_test
