// SPDX-License-Identifier: BSD-3-Clause
// FFA_RXTX_MAP, UNMAP and RX_RELEASE: every rule at its boundary, and the roll-back at each
// operation that can fail.
#include <gtest/gtest.h>

#include "world.hpp"

namespace fake {
namespace {

using mediator::MemoryKind;

struct Facts : mediator::Observer {
  std::map<uint16_t, mediator::VmFacts> vms;
  void vm(const mediator::VmFacts& facts) override { vms[facts.id.raw()] = facts; }
  void share(const mediator::ShareFacts& /*facts*/) override {}
  void range(const mediator::RangeFacts& /*facts*/) override {}
};

class Rxtx : public testing::Test {
 protected:
  void SetUp() override { world.start(); }
  ffa::Regs map(uint64_t tx, uint64_t rx, uint64_t pages = 1) {
    return world.call(1, {0xc4000066, tx, rx, pages});
  }
  ffa::Regs unmap(uint64_t w1 = 0) { return world.call(1, {0x84000067, w1}); }
  ffa::Regs release(uint64_t w1 = 0) { return world.call(1, {0x84000065, w1}); }
  ffa::Regs fill_rx() { return world.call(1, {0x84000068}); }
  mediator::VmFacts facts() {
    Facts observer;
    world.mediator->observe(observer);
    return observer.vms.at(1);
  }
  /// Nothing of a refused call remains.
  void expect_untouched() {
    EXPECT_EQ(world.platform.pins(1), 0);
    EXPECT_EQ(world.platform.mapped_buffers, 0);
    EXPECT_EQ(facts().rx, mediator::RxState::unmapped);
    EXPECT_EQ(facts().pinned_pages, 0U);
  }
  World world;
};

TEST_F(Rxtx, MapPinsAndMapsBothBuffers) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa, 3));
  EXPECT_EQ(world.platform.mapped_buffers, 2);
  EXPECT_EQ(world.platform.pins(1), 6);
  const auto now = facts();
  EXPECT_EQ(now.rx, mediator::RxState::free);
  EXPECT_FALSE(now.tx_claimed);
  EXPECT_EQ(now.tx_ipa.raw(), tx_ipa);
  EXPECT_EQ(now.rx_ipa.raw(), rx_ipa);
  EXPECT_EQ(now.rxtx_pages.raw(), 3U);
  EXPECT_EQ(now.pinned_pages, 6U);
}
TEST_F(Rxtx, MapOfPagesThatAreScatteredPinsEachExtent) {
  world.platform.add_memory(1, 0x50000000, 8, 0x90000000, MemoryKind::ram_rw, true);
  EXPECT_SUCCESS32(map(0x50000000, 0x50004000, 4));
  EXPECT_EQ(world.platform.pins(1), 8);
  EXPECT_SUCCESS32(unmap());
  expect_untouched();
}
TEST_F(Rxtx, Map32IgnoresUpperHalves) {
  EXPECT_SUCCESS32(
      world.call(1, {0x84000066, 0xffff0000ULL << 32 | tx_ipa, 1ULL << 32 | rx_ipa, 0xff00000001}));
  EXPECT_EQ(facts().tx_ipa.raw(), tx_ipa);
}
TEST_F(Rxtx, PageCountIsBounded) {
  EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 0), rxtx_map_count);
  EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 33), rxtx_map_count);
  EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 63), rxtx_map_count);
  EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 64), rxtx_map_reserved);
  EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 0x80000001), rxtx_map_reserved);
  expect_untouched();
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa, 4));
}
TEST_F(Rxtx, AddressesAreAlignedAndDoNotWrap) {
  EXPECT_REJECTED(world, map(tx_ipa + 8, rx_ipa), rxtx_map_tx_aligned);
  EXPECT_REJECTED(world, map(tx_ipa, rx_ipa + 0xfff), rxtx_map_rx_aligned);
  EXPECT_REJECTED(world, map(0xfffffffffffff000, rx_ipa), rxtx_map_tx_aligned);
  EXPECT_REJECTED(world, map(tx_ipa, 0xffffffffffffe000, 2), rxtx_map_rx_aligned);
  expect_untouched();
}
TEST_F(Rxtx, BuffersDoNotOverlap) {
  EXPECT_REJECTED(world, map(tx_ipa, tx_ipa), rxtx_map_disjoint);
  EXPECT_REJECTED(world, map(tx_ipa, tx_ipa + 0x1000, 2), rxtx_map_disjoint);
  EXPECT_REJECTED(world, map(tx_ipa + 0x1000, tx_ipa, 2), rxtx_map_disjoint);
  EXPECT_SUCCESS32(map(tx_ipa, tx_ipa + 0x2000, 2));
}
TEST_F(Rxtx, EveryPageIsTheVmsOwnReadWriteRam) {
  for (const MemoryKind kind :
       {MemoryKind::none, MemoryKind::ram_ro, MemoryKind::device, MemoryKind::foreign}) {
    for (const uint64_t bad : {uint64_t{0}, uint64_t{1}}) {
      world.platform.page(1, tx_ipa + bad * 0x1000).kind = kind;
      EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 2), rxtx_map_tx_memory);
      world.platform.page(1, tx_ipa + bad * 0x1000).kind = MemoryKind::ram_rw;
      world.platform.page(1, rx_ipa + bad * 0x1000).kind = kind;
      EXPECT_REJECTED(world, map(tx_ipa, rx_ipa, 2), rxtx_map_rx_memory);
      world.platform.page(1, rx_ipa + bad * 0x1000).kind = MemoryKind::ram_rw;
      expect_untouched();
    }
  }
  EXPECT_REJECTED(world, map(0x70000000, rx_ipa), rxtx_map_tx_memory);  // nothing there
  EXPECT_REJECTED(world, map(tx_ipa, 0x70000000), rxtx_map_rx_memory);
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa, 2));
}
TEST_F(Rxtx, MappingTwiceIsDeniedAndChangesNothing) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  EXPECT_REJECTED(world, map(tx_ipa + 0x2000, rx_ipa + 0x2000), rxtx_map_once);
  EXPECT_EQ(facts().tx_ipa.raw(), tx_ipa);
  EXPECT_EQ(world.platform.pins(1), 2);
}
TEST_F(Rxtx, EachFailingOperationIsUndone) {
  world.platform.add_memory(1, 0x50000000, 8, 0x90000000, MemoryKind::ram_rw, true);
  for (int n = 1; n <= 6; ++n) {
    world.platform.fail_pin = n;  // three extents of each buffer
    EXPECT_STATUS(map(0x50000000, 0x50004000, 3), denied);
    expect_untouched();
  }
  for (int n = 1; n <= 2; ++n) {
    world.platform.fail_map = n;
    EXPECT_STATUS(map(0x50000000, 0x50004000, 3), no_memory);
    expect_untouched();
  }
  EXPECT_SUCCESS32(map(0x50000000, 0x50004000, 3));
}
TEST_F(Rxtx, UnmapGivesEverythingBack) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa, 2));
  EXPECT_SUCCESS32(unmap());
  expect_untouched();
  EXPECT_REJECTED(world, unmap(), rxtx_unmap_mapped);
  EXPECT_SUCCESS32(map(rx_ipa, tx_ipa, 1));
  EXPECT_EQ(facts().tx_ipa.raw(), rx_ipa);
}
TEST_F(Rxtx, UnmapBeforeMapIsInvalid) { EXPECT_REJECTED(world, unmap(), rxtx_unmap_mapped); }
TEST_F(Rxtx, UnmapTakesNoIdFromAVm) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  EXPECT_REJECTED(world, unmap(0x10000), rxtx_unmap_reserved);
  EXPECT_REJECTED(world, unmap(1), rxtx_unmap_reserved);
  EXPECT_EQ(world.platform.mapped_buffers, 2);
}
TEST_F(Rxtx, UnmapIsDeniedWhileTheVmOwnsRx) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  EXPECT_SUCCESS32(fill_rx());
  EXPECT_REJECTED(world, unmap(), rxtx_unmap_rx_idle);
  EXPECT_FALSE(facts().tx_claimed);
  EXPECT_EQ(world.platform.mapped_buffers, 2);
  EXPECT_SUCCESS32(release());
  EXPECT_SUCCESS32(unmap());
}
TEST_F(Rxtx, ReleaseNeedsAnOwnedRx) {
  EXPECT_REJECTED(world, release(), rx_release_owned);
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  EXPECT_REJECTED(world, release(), rx_release_owned);
  EXPECT_SUCCESS32(fill_rx());
  EXPECT_REJECTED(world, release(1), rx_release_reserved);
  EXPECT_REJECTED(world, release(0x10000), rx_release_reserved);
  EXPECT_SUCCESS32(release());
  EXPECT_REJECTED(world, release(), rx_release_owned);
}
TEST_F(Rxtx, WhileACallReadsTxNoOtherDoesAndItStays) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  const auto share = [&](uint16_t vcpu) { return world.call(1, {0xc4000073, 96, 96}, vcpu); };
  unsigned reached = 0;
  world.platform.during_copy = [&] {
    EXPECT_TRUE(facts().tx_claimed);
    EXPECT_REJECTED(world, share(1), tx_free);
    EXPECT_REJECTED(world, unmap(), rxtx_unmap_tx_idle);
    EXPECT_REJECTED(world, map(tx_ipa, rx_ipa), rxtx_map_once);
    ++reached;
  };
  share(0);
  EXPECT_EQ(reached, 1U);
  EXPECT_FALSE(facts().tx_claimed);
  EXPECT_SUCCESS32(unmap());
}
TEST_F(Rxtx, WhileRxIsFilledNobodyElseHasIt) {
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  unsigned reached = 0;
  world.platform.during_copy = [&] {
    EXPECT_EQ(facts().rx, mediator::RxState::producing);
    EXPECT_REJECTED(world, unmap(), rxtx_unmap_rx_idle);
    EXPECT_REJECTED(world, release(), rx_release_owned);
    EXPECT_REJECTED(world, world.call(1, {0x84000068}, 1), rx_free);
    ++reached;
  };
  EXPECT_SUCCESS32(fill_rx());
  EXPECT_EQ(reached, 1U);
  EXPECT_EQ(facts().rx, mediator::RxState::vm_owned);
}
TEST_F(Rxtx, SpmcIsNotAsked) {
  const size_t before = world.smc_count();
  EXPECT_SUCCESS32(map(tx_ipa, rx_ipa));
  EXPECT_SUCCESS32(fill_rx());
  EXPECT_SUCCESS32(release());
  EXPECT_SUCCESS32(unmap());
  EXPECT_EQ(world.smc_count(), before);
}

}  // namespace
}  // namespace fake
