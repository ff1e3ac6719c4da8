// SPDX-License-Identifier: BSD-3-Clause
// I03, I10, I13, I14, I15, I35, and what zeroing excuses in I11 and I21. Each is broken by a
// mediator made for it; the same calls done right are silent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sharing_world.hpp"
#include "sim/check/checkers.hpp"

namespace sim::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr size_t flags_offset = 4;
constexpr size_t permissions_offset = 50;

std::vector<uint8_t> changed(std::vector<uint8_t> bytes, size_t at, uint8_t value) {
  bytes[at] = value;
  return bytes;
}

/// What the mediator of a test does around a loan of the two pages at `lent`.
struct Loan {
  bool withdraws = true;
  bool invalidates = true;
  bool zeroes = false;
  bool invalidates_late = false;
  std::optional<ffa::Status> fails{};
};

void lend(SharingWorld& w, const Loan& loan, const std::vector<uint8_t>& asked) {
  put_in_tx(w, asked);
  if (!loan.fails) add_share(w, 1, handle, 2, {{lent, 2}});
  w.script.call = [loan, told = w.right()](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.pin(vm, lent, 2);
    if (loan.withdraws) m.ops.set_access(m.world, vm, lent, 2, FFA_SIM_ACCESS_NONE);
    if (loan.withdraws && loan.invalidates) m.ops.tlbi(m.world, vm);
    if (loan.zeroes) {
      uint32_t buffer = 0;
      m.ops.map(m.world, vm, lent, 2, &buffer);
      m.ops.clear(m.world, buffer, 0, 2 * page);
      m.ops.unmap(m.world, buffer);
    }
    if (loan.fails) {
      if (loan.withdraws) m.ops.set_access(m.world, vm, lent, 2, FFA_SIM_ACCESS_FULL);
      m.ops.unpin(m.world, vm, lent, 2);
      r = error(*loan.fails);
      return true;
    }
    m.ops.copy_out(m.world, own_tx, 0, told.data(), static_cast<uint32_t>(told.size()));
    r = m.smc(vm, regs({lend_call, told.size(), told.size()}));
    if (loan.invalidates_late) m.ops.tlbi(m.world, vm);
    return true;
  };
  w.call(1, {lend_call, asked.size(), asked.size()});
}

std::vector<uint8_t> asked_for(uint32_t flags = 0) {
  const std::vector<std::pair<uint64_t, uint32_t>> ranges{{lent, 2}};
  return changed(descriptor(1, ranges), flags_offset, static_cast<uint8_t>(flags));
}

TEST(Checkers, ARightLoanIsSilent) {
  SharingWorld w;
  lend(w, {}, asked_for());
  EXPECT_EQ(w.texts(), "");
  SharingWorld zeroed;
  lend(zeroed, {.zeroes = true}, asked_for(1));
  EXPECT_EQ(zeroed.texts(), "");
}

TEST(Checkers, I35AForgottenInvalidationIsFound) {
  SharingWorld w;
  lend(w, {.invalidates = false}, asked_for());
  EXPECT_THAT(w.found(), ElementsAre("I35")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("2 pages were taken from VM 1"));
}

TEST(Checkers, I35AnInvalidationAfterThePagesAreGoneIsFound) {
  SharingWorld w;
  lend(w, {.invalidates = false, .invalidates_late = true}, asked_for());
  EXPECT_THAT(w.found(), ElementsAre("I35")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("an SMC leaves before"));
}

TEST(Checkers, I35AnAbandonedLoanNeedsNoInvalidation) {
  SharingWorld w;
  lend(w, {.invalidates = false, .fails = ffa::Status::no_memory}, asked_for());
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I13PromisedZerosThatAreNoneAreFound) {
  SharingWorld w;
  lend(w, {.zeroes = false}, asked_for(1));
  EXPECT_THAT(w.found(), ElementsAre("I13")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("there are others"));
}

TEST(Checkers, I13ZerosInReadOnlyMemoryAreNotPromised) {
  SharingWorld w;
  const std::vector<std::pair<uint64_t, uint32_t>> asked{{read_only_ipa, 1}};
  const uint64_t pa = w.simulation.machine().translate(1, read_only_ipa, 1).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 1}};
  const auto bytes = changed(changed(descriptor(1, asked), flags_offset, 1), permissions_offset, 1);
  put_in_tx(w, bytes);
  add_share(w, 1, handle, 1, {{read_only_ipa, 1}});
  w.share(changed(descriptor(1, told), permissions_offset, 1), {{read_only_ipa, 1}});
  EXPECT_THAT(w.found(), ElementsAre("I13")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("which it may not write"));
}

TEST(Checkers, I21ZeroingThatNobodyAskedForIsFound) {
  SharingWorld w;
  lend(w, {.zeroes = true}, asked_for());
  EXPECT_THAT(w.found(), ElementsAre("I21")) << w.texts();
}

TEST(Checkers, I21ZeroingBesideTheRangesIsFound) {
  SharingWorld w;
  const std::vector<std::pair<uint64_t, uint32_t>> first_page{{lent, 1}};
  lend(w, {.zeroes = true, .fails = ffa::Status::denied},
       changed(descriptor(1, first_page), flags_offset, 1));
  EXPECT_THAT(w.found(), ElementsAre("I21")) << w.texts();
}

TEST(Checkers, I11AFailedLoanThatZeroesUnaskedIsFound) {
  SharingWorld w;
  lend(w, {.zeroes = true, .fails = ffa::Status::denied}, asked_for());
  EXPECT_THAT(w.found(), Contains("I11")) << w.texts();
  SharingWorld asked;
  lend(asked, {.zeroes = true, .fails = ffa::Status::denied}, asked_for(1));
  EXPECT_EQ(asked.texts(), "");
}

TEST(Checkers, I01ReadOnlyMemoryForAReaderIsSilent) {
  SharingWorld w;
  const std::vector<std::pair<uint64_t, uint32_t>> asked{{read_only_ipa, 1}};
  const uint64_t pa = w.simulation.machine().translate(1, read_only_ipa, 1).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 1}};
  put_in_tx(w, changed(descriptor(1, asked), permissions_offset, 1));
  add_share(w, 1, handle, 1, {{read_only_ipa, 1}});
  w.share(changed(descriptor(1, told), permissions_offset, 1), {{read_only_ipa, 1}});
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I03ALoanOfSharedPagesIsFound) {
  SharingWorld w;
  add_share(w, 1, 0x55, 1, {{lent + page, 1}});
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.pin(vm, lent + page, 1);
    r = ffa::success32();
    return true;
  };
  w.call(1, {0x84000069});
  ASSERT_EQ(w.texts(), "");
  lend(w, {}, asked_for());
  EXPECT_THAT(w.found(), ElementsAre("I03")) << w.texts();
}

TEST(Checkers, I03AShareOfLentPagesIsFoundAndOneBesideThemIsSilent) {
  SharingWorld w;
  lend(w, {}, asked_for());
  const auto another = [](uint64_t ipa) {
    return [ipa](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
      m.pin(vm, ipa, 1);
      r = ffa::success32();
      return true;
    };
  };
  add_share(w, 1, 0x55, 1, {{lent + 2 * page, 1}});
  w.script.call = another(lent + 2 * page);
  w.call(1, {0x84000069});
  ASSERT_EQ(w.texts(), "");
  add_share(w, 1, 0x56, 1, {{lent + page, 1}});
  w.script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.ops.set_access(m.world, vm, lent, 2, FFA_SIM_ACCESS_FULL);
    m.pin(vm, lent + page, 1);
    r = ffa::success32();
    return true;
  };
  w.call(1, {0x84000069});
  EXPECT_THAT(w.found(), Contains("I03")) << w.texts();
}

TEST(Checkers, I10AReclaimThatTheSpmcIsNotAskedForIsFound) {
  FakeWorld w{{}, true};
  w.script.observable = false;
  boots(w);
  w.start();
  w.negotiate_and_map();
  const uint64_t pa = w.simulation.machine().translate(1, lent, 2).pa.raw();
  const std::vector<std::pair<uint64_t, uint32_t>> asked{{lent, 2}};
  const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 2}};
  put_in_tx(w, descriptor(1, asked));
  w.script.call = share_by(descriptor(1, told), {});
  const ffa::Regs shared = w.call(1, {share_call, 96, 96});
  ASSERT_EQ(shared.w(0), success);
  ASSERT_EQ(w.texts(), "");
  w.answer_once(ffa::success32());
  w.call(1, {reclaim_call, shared.w(2), shared.w(3)});
  EXPECT_THAT(w.found(), ElementsAre("I10")) << w.texts();
}

TEST(Checkers, I14MoreRightsThanTheCallerGaveAreFound) {
  SharingWorld w;
  put_in_tx(w, changed(asked_for(), permissions_offset, 1));
  add_share(w, 1, handle, 2, {{lent, 2}});
  w.share(w.right(), {{lent, 2}});
  EXPECT_THAT(w.found(), ElementsAre("I14")) << w.texts();
  SharingWorld code;
  add_share(code, 1, handle, 2, {{lent, 2}});
  code.share(changed(code.right(), permissions_offset, 2 | 2 << 2), {{lent, 2}});
  EXPECT_THAT(code.found(), ElementsAre("I14")) << code.texts();
}

TEST(Checkers, I14FewerRightsAreSilent) {
  SharingWorld w;
  add_share(w, 1, handle, 2, {{lent, 2}});
  w.share(changed(w.right(), permissions_offset, 1), {{lent, 2}});
  EXPECT_EQ(w.texts(), "");
}

TEST(Checkers, I14AnotherReceiverOrTheNsBitIsFound) {
  SharingWorld receiver;
  add_share(receiver, 1, handle, 2, {{lent, 2}});
  receiver.share(changed(receiver.right(), 48, 2), {{lent, 2}});
  EXPECT_THAT(receiver.found(), ElementsAre("I14")) << receiver.texts();
  EXPECT_THAT(receiver.texts(), HasSubstr("0x8002, which the caller did not name"));
  SharingWorld ns;
  add_share(ns, 1, handle, 2, {{lent, 2}});
  ns.share(changed(ns.right(), 2, 0x6f), {{lent, 2}});
  EXPECT_THAT(ns.found(), ElementsAre("I14")) << ns.texts();
}

TEST(Checkers, I15AnIncompleteDescriptorThatIsTakenIsFound) {
  SharingWorld guest;
  add_share(guest, 1, handle, 2, {{lent, 2}});
  guest.script.call = share_by(guest.right(), {{lent, 2}});
  guest.call(1, {share_call, 112, 96});
  EXPECT_THAT(guest.found(), ElementsAre("I15")) << guest.texts();
  SharingWorld spmc;
  add_share(spmc, 1, handle, 2, {{lent, 2}});
  spmc.script.call = [told = spmc.right()](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    m.pin(vm, lent, 2);
    m.ops.copy_out(m.world, own_tx, 0, told.data(), static_cast<uint32_t>(told.size()));
    r = m.smc(vm, regs({share_call, told.size() + 16, told.size()}));
    return true;
  };
  spmc.call(1, {share_call, 96, 96});
  EXPECT_THAT(spmc.found(), ElementsAre("I15")) << spmc.texts();
  EXPECT_THAT(spmc.texts(), HasSubstr("the SPMC has a descriptor of 112 bytes after 96"));
}

TEST(Checkers, I15AFragmentThatIsSkippedIsFound) {
  const auto next_at = [](uint64_t offset) { return regs({0x8400007a, 0x77, 0x1000, offset}); };
  SharingWorld w;
  w.answer_once(next_at(96));
  w.call(1, {share_call, 192, 96});
  EXPECT_EQ(w.texts(), "");
  w.answer_once(next_at(112));
  w.call(1, {share_call, 192, 96});
  EXPECT_THAT(w.found(), ElementsAre("I15")) << w.texts();
  EXPECT_THAT(w.texts(), HasSubstr("goes on at byte 112, 96 have come"));
}

}  // namespace
}  // namespace sim::test
