// SPDX-License-Identifier: BSD-3-Clause
// What checkers hold a mediator to whose VMs borrow from each other: I18 and I19 for descriptions
// in RX, I21 for pages that are handed back zeroed, I04 and I35 for the borrower's stage 2.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "sharing_world.hpp"
#include "sim/check/checkers.hpp"

namespace sim::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t retrieve_call = 0x84000074;
constexpr uint64_t retrieve_resp = 0x84000075;
constexpr uint64_t relinquish_call = 0x84000076;
constexpr uint32_t rx_of_vm1 = 4;
constexpr uint32_t rx_of_vm2 = 6;
constexpr uint32_t message = 32;

void retrieve(SharingWorld& w, bool clears) {
  w.script.call = [&w, clears](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    const std::array<uint8_t, message> bytes{1, 2, 3};
    m.ops.copy_out(m.world, rx_of_vm1, 0, bytes.data(), message);
    if (clears) m.ops.clear(m.world, rx_of_vm1, message, page - message);
    w.fact(1).rx_state = 3;
    r = regs({retrieve_resp, message, message});
    return true;
  };
  w.call(1, {retrieve_call, message, message});
}

TEST(Checkers, ARetrievalGivesRxToTheBorrower) {
  SharingWorld w;
  retrieve(w, true);
  w.script.call = [&w](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    w.fact(1).rx_state = 1;
    r = ffa::success32();
    return true;
  };
  w.call(1, {release_call});
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I18ARetrievalIntoAnOwnedRxIsFound) {
  SharingWorld w;
  retrieve(w, true);
  retrieve(w, true);
  EXPECT_THAT(w.found(), ElementsAre("I18")) << w.texts();
}

TEST(Checkers, I19BytesBehindADescriptionAreFound) {
  SharingWorld w;
  retrieve(w, false);
  EXPECT_THAT(w.found(), ElementsAre("I19")) << w.texts();
}

/// VM 2 borrows the two pages that VM 1 has lent.
struct BorrowingWorld : SharingWorld {
  BorrowingWorld() {
    add_share(*this, 1, handle, 2, {{lent, 2}});
    share(right(), {{lent, 2}});
    answer_once(regs({0x10001}));
    call(2, {version_call, 0x10001});
    script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
      m.map(vm, r.x[1]);
      m.map(vm, r.x[2]);
      r = ffa::success32();
      return true;
    };
    ffa_sim_fact& borrower = fact(2);
    borrower.version = 0x10001;
    borrower.tx_ipa = ram_ipa;
    borrower.rx_ipa = ram_ipa + page;
    borrower.rxtx_pages = 1;
    borrower.pinned_pages = 2;
    borrower.rx_state = 1;
    call(2, {0xc4000066, ram_ipa, ram_ipa + page, 1});
    EXPECT_EQ(texts(), "");
  }
  void map_at_borrower() {
    script.call = [this](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
      const ffa_sim_extent extent{pa, 2, FFA_SIM_MEM_RAM_RW, 0};
      EXPECT_EQ(m.ops.map_into(m.world, 2, borrow_ipa, &extent, FFA_SIM_BORROWER_READ_WRITE), 0);
      m.ops.clear(m.world, rx_of_vm2, 0, page);
      fact(2).rx_state = 3;
      r = regs({retrieve_resp, message, message});
      return true;
    };
    call(2, {retrieve_call, message, message});
  }
  /// `flags` of the request; what the mediator does about it besides.
  void relinquish(uint32_t flags, bool zeroes, bool invalidates) {
    std::array<uint64_t, 3> request{handle, flags | uint64_t{1} << 32, 2};
    ASSERT_TRUE(simulation.machine().write_ipa(2, ram_ipa, std::as_bytes(std::span{request})));
    script.call = [=](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
      m.ops.unmap_from(m.world, 2, borrow_ipa, 2);
      if (invalidates) m.ops.tlbi(m.world, 2);
      if (zeroes) {
        uint32_t buffer = 0;
        m.ops.map(m.world, 1, lent, 2, &buffer);
        m.ops.clear(m.world, buffer, 0, 2 * page);
        m.ops.unmap(m.world, buffer);
      }
      r = ffa::success32();
      return true;
    };
    call(2, {relinquish_call});
  }
};

TEST(Checkers, ARightBorrowingIsSilent) {
  BorrowingWorld w;
  w.map_at_borrower();
  EXPECT_EQ(w.simulation.machine().borrowed_pages(2), 2U);
  w.relinquish(1, true, true);
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I21PagesZeroedUnaskedAreFound) {
  BorrowingWorld w;
  w.map_at_borrower();
  w.relinquish(0, true, true);
  EXPECT_THAT(w.found(), ElementsAre("I21")) << w.texts();
}

TEST(Checkers, I35ABorrowersTlbThatIsForgottenIsFound) {
  BorrowingWorld w;
  w.map_at_borrower();
  w.relinquish(0, false, false);
  EXPECT_THAT(w.found(), ElementsAre("I35")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("2 pages were taken from VM 2"));
}

TEST(Checkers, I04ABorrowersStage2ChangesByItsOwnCallsOnly) {
  BorrowingWorld w;
  w.script.call = [&w](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    const ffa_sim_extent extent{w.pa, 2, FFA_SIM_MEM_RAM_RW, 0};
    m.ops.map_into(m.world, 2, borrow_ipa, &extent, FFA_SIM_BORROWER_READ_ONLY);
    r = ffa::success32();
    return true;
  };
  w.call(1, {0x84000069});
  EXPECT_THAT(w.found(), ElementsAre("I04")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("the stage 2 of VM 2 has changed"));
}

}  // namespace
}  // namespace sim::test
