// SPDX-License-Identifier: BSD-3-Clause
// Buffers of VMs that the SPMC knows: what it is told, byte by byte, and who owns RX when it
// refuses.
#include <gtest/gtest.h>

#include <cstring>

#include "world.hpp"

namespace fake {
namespace {

using ffa::Fid;
using ffa::Status;

class SharedRxtx : public testing::Test {
 protected:
  void SetUp() override {
    auto& spmc = world.platform.spmc;
    spmc[ffa::fid32(Fid::rx_acquire)] = [this](const ffa::Regs&) { return answer(acquire); };
    const auto own_release = spmc.at(ffa::fid32(Fid::rx_release));
    spmc[ffa::fid32(Fid::rx_release)] = [this, own_release](const ffa::Regs& in) {
      return in.w(1) == 0 ? own_release(in) : answer(release);
    };
    spmc[ffa::fid64(Fid::rxtx_map)] = [this](const ffa::Regs& in) {
      if (in.x[1] == 0) told = world.platform.read(own_buffer_vm, 0x1000, 80);
      return in.x[1] == 0 ? answer(map_status) : ffa::success32();
    };
    world.start(1, 0x10001);
  }
  static ffa::Regs answer(Status status) {
    return status == Status::success ? ffa::success32() : ffa::reply(status);
  }
  mediator::RxState rx() {
    struct Facts : mediator::Observer {
      mediator::RxState rx{};
      void vm(const mediator::VmFacts& facts) override { rx = facts.rx; }
      void share(const mediator::ShareFacts& /*facts*/) override {}
      void range(const mediator::RangeFacts& /*facts*/) override {}
    } facts;
    world.mediator->observe(facts);
    return facts.rx;
  }
  ffa::Regs fill_rx() { return world.call(1, {0x84000068}); }

  World world;
  std::vector<std::byte> told;  ///< the beginning of the mediator's TX at RXTX_MAP
  Status map_status = Status::success, acquire = Status::success, release = Status::success;
};

TEST_F(SharedRxtx, TheDescriptorHasRxFirst) {
  world.platform.add_memory(1, 0x50000000, 2, 0x80400000);
  EXPECT_SUCCESS32(world.call(1, {0xc4000066, 0x50001000, 0x50000000, 1}));
  const uint32_t words[20] = {1, 16, 48, 0, 1, 1, 0,          0, 0x80400000, 0,
                              1, 0,  1,  1, 0, 0, 0x80401000, 0, 1,          0};
  ASSERT_EQ(told.size(), sizeof words);
  EXPECT_EQ(std::memcmp(told.data(), words, sizeof words), 0);
  EXPECT_EQ(rx(), mediator::RxState::spmc_owned);
}
TEST_F(SharedRxtx, ARefusedMapLeavesNothing) {
  map_status = Status::no_memory;
  EXPECT_STATUS(world.call(1, {0xc4000066, tx_ipa, rx_ipa, 2}), no_memory);
  EXPECT_EQ(world.platform.pins(1), 0);
  EXPECT_EQ(world.platform.mapped_buffers, 0);
  EXPECT_EQ(rx(), mediator::RxState::unmapped);
  map_status = Status::success;
  world.map_buffers(1);
}
TEST_F(SharedRxtx, AMessageOfAnSpInRxMakesItBusy) {
  world.map_buffers(1);
  acquire = Status::denied;
  EXPECT_REJECTED(world, fill_rx(), rx_free);
  EXPECT_REJECTED(world, world.call(1, {0x84000067}), rxtx_unmap_rx_idle);
  EXPECT_EQ(rx(), mediator::RxState::spmc_owned);
  EXPECT_SUCCESS32(world.call(1, {0x84000065}));  // the VM has read it
  acquire = Status::success;
  EXPECT_SUCCESS32(fill_rx());
  EXPECT_EQ(rx(), mediator::RxState::vm_owned);
}
TEST_F(SharedRxtx, ARefusedReleaseChangesNothing) {
  world.map_buffers(1);
  release = Status::denied;
  EXPECT_REJECTED(world, world.call(1, {0x84000065}), rx_release_owned);
  EXPECT_EQ(rx(), mediator::RxState::spmc_owned);
  EXPECT_SUCCESS32(fill_rx());
  release = Status::retry;
  EXPECT_STATUS(world.call(1, {0x84000065}), retry);
  EXPECT_EQ(rx(), mediator::RxState::vm_owned);
  release = Status::success;
  EXPECT_SUCCESS32(world.call(1, {0x84000065}));
  EXPECT_EQ(rx(), mediator::RxState::spmc_owned);
}
TEST_F(SharedRxtx, AnUnknownUuidDoesNotTouchRx) {
  world.map_buffers(1);
  const size_t before = world.smc_count();
  EXPECT_REJECTED(world, world.call(1, {0x84000068, 1, 2, 3, 4}), pinfo_uuid);
  EXPECT_EQ(world.smc_count(), before);
}

}  // namespace
}  // namespace fake
