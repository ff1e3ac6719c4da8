// SPDX-License-Identifier: BSD-3-Clause
// I01-I12: memory, handles, failure atomicity. Each is broken by a mediator made for it, and its
// checker, and no other, says so. The same calls done right are silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sharing_world.hpp"
#include "sim/check/checkers.hpp"

namespace sim::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Checkers, ARightShareIsSilent) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  w.share(w.right(), {{ram_ipa + 4 * page, 2}});
  EXPECT_EQ(w.texts(), "");
  EXPECT_EQ(w.simulation.events().back().in.w(0), share_call);
}

TEST(Checkers, I01SharingReadOnlyMemoryIsFound) {
  SharingWorld w;
  const uint64_t pa = w.simulation.machine().translate(1, read_only_ipa, 1).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> asked{{read_only_ipa, 1}};
  const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 1}};
  put_in_tx(w, descriptor(1, asked));
  add_share(w, 1, handle, 1, {{read_only_ipa, 1}});
  w.share(descriptor(1, told), {{read_only_ipa, 1}});
  EXPECT_THAT(w.found(), ElementsAre("I01")) << w.texts();
}

TEST(Checkers, I02UntranslatedAddressesAreFound) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  const std::vector<std::pair<uint64_t, uint32_t>> ipas{{ram_ipa + 4 * page, 2}};
  w.share(descriptor(1, ipas), {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(w.found(), ElementsAre("I02")) << w.texts();
}

TEST(Checkers, I02AnotherVmsMemoryIsFound) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  const uint64_t theirs = w.simulation.machine().translate(2, ram_ipa, 2).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> told{{theirs, 2}};
  w.share(descriptor(1, told), {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(w.found(), ElementsAre("I02")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("not the caller's"));
}

TEST(Checkers, I02OwnPagesInTheWrongOrderAreFound) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  const std::vector<std::pair<uint64_t, uint32_t>> told{{w.pa + page, 1}, {w.pa, 1}};
  w.share(descriptor(1, told), {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(w.found(), ElementsAre("I02")) << w.texts();
}

TEST(Checkers, I02AForgedSenderIsFound) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  const std::vector<std::pair<uint64_t, uint32_t>> told{{w.pa, 2}};
  w.share(descriptor(2, told), {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(w.found(), ElementsAre("I02")) << w.texts();
}

TEST(Checkers, I04AChangedStage2IsFound) {
  SharingWorld w;
  w.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    w.simulation.machine().remove_page(1, ram_ipa + 9 * page);
    r = ffa::success32();
    return true;
  };
  w.call(1, {release_call});
  EXPECT_THAT(w.found(), testing::Contains("I04"));
}

TEST(Checkers, APageThatTheHostTakesDuringACallIsNotTheMediatorsDoing) {
  SharingWorld w;
  w.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    EXPECT_TRUE(w.simulation.remove_page(1, ram_ipa + 9 * page));
    EXPECT_FALSE(w.simulation.remove_page(1, ram_ipa));  // pinned: TX
    r = error(ffa::Status::denied);
    return true;
  };
  w.call(1, {release_call});
  EXPECT_EQ(w.simulation.host_changes(), 1U);
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I05AMissingOrSurplusPinIsFound) {
  SharingWorld missing;
  add_share(missing, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  missing.share(missing.right(), {{ram_ipa + 4 * page, 1}});
  EXPECT_THAT(missing.found(), ElementsAre("I05")) << missing.texts();
  EXPECT_THAT(missing.texts(), HasSubstr("fewer references"));

  SharingWorld surplus;
  surplus.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.pin(vm, ram_ipa + 7 * page, 1);
    r = ffa::success32();
    return true;
  };
  surplus.call(1, {0x84000069});
  EXPECT_THAT(surplus.found(), ElementsAre("I05")) << surplus.texts();
  EXPECT_THAT(surplus.texts(), HasSubstr("more references"));
}

TEST(Checkers, I05AWrongCountOfTheMediatorIsFound) {
  SharingWorld w;
  w.fact(1).pinned_pages = 5;
  w.answer_once(ffa::success32(1));
  w.call(1, {0x84000069});
  EXPECT_THAT(w.found(), ElementsAre("I05")) << w.texts();
}

TEST(Checkers, I07PagesThatAreNotTheRangesSumAreFound) {
  SharingWorld w;
  add_share(w, 1, handle, 3, {{ram_ipa + 4 * page, 2}});
  w.share(w.right(), {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(w.found(), ElementsAre("I07")) << w.texts();
}

TEST(Checkers, I08OverlappingAndWrappingRangesAreFound) {
  SharingWorld overlap;
  add_share(overlap, 1, handle, 4, {{ram_ipa + 4 * page, 2}, {ram_ipa + 5 * page, 2}});
  overlap.script.call =
      share_by(overlap.right(), {{ram_ipa + 4 * page, 2}, {ram_ipa + 5 * page, 2}});
  overlap.call(1, {share_call, 96, 96});
  EXPECT_THAT(overlap.found(), testing::Contains("I08"));
  SharingWorld wrap;
  add_share(wrap, 1, handle, 2, {{~uint64_t{0xfff}, 2}});
  wrap.call(1, {share_call, 96, 96});
  EXPECT_THAT(wrap.found(), testing::Contains("I08"));
}

TEST(Checkers, I09AHandleThatLivesOrThatTheSpmcDidNotGiveIsFound) {
  SharingWorld twice;
  add_share(twice, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  twice.share(twice.right(), {{ram_ipa + 4 * page, 2}});
  ASSERT_EQ(twice.texts(), "");
  add_share(twice, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  twice.share(twice.right(), {{ram_ipa + 4 * page, 2}});
  EXPECT_THAT(twice.found(), ElementsAre("I09")) << twice.texts();

  SharingWorld invented;
  const auto inner = share_by(invented.right(), {{ram_ipa + 4 * page, 2}});
  add_share(invented, 1, 0x78, 2, {{ram_ipa + 4 * page, 2}});
  invented.script.call = [inner](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs& r) {
    inner(m, vm, vcpu, r);
    r = ffa::success32(0x78);
    return true;
  };
  invented.call(1, {share_call, 96, 96});
  EXPECT_THAT(invented.found(), ElementsAre("I09")) << invented.texts();
}

TEST(Checkers, I09ReclaimingAnothersOrADeadHandleIsFound) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{ram_ipa + 4 * page, 2}});
  w.share(w.right(), {{ram_ipa + 4 * page, 2}});
  w.answer_once(regs({0x10001}));
  w.call(2, {version_call, 0x10001});
  w.answer_once(ffa::success32());
  w.call(2, {reclaim_call, 0x77, 0x1000});
  EXPECT_THAT(w.found(), ElementsAre("I09")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("of VM 1"));
  SharingWorld dead;
  dead.answer_once(ffa::success32());
  dead.call(1, {reclaim_call, 0x55, 0x1000});
  EXPECT_THAT(dead.found(), ElementsAre("I09")) << dead.texts();
}

TEST(Checkers, I11AFailedCallThatLeavesSomethingBehindIsFound) {
  SharingWorld pins;
  pins.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.pin(vm, ram_ipa + 7 * page, 1);
    r = error(ffa::Status::denied);
    return true;
  };
  pins.call(1, {share_call, 96, 96});
  EXPECT_THAT(pins.found(), testing::Contains("I11"));
  EXPECT_THAT(pins.texts(), HasSubstr("changed the page references of VM 1"));

  SharingWorld state;
  state.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    state.fact(1).rx_state = 3;
    r = error(ffa::Status::busy);
    return true;
  };
  state.call(1, {list_call});
  EXPECT_THAT(state.found(), ElementsAre("I11")) << state.texts();

  SharingWorld memory;
  memory.script.call = [](FakeMediator& m, uint16_t, uint16_t, ffa::Regs& r) {
    const uint64_t word = 1;
    m.ops.copy_out(m.world, 4, 8, &word, sizeof word);  // buffer 4: RX of VM 1
    r = error(ffa::Status::no_memory);
    return true;
  };
  memory.call(1, {list_call});
  EXPECT_THAT(memory.found(), ElementsAre("I11")) << memory.texts();
}

TEST(Checkers, I11AnErrorThatFreezesTheVersionOnlyIsSilent) {
  SharingWorld w;
  w.script.call = [&](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
    w.fact(1).flags |= 1;
    r = error(ffa::Status::denied);
    return true;
  };
  w.call(1, {release_call});
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I12AnSpThatIsNotToldOfTheEndIsFound) {
  const auto answer = [](const ffa::Regs& in) {
    return regs({0x84000070, uint64_t{in.w(1) & 0xffffU} << 16, 0x80000005});
  };
  FakeWorld w{answer};
  w.script.init = [](FakeMediator& m, uint16_t vm) {
    m.smc(vm, regs({request_call, 0x8001, 0x80000004, 0, 0, vm}));
    return 0;
  };
  w.start();
  w.script.facts.erase(w.script.facts.begin());
  w.simulation.destroy_vm(1, 0);
  EXPECT_THAT(w.found(), ElementsAre("I12")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("SP 0x8001"));
}

TEST(Checkers, I12AVmThatTheMediatorKeepsIsFound) {
  FakeWorld w;
  w.start();
  w.simulation.destroy_vm(1, 0);
  EXPECT_THAT(w.found(), ElementsAre("I12")) << w.texts();
}

// With the real SPMC: pages that it was never asked to give back.
TEST(Checkers, I12PagesThatTheSpmcStillHoldsAreFound) {
  FakeWorld w{{}, true};
  uint64_t pa = 0;
  boots(w);
  w.script.teardown = [](FakeMediator& m, uint16_t vm) {
    m.smc(0, regs({request_call, 0x8001, 0x80000006, 0, 0, vm}));
    m.smc(0, regs({request_call, 0x8002, 0x80000006, 0, 0, vm}));
    return uint32_t{FFA_SIM_DONE};
  };
  w.start();
  pa = w.simulation.machine().translate(1, ram_ipa + 4 * page, 2).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 2}};
  const auto bytes = descriptor(1, told);
  w.script.call = share_by(bytes, {});
  ASSERT_EQ(w.call(1, {share_call, bytes.size(), bytes.size()}).w(0), success);
  ASSERT_EQ(w.simulation.secure_world().model()->regions(), 1U);
  w.script.facts.erase(w.script.facts.begin());
  const size_t before = w.simulation.violations().size();
  w.simulation.destroy_vm(1, 0);
  bool found = false;
  for (size_t n = before; n < w.simulation.violations().size(); ++n) {
    found = found || w.simulation.violations()[n].invariant == "I12";
  }
  EXPECT_TRUE(found) << w.texts();
}

TEST(Checkers, I07AnSpmcThatWasToldOfFewerPagesIsFound) {
  FakeWorld w{{}, true};
  boots(w);
  w.start();
  const uint64_t pa = w.simulation.machine().translate(1, ram_ipa + 4 * page, 2).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 1}};
  const auto bytes = descriptor(1, told);
  const auto inner = share_by(bytes, {{ram_ipa + 4 * page, 2}});
  w.script.call = [&, inner](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs& r) {
    inner(m, vm, vcpu, r);
    add_share(w, 1, uint64_t{r.w(3)} << 32 | r.w(2), 2, {{ram_ipa + 4 * page, 2}});
    return true;
  };
  w.call(1, {share_call, bytes.size(), bytes.size()});
  EXPECT_THAT(w.found(), testing::Contains("I07")) << w.texts();
}

}  // namespace
}  // namespace sim::test
