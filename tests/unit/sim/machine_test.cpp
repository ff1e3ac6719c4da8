// SPDX-License-Identifier: BSD-3-Clause
// The machine: layouts, rights, pins, buffers, ownership, and that every wrong use is reported.
#include "sim/machine/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "sim/engine/input_error.hpp"
#include "sim/machine/canary.hpp"
#include "worlds.hpp"

namespace sim::test {
namespace {

using mediator::MemoryKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Machines {
  explicit Machines(const WorldSpec& world = small_world())
      : machine(world, [this](const std::string& text) { reports.push_back(text); }) {
    for (const VmSpec& vm : world.vms) machine.add_vm(vm);
  }
  mediator::Extent pin(uint16_t vm, uint64_t ipa, uint64_t pages) {
    const mediator::Extent extent = machine.translate(vm, ipa, pages);
    EXPECT_TRUE(machine.pin(vm, ipa, extent));
    return extent;
  }
  std::vector<std::string> reports;
  Machine machine;
};

WorldSpec with_backing(Backing backing, uint64_t pages, uint64_t block = 0) {
  WorldSpec world;
  world.vms = {small_vm(1)};
  world.vms[0].memory = {{ram_ipa, pages * page, RegionKind::ram_rw, backing, {}, block}};
  return world;
}

TEST(Layout, ContiguousMemoryIsOneExtent) {
  Machines m;
  EXPECT_EQ(m.machine.translate(1, ram_ipa, 1000).pages.raw(), 64U);
  EXPECT_EQ(m.machine.translate(1, ram_ipa + 3 * page, 5).pages.raw(), 5U);
  EXPECT_EQ(m.machine.translate(1, ram_ipa + 3 * page, 5).pa.raw(),
            m.machine.translate(1, ram_ipa, 1).pa.raw() + 3 * page);
}

TEST(Layout, ReversedMemoryDescends) {
  Machines m{with_backing(Backing::reversed, 5)};
  const uint64_t last = m.machine.translate(1, ram_ipa, 5).pa.raw();
  for (uint64_t n = 0; n < 5; ++n) {
    const auto extent = m.machine.translate(1, ram_ipa + n * page, 5);
    EXPECT_EQ(extent.pages.raw(), 1U);
    EXPECT_EQ(extent.pa.raw(), last - n * page);
  }
}

TEST(Layout, ScatteredNeighboursAreNeverAdjacentAndNoPageIsUsedTwice) {
  for (const uint64_t pages : {1, 2, 3, 4, 5, 6, 7, 8, 16, 100, 4096}) {
    Machines m{with_backing(Backing::scattered, pages)};
    std::vector<uint64_t> seen;
    for (uint64_t n = 0; n < pages; ++n) {
      const auto extent = m.machine.translate(1, ram_ipa + n * page, pages);
      ASSERT_EQ(extent.pages.raw(), 1U);
      if (n > 0) {
        const auto distance = static_cast<int64_t>(extent.pa.raw() - seen.back());
        ASSERT_GT(std::abs(distance), static_cast<int64_t>(page)) << pages;
      }
      seen.push_back(extent.pa.raw());
    }
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
  }
}

TEST(Layout, ScatteredBlocksAreWholeAndAligned) {
  constexpr uint64_t block = 2 << 20;
  Machines m{with_backing(Backing::scattered, 8 * block / page, block)};
  for (uint64_t n = 0; n < 8; ++n) {
    const auto extent = m.machine.translate(1, ram_ipa + n * block, 10000);
    EXPECT_EQ(extent.pages.raw(), block / page);
    EXPECT_EQ(extent.pa.raw() % block, 0U);
  }
}

// As a walk of real page tables: two neighbours are two mappings wherever they lie.
TEST(Layout, ALookUpGivesOneMappingAtMost) {
  constexpr uint64_t block = 2 << 20;
  Machines blocks{with_backing(Backing::contiguous, 2 * block / page, block)};
  EXPECT_EQ(blocks.machine.translate(1, ram_ipa, 10000).pages.raw(), block / page);
  EXPECT_EQ(blocks.machine.translate(1, ram_ipa + block - 3 * page, 10000).pages.raw(), 3U);
  EXPECT_EQ(blocks.machine.translate(1, ram_ipa + block - 3 * page, 2).pages.raw(), 2U);
  Machines small{with_backing(Backing::contiguous, 8, page)};
  EXPECT_EQ(small.machine.translate(1, ram_ipa, 8).pages.raw(), 1U);
  EXPECT_EQ(small.machine.translate(1, ram_ipa + page, 8).pa.raw(),
            small.machine.translate(1, ram_ipa, 8).pa.raw() + page);
}

TEST(Layout, TheSameWorldGivesTheSameAddresses) {
  const WorldSpec world = with_backing(Backing::scattered, 33);
  Machines one{world};
  Machines two{world};
  EXPECT_EQ(one.machine.stage2_digest(1), two.machine.stage2_digest(1));
}

TEST(Layout, FixedHostAddressesAreKept) {
  WorldSpec world = with_backing(Backing::contiguous, 4);
  world.vms[0].memory[0].pa = 0x4a000000;
  world.vms.push_back(small_vm(2));
  Machines m{world};
  EXPECT_EQ(m.machine.translate(1, ram_ipa, 1).pa.raw(), 0x4a000000U);
  EXPECT_EQ(m.machine.owner(0x4a003fff), owned_by(1));
}

TEST(Layout, AWorldThatDoesNotFitIsBadInput) {
  WorldSpec too_big = small_world();
  too_big.ram_size = 32 * page;
  EXPECT_THROW(Machines{too_big}, InputError);
  WorldSpec taken = small_world();
  taken.vms[0].memory[0].pa = taken.own_tx_pa;
  EXPECT_THROW(Machines{taken}, InputError);
  WorldSpec twice = small_world();
  twice.vms[0].memory.push_back(twice.vms[0].memory[0]);
  EXPECT_THROW(Machines{twice}, InputError);
  WorldSpec unaligned = small_world();
  unaligned.vms[0].memory[0].size = 100;
  EXPECT_THROW(Machines{unaligned}, InputError);
  WorldSpec buffers = small_world();
  buffers.own_rx_pa = 0x1000;
  EXPECT_THROW(Machines{buffers}, InputError);
}

TEST(Stage2, EachKindOfMappingIsTold) {
  Machines m;
  EXPECT_EQ(m.machine.translate(1, ram_ipa, 1).kind, MemoryKind::ram_rw);
  EXPECT_EQ(m.machine.translate(1, read_only_ipa, 1).kind, MemoryKind::ram_ro);
  EXPECT_EQ(m.machine.translate(1, device_ipa, 1).kind, MemoryKind::device);
  EXPECT_EQ(m.machine.translate(1, foreign_ipa, 1).kind, MemoryKind::foreign);
  EXPECT_EQ(m.machine.translate(1, 0x60000000, 1).kind, MemoryKind::none);
  EXPECT_EQ(m.machine.translate(1, ~uint64_t{0xfff}, 2).kind, MemoryKind::none);
  EXPECT_EQ(m.machine.translate(3, ram_ipa, 1).kind, MemoryKind::none);
  EXPECT_EQ(m.machine.owner(m.machine.translate(1, foreign_ipa, 1).pa.raw()), PageOwner::stranger);
  EXPECT_EQ(m.machine.owner(m.machine.translate(1, device_ipa, 1).pa.raw()), PageOwner::device);
  EXPECT_THAT(m.reports, IsEmpty());
  m.machine.translate(1, ram_ipa + 8, 1);
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("unaligned")));
}

TEST(Stage2, AForeignPageCanBeAnotherVms) {
  WorldSpec world;
  world.vms = {small_vm(1), small_vm(2)};
  world.vms[0].memory[0].pa = 0x4a000000;
  world.vms[1].memory.push_back(
      {foreign_ipa, page, RegionKind::foreign, Backing::contiguous, 0x4a001000, page});
  Machines m{world};
  EXPECT_EQ(m.machine.owner(0x4a001000), owned_by(1));
  EXPECT_EQ(m.machine.translate(2, foreign_ipa, 1).pa.raw(), 0x4a001000U);
  m.machine.remove_vm(2);
  EXPECT_EQ(m.machine.owner(0x4a001000), owned_by(1));
}

TEST(Stage2, ARemovedPageLeavesAHoleAndPinnedPagesStay) {
  Machines m;
  const uint64_t whole = m.machine.stage2_digest(1);
  m.pin(1, ram_ipa + 2 * page, 1);
  EXPECT_FALSE(m.machine.remove_page(1, ram_ipa + 2 * page));
  EXPECT_EQ(m.machine.stage2_digest(1), whole);
  EXPECT_TRUE(m.machine.remove_page(1, ram_ipa + 5 * page));
  EXPECT_NE(m.machine.stage2_digest(1), whole);
  EXPECT_EQ(m.machine.translate(1, ram_ipa, 64).pages.raw(), 5U);
  EXPECT_EQ(m.machine.translate(1, ram_ipa + 5 * page, 1).kind, MemoryKind::none);
  EXPECT_EQ(m.machine.translate(1, ram_ipa + 6 * page, 64).pages.raw(), 58U);
  EXPECT_FALSE(m.machine.remove_page(1, ram_ipa + 5 * page));
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(Pins, AreCountedPerPage) {
  Machines m;
  m.pin(1, ram_ipa, 4);
  m.pin(1, ram_ipa + 2 * page, 4);
  const auto pins = m.machine.pins(1);
  ASSERT_EQ(pins.size(), 3U);
  EXPECT_EQ(pins[1].ipa, ram_ipa + 2 * page);
  EXPECT_EQ(pins[1].pages, 2U);
  EXPECT_EQ(pins[1].count, 2U);
  EXPECT_EQ(m.machine.pinned_pages(1), 8U);
  m.machine.unpin(1, ram_ipa, 4);
  m.machine.unpin(1, ram_ipa + 2 * page, 4);
  EXPECT_EQ(m.machine.pinned_pages(1), 0U);
  EXPECT_THAT(m.machine.pins(1), IsEmpty());
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(Pins, OfTheWrongThingAreReported) {
  Machines m;
  const auto real = m.machine.translate(1, ram_ipa, 2);
  auto wrong = real;
  wrong.pa = ffa::Pa{real.pa.raw() + page};
  EXPECT_FALSE(m.machine.pin(1, ram_ipa, wrong));
  EXPECT_FALSE(m.machine.pin(1, device_ipa, m.machine.translate(1, device_ipa, 1)));
  EXPECT_FALSE(m.machine.pin(9, ram_ipa, real));
  m.machine.unpin(1, ram_ipa, 1);
  m.pin(1, ram_ipa, 2);
  m.machine.unpin(1, ram_ipa, 3);
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("I01"), HasSubstr("I01"), HasSubstr("I05"),
                                     HasSubstr("I05"), HasSubstr("I05")));
  EXPECT_EQ(m.machine.pinned_pages(1), 2U);
}

TEST(Pins, OfAMappingThatWentAwayMeanwhileAreRefusedQuietly) {
  Machines m;
  const auto stale = m.machine.translate(1, ram_ipa, 4);
  ASSERT_TRUE(m.machine.remove_page(1, ram_ipa + 1 * page));
  EXPECT_FALSE(m.machine.pin(1, ram_ipa, stale));
  EXPECT_THAT(m.reports, IsEmpty());
}

std::array<std::byte, 16> pattern(uint8_t first) {
  std::array<std::byte, 16> bytes;
  for (size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<std::byte>(first + n);
  return bytes;
}

TEST(Buffers, CopyAcrossScatteredPages) {
  Machines m{with_backing(Backing::scattered, 8)};
  m.pin(1, ram_ipa, 1);
  m.pin(1, ram_ipa + page, 1);
  const uint32_t buffer = m.machine.map(1, ram_ipa, 2);
  ASSERT_NE(buffer, 0U);
  m.machine.copy_out(buffer, 4088, pattern(7));
  std::array<std::byte, 16> back{};
  EXPECT_TRUE(m.machine.read_ipa(1, ram_ipa + 4088, back));
  EXPECT_EQ(back, pattern(7));
  back = {};
  m.machine.copy_in(buffer, 4088, back);
  EXPECT_EQ(back, pattern(7));
  EXPECT_EQ(m.machine.mapped_buffers(1), 1U);
  m.machine.unmap(buffer);
  EXPECT_EQ(m.machine.mapped_buffers(1), 0U);
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(Buffers, AccessOutsideIsReportedAndNotDone) {
  Machines m;
  m.pin(1, ram_ipa, 1);
  const uint32_t buffer = m.machine.map(1, ram_ipa, 1);
  std::array<std::byte, 16> before{};
  ASSERT_TRUE(m.machine.read_ipa(1, ram_ipa + page - 8, before));
  m.machine.copy_out(buffer, 4088, pattern(7));
  m.machine.copy_out(buffer, 0xffffffff, pattern(7));
  auto target = pattern(1);
  m.machine.copy_in(buffer, 4081, target);
  std::array<std::byte, 16> after{};
  ASSERT_TRUE(m.machine.read_ipa(1, ram_ipa + page - 8, after));
  EXPECT_EQ(before, after);
  EXPECT_EQ(target[3], std::byte{0xee});
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("I21"), HasSubstr("I21"), HasSubstr("I21")));
}

TEST(Buffers, WrongUseIsReported) {
  Machines m;
  EXPECT_EQ(m.machine.map(1, ram_ipa, 1), 0U);  // not pinned
  m.pin(1, read_only_ipa, 1);
  EXPECT_EQ(m.machine.map(1, read_only_ipa, 1), 0U);  // not writable
  EXPECT_EQ(m.machine.map(1, ram_ipa, ~uint64_t{0}), 0U);
  m.pin(1, ram_ipa, 1);
  const uint32_t buffer = m.machine.map(1, ram_ipa, 1);
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("not pinned"), HasSubstr("not writable"),
                                     HasSubstr("names nothing")));
  m.reports.clear();
  m.machine.unpin(1, ram_ipa, 1);  // while mapped
  m.machine.unmap(buffer);
  m.machine.unmap(buffer);
  m.machine.copy_out(buffer, 0, pattern(3));
  m.machine.unmap(m.machine.own_buffers().tx.id.raw());
  EXPECT_THAT(m.reports,
              ElementsAre(HasSubstr("I06"), HasSubstr("I22"), HasSubstr("I22"), HasSubstr("I22")));
}

TEST(Buffers, TheMediatorsOwnLieWhereTheWorldSays) {
  Machines m;
  const auto own = m.machine.own_buffers();
  EXPECT_EQ(own.tx.pa.raw(), 0x48000000U);
  EXPECT_EQ(own.rx.pa.raw(), 0x48010000U);
  m.machine.copy_out(own.tx.id.raw(), 32, pattern(9));
  std::array<std::byte, 16> back{};
  ASSERT_TRUE(m.machine.read_pa(0x48000020, back));
  EXPECT_EQ(back, pattern(9));
  EXPECT_EQ(m.machine.owner(0x48000000), PageOwner::hypervisor);
}

TEST(Memory, FreshPagesTellTheirOwnerAndAddress) {
  Machines m;
  const uint64_t pa = m.machine.translate(1, ram_ipa, 1).pa.raw();
  uint64_t one = 0;
  uint64_t next = 0;
  uint64_t other = 0;
  const auto read = [&](uint16_t vm, uint64_t ipa, uint64_t& to) {
    return m.machine.read_ipa(vm, ipa, std::as_writable_bytes(std::span{&to, 1}));
  };
  ASSERT_TRUE(read(1, ram_ipa, one) && read(1, ram_ipa + 8, next) && read(2, ram_ipa, other));
  EXPECT_EQ(one, canary_word(owned_by(1), pa));
  EXPECT_NE(one, next);
  EXPECT_EQ(other >> 32, canary_mark(owned_by(2)));
  EXPECT_TRUE(is_foreign_canary(static_cast<uint32_t>(other >> 32), owned_by(1), owned_by(1)));
  EXPECT_FALSE(is_foreign_canary(static_cast<uint32_t>(one >> 32), owned_by(1), owned_by(1)));
}

TEST(Memory, AccessByIpaHonoursStage2) {
  Machines m;
  std::array<std::byte, 16> bytes{};
  EXPECT_TRUE(m.machine.write_ipa(1, foreign_ipa, bytes));
  EXPECT_TRUE(m.machine.read_ipa(1, read_only_ipa, bytes));
  EXPECT_FALSE(m.machine.write_ipa(1, read_only_ipa, bytes));
  EXPECT_FALSE(m.machine.read_ipa(1, device_ipa, bytes));
  EXPECT_FALSE(m.machine.read_ipa(1, 0x70000000, bytes));
  // Half of it lies behind the end: nothing is written.
  std::array<std::byte, 16> before{};
  std::array<std::byte, 16> after{};
  const uint64_t last = ram_ipa + 64 * page - 8;
  EXPECT_FALSE(m.machine.write_ipa(1, last, pattern(4)));
  ASSERT_TRUE(m.machine.read_ipa(1, last, std::span{before}.first(8)));
  ASSERT_TRUE(m.machine.read_ipa(1, last, std::span{after}.first(8)));
  EXPECT_NE(before[0], pattern(4)[0]);
}

TEST(Memory, TheDigestIsOfContentsNotOfAccesses) {
  Machines m;
  const uint64_t fresh = m.machine.memory_digest(owned_by(1));
  const uint64_t others = m.machine.memory_digest(owned_by(2));
  std::array<std::byte, 16> kept{};
  ASSERT_TRUE(m.machine.read_ipa(1, ram_ipa + 64, kept));
  EXPECT_EQ(m.machine.memory_digest(owned_by(1)), fresh);
  ASSERT_TRUE(m.machine.write_ipa(1, ram_ipa + 64, pattern(1)));
  EXPECT_NE(m.machine.memory_digest(owned_by(1)), fresh);
  EXPECT_EQ(m.machine.memory_digest(owned_by(2)), others);
  ASSERT_TRUE(m.machine.write_ipa(1, ram_ipa + 64, kept));
  EXPECT_EQ(m.machine.memory_digest(owned_by(1)), fresh);
}

TEST(Memory, OutsideRamThereIsNothing) {
  Machines m;
  std::array<std::byte, 16> bytes{};
  EXPECT_FALSE(m.machine.read_pa(0x1000, bytes));
  EXPECT_FALSE(m.machine.read_pa(~uint64_t{7}, bytes));
  EXPECT_EQ(m.machine.owner(0x0e000000), PageOwner::secure);
  WorldSpec sparse;
  sparse.sparse_ram = true;
  Machines anywhere{sparse};
  EXPECT_TRUE(anywhere.machine.write_pa(0x880001000, pattern(2)));
  EXPECT_TRUE(anywhere.machine.read_pa(0x880001000, bytes));
  EXPECT_EQ(bytes, pattern(2));
}

TEST(VmLife, MemoryOfADeadVmIsReusedAndFreshlyPoisoned) {
  WorldSpec world;
  world.vms = {small_vm(1)};
  Machines m{world};
  const uint64_t pa = m.machine.translate(1, ram_ipa, 1).pa.raw();
  ASSERT_TRUE(m.machine.write_ipa(1, ram_ipa, pattern(5)));
  m.machine.remove_vm(1);
  EXPECT_FALSE(m.machine.has_vm(1));
  EXPECT_EQ(m.machine.owner(pa), PageOwner::none);
  m.machine.add_vm(small_vm(3));
  EXPECT_EQ(m.machine.translate(3, ram_ipa, 1).pa.raw(), pa);
  uint64_t word = 0;
  ASSERT_TRUE(m.machine.read_ipa(3, ram_ipa, std::as_writable_bytes(std::span{&word, 1})));
  EXPECT_EQ(word, canary_word(owned_by(3), pa));
  EXPECT_THAT(m.reports, IsEmpty());
}

TEST(VmLife, WhatIsStillHeldAtTheEndIsReported) {
  Machines m;
  m.pin(1, ram_ipa, 1);
  ASSERT_NE(m.machine.map(1, ram_ipa, 1), 0U);
  m.machine.remove_vm(1);
  EXPECT_THAT(m.reports, ElementsAre(HasSubstr("I22"), HasSubstr("I06")));
  m.machine.remove_vm(1);
  EXPECT_EQ(m.reports.size(), 3U);
}

TEST(VmLife, QuarantinedPagesNeverReturn) {
  WorldSpec world;
  world.vms = {small_vm(1)};
  Machines m{world};
  const uint64_t pa = m.pin(1, ram_ipa + 3 * page, 2).pa.raw();
  m.machine.quarantine(1);
  m.machine.remove_vm(1);
  EXPECT_THAT(m.reports, IsEmpty());
  EXPECT_EQ(m.machine.owner(pa), PageOwner::quarantined);
  EXPECT_EQ(m.machine.owner(pa + page), PageOwner::quarantined);
  EXPECT_EQ(m.machine.owner(pa - page), PageOwner::none);
  m.machine.add_vm(small_vm(1));
  for (uint64_t n = 0; n < 64; ++n) {
    const uint64_t reused = m.machine.translate(1, ram_ipa + n * page, 1).pa.raw();
    EXPECT_TRUE(reused < pa || reused >= pa + 2 * page);
  }
}

}  // namespace
}  // namespace sim::test
