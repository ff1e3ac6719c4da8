// SPDX-License-Identifier: BSD-3-Clause
// What a mediator does to stage 2: access taken and given back, pages mapped into borrowers, and
// TLBs that keep what was not invalidated.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "sim/machine/machine.hpp"
#include "worlds.hpp"

namespace sim::test {
namespace {

using mediator::MemoryKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t shown = ram_ipa + 8 * page;
constexpr uint64_t shown_at = 0x60000000;

struct TwoVms {
  explicit TwoVms(Backing backing = Backing::contiguous)
      : world(make_world(backing)),
        machine(world, [this](const std::string& text) { reports.push_back(text); }) {
    for (const VmSpec& vm : world.vms) machine.add_vm(vm);
  }
  static WorldSpec make_world(Backing backing) {
    WorldSpec world = small_world();
    world.vms[0].memory[0].backing = backing;
    return world;
  }
  mediator::Extent pin(uint64_t ipa, uint64_t pages) {
    const mediator::Extent extent = machine.translate(1, ipa, pages);
    EXPECT_TRUE(machine.pin(1, ipa, extent));
    return extent;
  }
  bool can_read(uint16_t vm, uint64_t ipa) {
    std::array<std::byte, 1> byte{};
    return machine.read_ipa(vm, ipa, byte);
  }
  bool can_write(uint16_t vm, uint64_t ipa, uint8_t value = 0x5c) {
    const std::array bytes{std::byte{value}};
    return machine.write_ipa(vm, ipa, bytes);
  }
  WorldSpec world;
  std::vector<std::string> reports;
  Machine machine;
};

TEST(BorrowedPages, AreTheOwnersUntilTheyAreTakenAway) {
  TwoVms m;
  const uint64_t before = m.machine.stage2_digest(2);
  const auto extent = m.pin(shown, 3);
  ASSERT_TRUE(m.machine.map_into(2, shown_at, extent, true));
  EXPECT_NE(m.machine.stage2_digest(2), before);
  const auto there = m.machine.translate(2, shown_at, 10);
  EXPECT_EQ(there.kind, MemoryKind::foreign);
  EXPECT_EQ(there.pages.raw(), 3U);
  EXPECT_EQ(there.pa, extent.pa);
  EXPECT_EQ(m.machine.borrowed_pages(2), 3U);

  ASSERT_TRUE(m.can_write(2, shown_at + 2 * page + 7, 0x91));
  std::array<std::byte, 1> byte{};
  ASSERT_TRUE(m.machine.read_ipa(1, shown + 2 * page + 7, byte));
  EXPECT_EQ(byte[0], std::byte{0x91});
  EXPECT_FALSE(m.machine.remove_page(2, shown_at)) << "no balloon takes another VM's page";

  m.machine.unmap_from(2, shown_at, 3);
  m.machine.tlbi(2);
  m.machine.unpin(1, shown, 3);
  EXPECT_FALSE(m.can_read(2, shown_at));
  EXPECT_EQ(m.machine.stage2_digest(2), before);
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(BorrowedPages, CanBeReadOnlyOnePageAtATime) {
  TwoVms m{Backing::reversed};
  for (uint64_t n = 0; n < 4; ++n) {
    const auto extent = m.pin(shown + n * page, 1);
    ASSERT_TRUE(m.machine.map_into(2, shown_at + n * page, extent, n != 1));
  }
  for (uint64_t n = 0; n < 4; ++n) {
    EXPECT_TRUE(m.can_read(2, shown_at + n * page));
    EXPECT_EQ(m.can_write(2, shown_at + n * page), n != 1) << n;
  }
  m.machine.unmap_from(2, shown_at + page, 2);  // from the middle
  m.machine.tlbi(2);
  EXPECT_TRUE(m.can_read(2, shown_at));
  EXPECT_FALSE(m.can_read(2, shown_at + page));
  EXPECT_FALSE(m.can_read(2, shown_at + 2 * page));
  EXPECT_TRUE(m.can_read(2, shown_at + 3 * page));
  EXPECT_EQ(m.machine.borrowed_pages(2), 2U);
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(BorrowedPages, DoNotReplaceWhatIsMapped) {
  TwoVms m;
  const auto extent = m.pin(shown, 2);
  const uint64_t before = m.machine.stage2_digest(2);
  EXPECT_FALSE(m.machine.map_into(2, ram_ipa + 63 * page, extent, true)) << "on the first page";
  EXPECT_FALSE(m.machine.map_into(2, ram_ipa - page, extent, true)) << "on the last page";
  EXPECT_EQ(m.machine.stage2_digest(2), before);
  EXPECT_THAT(m.reports, IsEmpty());
  m.machine.unpin(1, shown, 2);
}

TEST(BorrowedPages, WrongUseIsReported) {
  TwoVms m;
  const auto take = [&m] { return std::exchange(m.reports, {}); };
  const auto loose = m.machine.translate(1, shown, 2);
  EXPECT_FALSE(m.machine.map_into(2, shown_at, loose, true));
  EXPECT_THAT(take(), ElementsAre(HasSubstr("I06: 2 pages")));
  const auto extent = m.pin(shown, 2);
  EXPECT_FALSE(m.machine.map_into(1, shown_at, extent, true));
  EXPECT_THAT(take(), ElementsAre(HasSubstr("they are its own")));
  EXPECT_FALSE(m.machine.map_into(9, shown_at, extent, true));
  EXPECT_FALSE(m.machine.map_into(2, shown_at + 1, extent, true));
  EXPECT_FALSE(m.machine.map_into(2, ~uint64_t{0} - page + 1, extent, true));
  EXPECT_THAT(take(), ElementsAre(HasSubstr("names nothing"), HasSubstr("names nothing"),
                                  HasSubstr("names nothing")));
  ASSERT_TRUE(m.machine.map_into(2, shown_at, extent, true));
  m.machine.unmap_from(2, shown_at, 3);
  m.machine.unmap_from(2, ram_ipa, 1);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("I04: 3 pages"), HasSubstr("I04: 1 pages")));
  m.machine.unpin(1, shown, 2);
  EXPECT_THAT(take(), ElementsAre(HasSubstr("I06: unpin of 2 pages")));
}

TEST(BorrowedPages, OfAVmThatGoesAreReported) {
  TwoVms m;
  const auto extent = m.pin(shown, 2);
  ASSERT_TRUE(m.machine.map_into(2, shown_at, extent, true));
  m.machine.remove_vm(2);
  EXPECT_THAT(m.reports, ElementsAre("I12: VM 2 goes while it borrows 2 pages"));
  m.machine.unpin(1, shown, 2);
  EXPECT_EQ(m.reports.size(), 1U) << "nothing is counted twice";
}

TEST(Tlb, HoldsWhatWasTakenFromAnOwnerUntilInvalidated) {
  TwoVms m;
  m.pin(shown, 2);
  ASSERT_TRUE(m.machine.set_access(1, shown, 2, false));
  EXPECT_EQ(m.machine.translate(1, shown, 2).kind, MemoryKind::ram_none);
  EXPECT_EQ(m.machine.stale_pages(1), 2U);
  EXPECT_TRUE(m.can_write(1, shown + page)) << "through the old translation";
  m.machine.tlbi(1);
  EXPECT_EQ(m.machine.stale_pages(1), 0U);
  EXPECT_FALSE(m.can_write(1, shown + page));
  ASSERT_TRUE(m.machine.set_access(1, shown, 2, true));
  EXPECT_TRUE(m.can_write(1, shown + page)) << "what was invalid is in no TLB";
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(Tlb, WhatIsGivenBackAtOnceNeedsNoInvalidation) {
  TwoVms m;
  m.pin(shown, 4);
  ASSERT_TRUE(m.machine.set_access(1, shown, 4, false));
  ASSERT_TRUE(m.machine.set_access(1, shown + page, 2, true));
  EXPECT_EQ(m.machine.stale_pages(1), 2U);
  ASSERT_TRUE(m.machine.set_access(1, shown, 1, true));
  ASSERT_TRUE(m.machine.set_access(1, shown + 3 * page, 1, true));
  EXPECT_EQ(m.machine.stale_pages(1), 0U);
}

TEST(Tlb, KeepsTheOldRightsOfABorrower) {
  TwoVms m;
  const auto extent = m.pin(shown, 1);
  ASSERT_TRUE(m.machine.map_into(2, shown_at, extent, false));
  m.machine.unmap_from(2, shown_at, 1);
  EXPECT_TRUE(m.can_read(2, shown_at));
  EXPECT_FALSE(m.can_write(2, shown_at));
  EXPECT_FALSE(m.machine.map_into(2, shown_at, extent, true));
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("I35: 1 pages")));
  m.machine.tlbi(2);
  EXPECT_FALSE(m.can_read(2, shown_at));
  EXPECT_TRUE(m.machine.map_into(2, shown_at, extent, true));
}

TEST(Tlb, PagesThatItHoldsAreNotToBeUnpinned) {
  TwoVms m;
  const auto extent = m.pin(shown, 3);
  ASSERT_TRUE(m.machine.map_into(2, shown_at, extent, true));
  m.machine.unmap_from(2, shown_at, 3);
  m.machine.unpin(1, shown + page, 1);
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("I35: unpin of 1 pages")));
  m.machine.tlbi(2);
  m.machine.unpin(1, shown, 1);
  EXPECT_EQ(m.reports.size(), 1U);
}

TEST(Tlb, OfNoVmIsReported) {
  TwoVms m;
  m.machine.tlbi(9);
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("I35: ")));
}

}  // namespace
}  // namespace sim::test
