// SPDX-License-Identifier: BSD-3-Clause
// What stands in the events of a run: numbers, registers, bytes, translations, rules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bare_world.hpp"
#include "sim/engine/simulation.hpp"

namespace sim::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using trace::P2mRun;
using trace::Side;

TEST(Trace, AGuestCallContainsItsSmcs) {
  Bare w{small_world(), [](const ffa::Regs&) { return regs({0x84000070, 0x80010001}); }};
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.script.call = forward();
  w.call({0x8400006f, 0x18001, 0, 3}, 1, 1);
  const auto& events = w.simulation.events();
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[0].op, "probe");
  EXPECT_EQ(events[1].op, "create");
  const trace::Event& guest = events[2];
  const trace::Event& smc = events[3];
  EXPECT_EQ(guest.side, Side::guest);
  EXPECT_EQ(guest.conduit, "smc");
  EXPECT_EQ(guest.vcpu, 1);
  EXPECT_EQ(smc.side, Side::spmc);
  EXPECT_EQ(smc.vm, 1);
  EXPECT_EQ(smc.vcpu, 1);
  EXPECT_EQ(smc.in, guest.in);
  EXPECT_EQ(smc.out.x[0], 0x84000070U);
  EXPECT_LT(guest.seq, smc.seq);
  EXPECT_EQ(smc.seq_ret, smc.seq + 1);
  EXPECT_LT(smc.seq_ret, guest.seq_ret);
}

TEST(Trace, WhatTheMediatorHandsOnIsNotSupported) {
  Bare w;
  w.simulation.boot();
  w.simulation.create_vm(1);
  EXPECT_EQ(w.call({0x84000000, 7, 8}), regs({0xffffffff, 7, 8}));
  EXPECT_EQ(w.last_guest().out, regs({0xffffffff, 7, 8}));
}

TEST(Trace, ACallOfAVmThatDoesNotExistReachesNobody) {
  Bare w;
  w.script.call = [](FakeMediator&, uint16_t, uint16_t, ffa::Regs&) {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(w.call({0x84000063, 0x10001}).x[0], 0xffffffffU);
}

TEST(Trace, TranslationsOfACallAreRunsARange) {
  WorldSpec spec = small_world();
  spec.vms[0].memory.push_back(
      {0x60000000, 3 * page, RegionKind::ram_rw, Backing::scattered, {}, page});
  Bare w{spec};
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    const auto walk = [&](uint64_t ipa, uint64_t pages) {
      while (pages > 0) {
        const auto extent = m.translate(vm, ipa, pages);
        if (extent.kind == FFA_SIM_MEM_NONE) return;
        ipa += extent.pages * page;
        pages -= extent.pages;
      }
    };
    walk(ram_ipa + 2 * page, 2);
    walk(ram_ipa + 4 * page, 1);  // a range of its own, though adjacent
    walk(ram_ipa + 2 * page, 2);  // again: not repeated
    walk(0x60000000, 3);          // three host runs
    walk(0x70000000, 1);          // nothing there
    r = ffa::success32();
    return true;
  };
  w.call({0xc4000073, 96, 96});
  const Machine& machine = w.simulation.machine();
  const auto pa = [&](uint64_t ipa) { return machine.translate(1, ipa, 1).pa.raw(); };
  EXPECT_THAT(w.last_guest().p2m,
              ElementsAre(P2mRun{ram_ipa + 2 * page, pa(ram_ipa + 2 * page), 2},
                          P2mRun{ram_ipa + 4 * page, pa(ram_ipa + 4 * page), 1},
                          P2mRun{0x60000000, pa(0x60000000), 1},
                          P2mRun{0x60000000 + page, pa(0x60000000 + page), 1},
                          P2mRun{0x60000000 + 2 * page, pa(0x60000000 + 2 * page), 1}));
}

TEST(Trace, TxAndRxBytesAreTakenFromTheBuffers) {
  Bare w;
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.map(vm, r.x[1]);
    m.map(vm, r.x[2]);
    r = ffa::success32();
    return true;
  };
  w.call({0xc4000066, ram_ipa, ram_ipa + page, 1});
  const std::vector<uint8_t> message{1, 2, 3, 4, 5};
  ASSERT_TRUE(w.simulation.machine().write_ipa(1, ram_ipa, std::as_bytes(std::span{message})));
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    const uint8_t bytes[] = {9, 8, 7};
    m.ops.copy_out(m.world, 1, 0, bytes, 3);
    m.smc(vm, regs({0xc4000073, 3, 3}));
    r = ffa::success32(5);
    return true;
  };
  w.call({0xc4000073, 5, 5});
  EXPECT_EQ(w.last_guest().tx, message);
  EXPECT_THAT(w.simulation.events().back().tx, ElementsAre(9, 8, 7));
  // Not with a buffer named in x3, and never more than there is.
  w.call({0xc4000073, 5, 5, 0x1000, 1});
  EXPECT_THAT(w.last_guest().tx, IsEmpty());
  w.call({0xc4000073, 5000, 5000});
  EXPECT_EQ(w.last_guest().tx.size(), 4096U);

  w.script.call = [](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    const uint8_t bytes[16] = {0xaa};
    m.ops.copy_out(m.world, 4, 0, bytes, 16);
    r = ffa::success32(2);
    return true;
  };
  w.call({0x84000068});
  ASSERT_EQ(w.last_guest().rx.size(), 16U);  // entries of 8 bytes, as a 1.0 caller is told
  EXPECT_EQ(w.last_guest().rx[0], 0xaa);
  w.call({0x84000068, 0, 0, 0, 0, 1});
  EXPECT_THAT(w.last_guest().rx, IsEmpty());
}

TEST(Trace, RulesAreNamed) {
  Bare w;
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs& r) {
    const uint64_t accepted[] = {1ULL << 3, 1ULL << 1};
    m.ops.rules(m.world, vm, vcpu, accepted, 2, 9);
    r = ffa::reply(ffa::Status::denied);
    return true;
  };
  w.call({0x84000065});
  EXPECT_EQ(w.last_guest().rule, "rule9");
  EXPECT_EQ(w.last_guest().accepted, (trace::NameList{"rule3", "rule65"}));
}

TEST(Trace, InterruptsAreEvents) {
  Bare w;
  w.simulation.boot();
  w.simulation.create_vm(1);
  w.simulation.schedule_receiver_interrupt();
  const auto& events = w.simulation.events();
  EXPECT_EQ(events[2].op, "sri");
  EXPECT_EQ(events[3].op, "inject");
  EXPECT_EQ(events[3].result, 8);
  ASSERT_EQ(w.simulation.injected().size(), 1U);
  EXPECT_EQ(w.simulation.injected()[0].irq, 8U);
}

}  // namespace
}  // namespace sim::test
