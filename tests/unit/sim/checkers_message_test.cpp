// SPDX-License-Identifier: BSD-3-Clause
// What checkers hold a mediator to that delivers messages between VMs: I18, I19 and I21 look at the
// receiver's RX.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "sharing_world.hpp"

namespace sim::test {
namespace {

using ::testing::ElementsAre;

// VM 1 has a message of 4 bytes for VM 2, whose RX is buffer 6.
struct MessageWorld : SharingWorld {
  MessageWorld() {
    answer_once(regs({0x10001}));
    call(2, {version_call, 0x10001});
    fact(2).version = 0x10001;
    script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
      m.map(vm, r.x[1]);
      m.map(vm, r.x[2]);
      r = ffa::success32();
      return true;
    };
    fact(2).tx_ipa = ram_ipa;
    fact(2).rx_ipa = ram_ipa + page;
    fact(2).rxtx_pages = 1;
    fact(2).pinned_pages = 2;
    fact(2).rx_state = 1;
    call(2, {0xc4000066, ram_ipa, ram_ipa + page, 1});
    put_in_tx(*this, message);
  }
  /// The mediator writes `bytes` into a buffer and zeroes `cleared` behind them.
  void deliver(uint32_t buffer, const std::vector<uint8_t>& bytes, uint32_t cleared) {
    script.call = [=, this](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
      const auto length = static_cast<uint32_t>(bytes.size());
      m.ops.copy_out(m.world, buffer, 0, bytes.data(), length);
      if (cleared != 0) m.ops.clear(m.world, buffer, length, cleared);
      fact(2).rx_state = after;
      r = ffa::success32();
      return true;
    };
    call(1, {0x84000086});
  }
  const std::vector<uint8_t> message{0, 0, 0, 0, 0, 0, 0, 0, 20,   0,    0,    0,
                                     2, 0, 1, 0, 4, 0, 0, 0, 0x11, 0x22, 0x33, 0x44};
  uint8_t after = 3;
};

TEST(Checkers, AMessageInTheReceiversRxIsSilent) {
  MessageWorld w;
  w.deliver(6, w.message, 4096 - 24);
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I18AMessageIntoAnOwnedRxIsFound) {
  MessageWorld w;
  w.deliver(6, w.message, 4096 - 24);
  ASSERT_EQ(w.texts(), "");
  w.deliver(6, w.message, 4096 - 24);
  EXPECT_THAT(w.found(), ElementsAre("I18")) << w.texts();
}

TEST(Checkers, I18AMessageThatDoesNotHandRxOverIsFound) {
  MessageWorld w;
  w.after = 1;
  w.deliver(6, w.message, 4096 - 24);
  EXPECT_THAT(w.found(), ElementsAre("I18")) << w.texts();
}

TEST(Checkers, I19BytesBehindAMessageOfAVmAreFound) {
  MessageWorld w;
  const std::vector<uint8_t> old(32, 0x11);
  ASSERT_TRUE(w.simulation.machine().write_ipa(2, ram_ipa + page, std::as_bytes(std::span{old})));
  w.deliver(6, {w.message.begin(), w.message.end() - 4}, 0);
  EXPECT_THAT(w.found(), ElementsAre("I19")) << w.texts();
}

TEST(Checkers, I21AMessageIntoAnotherBufferOfTheReceiverIsFound) {
  MessageWorld w;
  w.deliver(6, w.message, 4096 - 24);
  ASSERT_EQ(w.texts(), "");
  w.answer_once(ffa::success32());
  w.fact(2).rx_state = 1;
  w.call(2, {release_call});
  const auto write_tx = [&w](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    m.ops.copy_out(m.world, 5, 0, w.message.data(), 24);  // TX of VM 2
    r = error(ffa::Status::busy);
    return true;
  };
  w.script.call = write_tx;
  w.call(1, {0x84000086});
  EXPECT_THAT(w.found(), testing::Contains("I21")) << w.texts();
}

}  // namespace
}  // namespace sim::test
