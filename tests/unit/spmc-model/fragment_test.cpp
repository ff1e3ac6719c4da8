// SPDX-License-Identifier: BSD-3-Clause
// Shares in several fragments. Numbers are rows of docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

struct SpmcFragments : testing::Test {
  World world;
  std::vector<uint8_t> bytes;

  void SetUp() override {
    world.boot(ffa::v1_1);
    bytes = many_ranges(6).bytes();
  }
  static Descriptor many_ranges(uint64_t count) {
    Descriptor descriptor;
    descriptor.ranges.clear();
    for (uint64_t i = 0; i < count; ++i) {
      descriptor.ranges.push_back({0x49000000 + i * 0x4000, static_cast<uint32_t>(i % 3 + 1)});
    }
    return descriptor;
  }
  /// Sends bytes [0, length) as the first fragment.
  Regs first(size_t length) {
    world.memory.put(tx_page, {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)});
    return world.call({fid64(Fid::mem_share), bytes.size(), length});
  }
  /// Sends bytes [from, from + length) as the next one.
  Regs next(uint64_t region, size_t from, size_t length, uint16_t sender = vm1) {
    world.memory.put(tx_page, {bytes.begin() + static_cast<ptrdiff_t>(from),
                               bytes.begin() + static_cast<ptrdiff_t>(from + length)});
    return world.call(Fid::mem_frag_tx, static_cast<uint32_t>(region), region >> 32, length,
                      uint64_t{sender} << 16);
  }
  void expect_whole(size_t index) {
    const Descriptor want = many_ranges(6);
    ASSERT_EQ(world.spmc->region(index).ranges, want.ranges.size());
    for (uint32_t i = 0; i < want.ranges.size(); ++i) {
      Pa pa;
      ffa::PageCount pages;
      world.spmc->region_range(index, i, pa, pages);
      EXPECT_EQ(pa.raw(), want.ranges[i].address) << i;
      EXPECT_EQ(pages.raw(), want.ranges[i].pages) << i;
    }
  }
  static constexpr uint64_t handle = 0x100000050000;
  static constexpr size_t composite_end = 96;  // header 48, two entries, composite header
};

TEST_F(SpmcFragments, Knob34FirstFragmentGetsTheHandleAndTheNextOffset) {
  const Regs out = first(composite_end + 32);
  EXPECT_EQ(out.x[0], frag_rx);
  EXPECT_EQ(out.x[1], 0x50000U);
  EXPECT_EQ(out.x[2], 0x1000U);
  EXPECT_EQ(out.x[3], composite_end + 32);
  EXPECT_EQ(out.x[4], 0U);
  ASSERT_EQ(world.spmc->regions(), 1U);
  EXPECT_FALSE(world.spmc->region(0).complete);
  EXPECT_EQ(world.spmc->region(0).ranges, 2U);
}

TEST_F(SpmcFragments, Knob34AnyCutGivesTheSameRegion) {
  for (size_t a = composite_end; a < bytes.size(); a += 16) {
    for (size_t b = a + 16; b < bytes.size(); b += 16) {
      ASSERT_EQ(first(a).x[3], a);
      const Regs middle = next(handle, a, b - a);
      ASSERT_EQ(middle.x[0], frag_rx);
      ASSERT_EQ(middle.x[3], b);
      const Regs last = next(handle, b, bytes.size() - b);
      ASSERT_EQ(last.x[0], success_32);
      ASSERT_EQ(handle_of(last), handle);
      expect_whole(0);
      ASSERT_EQ(world.reclaim(handle).x[0], success_32);
    }
  }
}

TEST_F(SpmcFragments, Knob34RangesCompleteBeforeTheTotalLengthEndTheTransaction) {
  bytes.resize(bytes.size() + 64);
  const Regs out = first(bytes.size() - 64);
  EXPECT_EQ(out.x[0], success_32);
  EXPECT_EQ(handle_of(out), handle);
  EXPECT_STATUS(next(handle, bytes.size() - 64, 64), invalid_parameters);
  expect_whole(0);
}

TEST_F(SpmcFragments, FirstFragmentMustHoldTheCompositeHeader) {
  EXPECT_STATUS(first(composite_end - 1), invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 0U);
}

TEST_F(SpmcFragments, OtherCallsAndTransactionsMayComeBetween) {
  first(composite_end + 16);
  EXPECT_EQ(handle_of(world.share({})), handle + 1);
  EXPECT_SUCCESS(world.call(Fid::partition_info_get));
  EXPECT_EQ(next(handle, composite_end + 16, 16).x[0], frag_rx);
  EXPECT_SUCCESS(world.reclaim(handle + 1));
  EXPECT_SUCCESS(next(handle, composite_end + 32, bytes.size() - composite_end - 32));
  expect_whole(0);
}

TEST_F(SpmcFragments, Knob35FragmentMustNameTheSender) {
  first(composite_end);
  EXPECT_STATUS(next(handle, composite_end, 16, 0), invalid_parameters);
  EXPECT_STATUS(next(handle, composite_end, 16, vm2), invalid_parameters);
  EXPECT_STATUS(next(handle, composite_end, 16, 3), invalid_parameters);
  EXPECT_EQ(next(handle, composite_end, 16).x[3], composite_end + 16) << "the transaction lives on";
}

TEST_F(SpmcFragments, Knob36PartOfARangeIsAskedForAgain) {
  EXPECT_EQ(first(composite_end + 25).x[3], composite_end + 16);
  EXPECT_EQ(next(handle, composite_end + 16, 15).x[3], composite_end + 16);
  EXPECT_EQ(next(handle, composite_end + 16, 40).x[3], composite_end + 48);
  EXPECT_SUCCESS(next(handle, composite_end + 48, bytes.size() - composite_end - 48));
  expect_whole(0);
}

TEST_F(SpmcFragments, Knob37BytesBehindTheLastRangeAreIgnored) {
  first(composite_end);
  const size_t rest = bytes.size() - composite_end;
  bytes.resize(bytes.size() + 48, 0xff);
  EXPECT_SUCCESS(next(handle, composite_end, rest + 48));
  expect_whole(0);
}

TEST_F(SpmcFragments, Knob38ABadFragmentFreesTheTransaction) {
  first(composite_end + 16);
  put_le(bytes, composite_end + 16, 8, 0x0e100000);
  EXPECT_STATUS(next(handle, composite_end + 16, 32), invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 0U);
  EXPECT_STATUS(next(handle, composite_end + 16, 32), invalid_parameters);
  EXPECT_EQ(handle_of(world.share({})), handle) << "the handle is free again";
}

TEST_F(SpmcFragments, Knob38AWrongPageTotalFreesTheTransactionAtItsEnd) {
  put_le(bytes, composite_end - 16, 4, 13);
  EXPECT_EQ(first(composite_end + 16).x[0], frag_rx);
  EXPECT_STATUS(next(handle, composite_end + 16, bytes.size() - composite_end - 16),
                invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 0U);
}

TEST_F(SpmcFragments, Knob38AFragmentLongerThanTheBufferLeavesTheTransaction) {
  first(composite_end + 16);
  EXPECT_STATUS(world.call(Fid::mem_frag_tx, 0x50000, 0x1000, 4097, uint64_t{vm1} << 16),
                invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 1U);
  EXPECT_SUCCESS(next(handle, composite_end + 16, bytes.size() - composite_end - 16));
}

TEST_F(SpmcFragments, Knob39ReclaimOfAnIncompleteTransactionIsInvalid) {
  first(composite_end + 16);
  EXPECT_STATUS(world.reclaim(handle), invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 1U);
}

TEST_F(SpmcFragments, IncompleteRegionsCannotBeRetrieved) {
  first(composite_end + 16);
  EXPECT_EQ(world.ask(vm1, spmc_model::sp_protocol::Operation::retrieve, handle).first, -2);
}

TEST_F(SpmcFragments, FragmentAfterCompletionIsInvalid) {
  world.share({});
  EXPECT_STATUS(next(handle, composite_end, 16), invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 1U);
}

TEST_F(SpmcFragments, Knob7FragmentsOfADynamicBufferComeThereAgain) {
  constexpr uint64_t buffer = 0x4a000000;
  world.memory.put(buffer, bytes);
  EXPECT_EQ(world.call({fid64(Fid::mem_share), bytes.size(), composite_end + 16, buffer, 1}).x[0],
            frag_rx);
  world.memory.put(buffer, {bytes.begin() + composite_end + 16, bytes.end()});
  EXPECT_STATUS(world.call(Fid::mem_frag_tx, 0x50000, 0x1000, 4097, uint64_t{vm1} << 16),
                invalid_parameters);
  EXPECT_SUCCESS(world.call(Fid::mem_frag_tx, 0x50000, 0x1000, bytes.size() - composite_end - 16,
                            uint64_t{vm1} << 16));
  expect_whole(0);
}

TEST_F(SpmcFragments, LendInFragments) {
  Descriptor lend = many_ranges(6);
  lend.attributes = 0;
  bytes = lend.bytes();
  world.memory.put(tx_page, bytes);
  EXPECT_EQ(world.call({fid32(Fid::mem_lend), bytes.size(), composite_end + 48}).x[0], frag_rx);
  EXPECT_SUCCESS(next(handle, composite_end + 48, bytes.size() - composite_end - 48));
  EXPECT_TRUE(world.spmc->region(0).lent);
}

TEST_F(SpmcFragments, FourThousandRangesInBuffersOfOnePage) {
  bytes = many_ranges(4096).bytes();
  EXPECT_EQ(first(4096).x[3], 4096U);
  size_t at = 4096;
  Regs out{};
  while (at < bytes.size()) {
    const size_t length = std::min<size_t>(4096, bytes.size() - at);
    out = next(handle, at, length);
    at += length;
    if (at < bytes.size()) {
      ASSERT_EQ(out.x[0], frag_rx);
      ASSERT_EQ(out.x[3], at);
    }
  }
  EXPECT_SUCCESS(out);
  EXPECT_EQ(world.spmc->region(0).ranges, 4096U);
}

TEST_F(SpmcFragments, TheRangePoolRunsOutWithNoMemory) {
  const auto big = many_ranges(spmc_model::default_ranges / 2 + 1).bytes();
  world.memory.put(tx_page, {big.begin(), big.begin() + 4096});
  EXPECT_EQ(world.call({fid64(Fid::mem_share), big.size(), 4096}).x[0], frag_rx);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), big.size(), 4096}), no_memory);
  EXPECT_EQ(world.spmc->regions(), 1U);
}

}  // namespace
}  // namespace spmc_test
