// SPDX-License-Identifier: BSD-3-Clause
// I18-I28: buffers, registers, versions, messages. Each is broken by a mediator made for it, and
// its checker, and no other, says so. The same calls done right are silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sharing_world.hpp"
#include "sim/check/checkers.hpp"
#include "sim/machine/canary.hpp"

namespace sim::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Lists one partition of 24 bytes into RX, which is buffer 4 of the mediator.
auto list_into_rx(const std::vector<uint8_t>& entry, uint32_t zeroed) {
  return [entry, zeroed](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    m.ops.copy_out(m.world, 4, 0, entry.data(), static_cast<uint32_t>(entry.size()));
    m.ops.clear(m.world, 4, static_cast<uint32_t>(entry.size()), zeroed);
    r = ffa::success32(1, 24);
    return true;
  };
}
const std::vector<uint8_t> entry(24, 0x11);

TEST(Checkers, ARightListIsSilent) {
  SharingWorld w;
  const auto list = list_into_rx(entry, 4096 - 24);
  w.script.call = [&, list](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs& r) {
    w.fact(1).rx_state = 3;
    return list(m, vm, vcpu, r);
  };
  w.call(1, {list_call});
  w.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    w.fact(1).rx_state = 1;
    r = ffa::success32();
    return true;
  };
  w.call(1, {release_call});
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I18FillingAnOwnedRxIsFound) {
  SharingWorld w;
  w.fact(1).rx_state = 3;
  w.script.call = list_into_rx(entry, 4096 - 24);
  w.call(1, {list_call});
  ASSERT_EQ(w.texts(), "");
  w.call(1, {list_call});
  EXPECT_THAT(w.found(), ElementsAre("I18")) << w.texts();
}

TEST(Checkers, I18AListThatDoesNotHandRxOverIsFound) {
  SharingWorld w;
  w.script.call = list_into_rx(entry, 4096 - 24);
  w.call(1, {list_call});
  EXPECT_THAT(w.found(), ElementsAre("I18")) << w.texts();
}

TEST(Checkers, I18AReleaseByWhoDoesNotOwnIsFound) {
  SharingWorld w;
  w.answer_once(ffa::success32());
  w.call(1, {release_call});
  EXPECT_THAT(w.found(), ElementsAre("I18")) << w.texts();
}

TEST(Checkers, I19BytesBehindTheMessageAreFound) {
  SharingWorld w;
  w.fact(1).rx_state = 3;
  w.script.call = list_into_rx(entry, 4096 - 24 - 1);
  w.call(1, {list_call});
  EXPECT_THAT(w.found(), ElementsAre("I19")) << w.texts();
}

TEST(Checkers, I19BytesOfAnotherVmAreFound) {
  SharingWorld w;
  w.fact(1).rx_state = 3;
  std::vector<uint8_t> theirs(24);
  ASSERT_TRUE(
      w.simulation.machine().read_ipa(2, ram_ipa, std::as_writable_bytes(std::span{theirs})));
  w.script.call = list_into_rx(theirs, 4096 - 24);
  w.call(1, {list_call});
  EXPECT_THAT(w.found(), ElementsAre("I19")) << w.texts();

  SharingWorld tx;
  add_share(tx, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  auto told = tx.right();
  std::copy(theirs.begin(), theirs.begin() + 8, told.begin() + 40);
  tx.share(told, {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(tx.found(), ElementsAre("I19")) << tx.texts();
}

TEST(Checkers, I20ReadingTxTwiceIsFound) {
  SharingWorld w;
  w.script.call = [](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    uint8_t bytes[16];
    m.ops.copy_in(m.world, 3, 0, bytes, 16);  // buffer 3: TX of VM 1
    m.ops.copy_in(m.world, 3, 16, bytes, 16);
    m.ops.copy_in(m.world, 3, 8, bytes, 4);
    r = error(ffa::Status::denied);
    return true;
  };
  w.call(1, {share_call, 96, 96});
  EXPECT_THAT(w.found(), ElementsAre("I20")) << w.texts();
}

TEST(Checkers, I21TouchingAnotherVmsBufferIsFound) {
  SharingWorld w;
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    if (vm == 2) {
      uint8_t byte = 0;
      m.ops.copy_in(m.world, 3, 0, &byte, 1);
    }
    r = regs({0x10001});
    return true;
  };
  w.call(2, {version_call, 0x10001});
  EXPECT_THAT(w.found(), ElementsAre("I21")) << w.texts();
}

TEST(Checkers, I22UnmappingAnOwnedRxIsFound) {
  SharingWorld w;
  w.fact(1).rx_state = 3;
  w.script.call = list_into_rx(entry, 4096 - 24);
  w.call(1, {list_call});
  w.script.call = [&](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.ops.unmap(m.world, 3);
    m.ops.unmap(m.world, 4);
    m.ops.unpin(m.world, vm, ram_ipa, 1);
    m.ops.unpin(m.world, vm, ram_ipa + page, 1);
    w.fact(1).rxtx_pages = 0;
    w.fact(1).pinned_pages = 0;
    r = ffa::success32();
    return true;
  };
  w.call(1, {unmap_call});
  EXPECT_THAT(w.found(), ElementsAre("I22")) << w.texts();
}

TEST(Checkers, I22BuffersThatStayMappedAreFound) {
  SharingWorld w;
  w.answer_once(ffa::success32());
  w.call(1, {unmap_call});
  EXPECT_THAT(w.found(), ElementsAre("I22")) << w.texts();
}

ffa::Regs with(ffa::Regs r, unsigned n, uint64_t value) {
  r.x[n] = value;
  return r;
}

// One call of a VM at `version`, answered by `out`; what is found.
std::vector<std::string> answered(uint64_t version, const ffa::Regs& in, const ffa::Regs& out) {
  FakeWorld w;
  w.start();
  w.negotiate_and_map(version);
  w.answer_once(out);
  w.call(1, in);
  return w.found();
}

TEST(Checkers, I23UnusedRegistersAreFound) {
  const ffa::Regs id_get = regs({0x84000069});
  EXPECT_THAT(answered(0x10001, id_get, ffa::success32(1)), IsEmpty());
  EXPECT_THAT(answered(0x10001, id_get, ffa::success32(1, 2)), ElementsAre("I23"));
  EXPECT_THAT(answered(0x10001, id_get, with(ffa::success32(1), 7, 1)), ElementsAre("I23"));
  EXPECT_THAT(answered(0x10001, id_get, with(error(ffa::Status::not_supported), 3, 1)),
              ElementsAre("I23"));
  EXPECT_THAT(answered(0x10001, regs({version_call, 0x10001}), with(regs({0x10001}), 1, 1)),
              ElementsAre("I23"));
}

TEST(Checkers, I23UpperHalvesOfAnSmc32AnswerAreFound) {
  EXPECT_THAT(answered(0x10001, regs({0x84000069}), ffa::success32()), IsEmpty());
  EXPECT_THAT(answered(0x10001, regs({0x84000069}), with(ffa::success32(), 2, 1ULL << 32)),
              ElementsAre("I23"));
  EXPECT_THAT(answered(0x10001, regs({release_call}),
                       with(error(ffa::Status::denied), 2, 0xfffffffffffffffa)),
              ElementsAre("I23"));
}

TEST(Checkers, I23TheUpperTenRegistersFollowWidthAndVersion) {
  const ffa::Regs narrow = with(regs({0x84000069}), 9, 5);
  const ffa::Regs wide = with(regs({0xc400006f, 0x18001}), 9, 5);
  const ffa::Regs answer = regs({0xc4000070, 0x80010001});
  // SMC32, or below 1.2: kept.
  EXPECT_THAT(answered(0x10002, narrow, with(ffa::success32(), 9, 5)), IsEmpty());
  EXPECT_THAT(answered(0x10002, narrow, ffa::success32()), ElementsAre("I23"));
  const ffa::Regs version = with(regs({version_call, 0x10001}), 9, 5);
  EXPECT_THAT(answered(0x10001, version, with(regs({0x10001}), 9, 5)), IsEmpty());
  EXPECT_THAT(answered(0x10001, version, regs({0x10001})), ElementsAre("I23"));
  EXPECT_THAT(answered(0x10001, wide, with(answer, 9, 5)), IsEmpty());
  EXPECT_THAT(answered(0x10001, wide, answer), ElementsAre("I23"));
  // SMC64 at 1.2: zero unless the ABI returns them.
  EXPECT_THAT(answered(0x10002, wide, answer), IsEmpty());
  EXPECT_THAT(answered(0x10002, wide, with(answer, 9, 5)), ElementsAre("I23"));
  const ffa::Regs get_regs = regs({0xc400008b});
  EXPECT_THAT(answered(0x10002, get_regs, with(ffa::success64(), 17, 5)), IsEmpty());
}

TEST(Checkers, I24BytesOfAnotherOwnerInARegisterAreFound) {
  const uint64_t theirs = canary_word(owned_by(2), 0x48020000);
  const uint64_t mine = canary_word(owned_by(1), 0x48030000);
  const uint64_t hypervisors = canary_word(PageOwner::hypervisor, 0x48000000);
  const ffa::Regs request = regs({0xc400006f, 0x18001});
  const ffa::Regs answer = regs({0xc4000070, 0x80010001});
  EXPECT_THAT(answered(0x10001, request, with(answer, 5, mine)), IsEmpty());
  EXPECT_THAT(answered(0x10001, request, with(answer, 5, theirs)), ElementsAre("I24"));
  EXPECT_THAT(answered(0x10001, request, with(answer, 5, hypervisors)), ElementsAre("I24"));
  EXPECT_THAT(answered(0x10001, request, with(answer, 5, theirs >> 32)), ElementsAre("I24"));
}

TEST(Checkers, I25AStatusThatTheFunctionDoesNotHaveIsFound) {
  EXPECT_THAT(answered(0x10001, regs({0x84000064, 1}), error(ffa::Status::not_supported)),
              IsEmpty());
  EXPECT_THAT(answered(0x10001, regs({0x84000064, 1}), error(ffa::Status::denied)),
              ElementsAre("I25"));
  EXPECT_THAT(answered(0x10001, regs({release_call}), error(ffa::Status::busy)),
              ElementsAre("I25"));
  EXPECT_THAT(answered(0x10001, regs({release_call}), regs({0x84000060, 0, 0})),
              ElementsAre("I25"));
  EXPECT_THAT(answered(0x10001, regs({release_call}), regs({0x84000060, 0, 5})),
              ElementsAre("I25"));
  EXPECT_THAT(answered(0x10001, regs({release_call}), regs({0x84000060, 0, 0xffffff00})),
              ElementsAre("I25"));
}

TEST(Checkers, I25AStatusOfTheSpmcMayBeHandedOn) {
  FakeWorld w{[](const ffa::Regs&) { return error(ffa::Status::retry); }};
  w.start();
  w.negotiate_and_map();
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    r = m.smc(vm, r);
    return true;
  };
  w.call(1, {reclaim_call, 1, 2});
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I26ACallThatIsServedBeforeVersionIsFound) {
  FakeWorld w;
  w.start();
  w.answer_once(error(ffa::Status::not_supported));
  w.call(1, {0x84000069});
  EXPECT_EQ(w.texts(), "");
  w.call(1, {0xc4000063, 0x10001});  // no such function
  EXPECT_EQ(w.texts(), "");
  w.answer_once(ffa::success32(1));
  w.call(1, {0x84000069});
  EXPECT_THAT(w.found(), ElementsAre("I26")) << w.texts();
}

TEST(Checkers, I26AVersionThatChangesAfterAnotherCallIsFound) {
  FakeWorld w;
  w.start();
  w.negotiate_and_map(0x10002);
  w.answer_once(regs({0x10002}));
  w.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    w.fact(1).version = 0x10000;
    r = regs({0x10002});
    return true;
  };
  w.call(1, {version_call, 0x10000});
  EXPECT_THAT(w.found(), ElementsAre("I26")) << w.texts();
}

// One query of FFA_ID_GET and one call of it, in this order or the other.
std::vector<std::string> told_and_called(bool says, bool serves, bool query_first) {
  FakeWorld w;
  w.start();
  w.negotiate_and_map();
  const ffa::Regs no = error(ffa::Status::not_supported);
  for (const bool query : {query_first, !query_first}) {
    w.answer_once(query ? (says ? ffa::success32() : no) : (serves ? ffa::success32(1) : no));
    if (query) {
      w.call(1, {0x84000064, 0x84000069});
    } else {
      w.call(1, {0x84000069});
    }
  }
  return w.found();
}

TEST(Checkers, I27FeaturesThatCallsContradictAreFound) {
  for (const bool first : {true, false}) {
    EXPECT_THAT(told_and_called(true, true, first), IsEmpty());
    EXPECT_THAT(told_and_called(false, false, first), IsEmpty());
    EXPECT_THAT(told_and_called(true, false, first), ElementsAre("I27"));
    EXPECT_THAT(told_and_called(false, true, first), ElementsAre("I27"));
  }
}

TEST(Checkers, I26VersionsBeforeOtherCallsMayChange) {
  FakeWorld w;
  w.start();
  for (const uint64_t version : {0x10002, 0x10000, 0x10001}) {
    w.script.call = [&w, version](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
      w.fact(1).version = static_cast<uint32_t>(version);
      r = regs({0x10002});
      return true;
    };
    w.call(1, {version_call, version});
  }
  EXPECT_EQ(w.texts(), "");
}

auto forward_as(uint64_t w1) {
  return [w1](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    ffa::Regs sent = r;
    sent.x[1] = w1;
    r = m.smc(vm, sent);
    return true;
  };
}

TEST(Checkers, I28AForgedSenderIsFound) {
  const auto answer = [](const ffa::Regs&) { return regs({0x84000070, 0x80010001}); };
  FakeWorld right{answer};
  right.start();
  right.negotiate_and_map();
  right.script.call = forward_as(0x18001);
  right.call(1, {request_call, 0x18001});
  EXPECT_EQ(right.texts(), "");
  FakeWorld forged{answer};
  forged.start();
  forged.negotiate_and_map();
  forged.script.call = forward_as(0x28001);
  forged.call(1, {request_call, 0x28001});
  EXPECT_THAT(forged.found(), ElementsAre("I28")) << forged.texts();
}

TEST(Checkers, I28AnAnswerToSomeoneElseIsFound) {
  EXPECT_THAT(answered(0x10001, regs({request_call, 0x18001}), regs({0x84000070, 0x80010002})),
              ElementsAre("I28"));
  EXPECT_THAT(answered(0x10001, regs({request_call, 0x18001}), regs({0x84000070, 0x80020001})),
              ElementsAre("I28"));
}

TEST(Checkers, I28AFrameworkMessageOfAVmIsFound) {
  FakeWorld w{[](const ffa::Regs&) { return regs({0x84000070, 0x80010001, 0x80000005}); }};
  w.start();
  w.negotiate_and_map();
  w.script.call = forward_as(0x18001);
  w.call(1, {request_call, 0x18001, 0x80000004});
  EXPECT_THAT(w.found(), ElementsAre("I28")) << w.texts();
}

TEST(Checkers, I28OneUnfinishedRequestAVcpu) {
  const auto preempted = [](const ffa::Regs&) { return regs({0x84000062, 0x80010000}); };
  FakeWorld w{preempted};
  w.start();
  w.negotiate_and_map();
  w.script.call = forward_as(0x18001);
  w.call(1, {request_call, 0x18001}, 0);
  w.call(1, {request_call, 0x18001}, 1);  // another vCPU may
  w.script.call = forward_as(0x80010000);
  w.call(1, {run_call, 0x80010000}, 0);
  EXPECT_EQ(w.texts(), "");
  w.script.call = forward_as(0x18002);
  w.call(1, {request_call, 0x18002}, 0);
  EXPECT_THAT(w.found(), ElementsAre("I28")) << w.texts();
}

TEST(Checkers, I28RunningWhatTheVcpuDoesNotWaitForIsFound) {
  FakeWorld w;
  w.start();
  w.negotiate_and_map();
  w.script.call = forward_as(0x80010000);
  w.call(1, {run_call, 0x80010000});
  EXPECT_THAT(w.found(), ElementsAre("I28")) << w.texts();
}

// FFA_NOTIFICATION_…, VM 2 notifies VM 1.
constexpr uint64_t bind_call = 0x8400007f;
constexpr uint64_t set_call = 0x84000081;
constexpr uint64_t get_call = 0x84000082;

struct NotifyingWorld : SharingWorld {
  NotifyingWorld() {
    answered(2, {version_call, 0x10001}, regs({0x10001}));
    answered(1, {bind_call, 0x20001, 0, 6}, ffa::success32());
  }
  void answered(uint16_t vm, std::initializer_list<uint64_t> in, const ffa::Regs& out) {
    answer_once(out);
    call(vm, in);
  }
  void set(uint64_t bitmap) { answered(2, {set_call, 0x20001, 0, bitmap}, ffa::success32()); }
  void get(uint64_t bitmap) { answered(1, {get_call, 1, 2}, regs({success, 0, 0, 0, bitmap, 0})); }
};

TEST(Checkers, I30ASetAndItsGetAreRight) {
  NotifyingWorld w;
  w.set(2);
  w.set(4);
  w.get(6);
  w.get(0);
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I30ALostNotificationIsFound) {
  NotifyingWorld w;
  w.set(6);
  w.get(2);
  EXPECT_THAT(w.found(), ElementsAre("I30")) << w.texts();
}

TEST(Checkers, I30ANotificationThatNobodySetIsFound) {
  NotifyingWorld w;
  w.set(2);
  w.get(2);
  w.get(2);
  EXPECT_THAT(w.found(), ElementsAre("I30")) << w.texts();
}

TEST(Checkers, I30ASenderThatIsNotBoundIsFound) {
  NotifyingWorld w;
  w.set(8);
  EXPECT_THAT(w.found(), ElementsAre("I30")) << w.texts();

  NotifyingWorld kind;
  kind.answered(2, {set_call, 0x20001, 1, 2}, ffa::success32());
  EXPECT_THAT(kind.found(), ElementsAre("I30")) << kind.texts();
}

TEST(Checkers, I30WhatTheSpmcGaveAndTheVmDoesNotGetIsFound) {
  FakeWorld w{[](const ffa::Regs& in) {
    return in.w(0) == get_call ? regs({success, 0, 0x10, 0}) : ffa::success32();
  }};
  w.start();
  w.negotiate_and_map();
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.smc(vm, regs({get_call, 1, 1}));
    r = regs({success});
    return true;
  };
  w.call(1, {get_call, 1, 1});
  EXPECT_THAT(w.found(), ElementsAre("I30")) << w.texts();
}

TEST(Checkers, WithoutObservationTheySayWhatTheyCannotSee) {
  SharingWorld w;
  EXPECT_THAT(w.checkers.skipped(), IsEmpty());
  w.script.observable = false;
  w.answer_once(ffa::success32(1));
  w.call(1, {0x84000069});
  EXPECT_THAT(w.checkers.skipped(),
              ElementsAre("I01", "I05", "I07", "I08", "I03", "I02", "I11", "I26"));
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, AVmWithoutTeeIsNotHeldToFfaRules) {
  WorldSpec spec = small_world();
  spec.vms[0].config.tee = mediator::TeeType::none;
  FakeWorld w{{}, false, spec};
  w.start();
  w.call(1, {0x84000069, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(w.texts(), "");
}

}  // namespace
}  // namespace sim::test
