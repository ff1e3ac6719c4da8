// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_FRAG_RX of a VM: the answer to a retrieval in fragments.
#include "memory_borrow_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary

/// A window in which no two free pages lie side by side: the answer has more ranges than RX takes.
class BorrowingInPieces : public Borrowing {
 protected:
  static constexpr uint32_t holes = 300;
  void SetUp() override {
    Borrowing::SetUp();
    world.borrow_window = {ffa::Ipa{window}, ffa::PageCount{2 * holes}};
    world.limits = [](mediator::VmConfig& vm) {
      vm.max_shares = 2 * holes + 2;
      vm.max_ranges = 2 * holes + 2;
      vm.max_share_pages = holes;
    };
    start(1);
    start(2);
    world.platform.add_memory(1, ram, 3 * holes, 0x200000000);
    std::vector<uint64_t> handles;
    for (uint32_t n = 0; n < 2 * holes; ++n) {
      handles.push_back(offered(offer(ram + n * 0x1000)));
      ASSERT_EQ(retrieve({.handle = handles.back()}).w(0), 0x84000075U);
      release_rx();
    }
    for (uint32_t n = 0; n < 2 * holes; n += 2) ASSERT_EQ(relinquish(handles[n]).w(0), 0x84000061U);
    handle_ = offered(offer(ram + 2 * holes * 0x1000, holes));
  }
  static constexpr uint64_t ram = 0x100000000;
  uint64_t handle_ = 0;
};

TEST_F(BorrowingInPieces, FragmentsOfTheAnswer) {
  constexpr uint32_t total = 96 + holes * 16;
  EXPECT_EQ(retrieve({.handle = handle_}), fake::regs({0x84000075, total, 4096}));
  EXPECT_EQ(range_in_rx(0), std::pair(window, 1U));
  EXPECT_EQ(range_in_rx(249), std::pair(window + 249 * 0x2000, 1U));
  EXPECT_REJECTED(world, frag_rx(handle_, 4096), rx_free);
  EXPECT_SUCCESS32(release_rx());
  const State before = state();
  EXPECT_REJECTED(world, relinquish(handle_), relinquish_whole);
  EXPECT_REJECTED(world, frag_rx(handle_ + 1, 4096), frag_rx_handle);
  EXPECT_REJECTED(world, frag_rx(handle_, 4096, 2U << 16), frag_rx_reserved);
  EXPECT_REJECTED(world, frag_rx(handle_, 4096, 1), frag_rx_reserved);
  for (const uint32_t offset : {16U, 4080U, 4112U, total}) {
    EXPECT_REJECTED(world, frag_rx(handle_, offset), frag_rx_offset);
  }
  EXPECT_EQ(state(), before);
  const ffa::Regs next = frag_rx(handle_, 4096);
  EXPECT_EQ(next, fake::regs({0x8400007b, handle_ & 0xffffffff, handle_ >> 32, total - 4096}));
  const Bytes said = rx(4096);
  EXPECT_EQ(get(said, 0, 8), window + 250 * 0x2000);
  EXPECT_EQ(get(said, total - 4096 - 16, 8), window + (holes - 1) * 0x2000);
  EXPECT_EQ(get(said, total - 4096, 8), 0U);
  EXPECT_SUCCESS32(release_rx());
  EXPECT_EQ(frag_rx(handle_, 4096), next) << "again";
  EXPECT_EQ(rx(4096), said);
  EXPECT_SUCCESS32(release_rx());
  EXPECT_REJECTED(world, frag_rx(handle_, total), frag_rx_offset);
  EXPECT_SUCCESS32(relinquish(handle_));
}

TEST_F(BorrowingInPieces, TheFirstFragmentAgain) {
  EXPECT_EQ(retrieve({.handle = handle_}).w(2), 4096U);
  const Bytes said = rx(4096);
  EXPECT_SUCCESS32(release_rx());
  EXPECT_EQ(frag_rx(handle_, 0).w(3), 4096U);
  EXPECT_EQ(rx(4096), said);
}

TEST_F(BorrowingInPieces, ARetrievalInTheMiddleDiesWithTheVm) {
  EXPECT_EQ(retrieve({.handle = handle_}).w(2), 4096U);
  EXPECT_EQ(tear_down(2), mediator::Progress::done);
  EXPECT_EQ(borrowed_pages(), 0U);
  EXPECT_SUCCESS32(reclaim(handle_));
}

}  // namespace
