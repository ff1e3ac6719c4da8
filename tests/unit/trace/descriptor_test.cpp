// SPDX-License-Identifier: BSD-3-Clause
// The observer's descriptor parser: meaning, and every byte accounted for.
#include "tools/ffa-trace/descriptor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using ffa_trace::HeaderLayout;
using ffa_trace::PageRun;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Bytes = std::vector<uint8_t>;

void put(Bytes& bytes, size_t at, uint64_t value, size_t length) {
  for (size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<uint8_t>(value >> (8 * i));
}

/// 1.2: two receivers, two ranges of 3 and 5 pages.
Bytes two_by_two() {
  Bytes bytes(48 + 2 * 32 + 16 + 2 * 16);
  put(bytes, 0, 0x0003, 2);
  put(bytes, 2, 0x2f, 2);
  put(bytes, 4, 0x2, 4);
  put(bytes, 16, 0xfeed, 8);
  put(bytes, 24, 32, 4);
  put(bytes, 28, 2, 4);
  put(bytes, 32, 48, 4);
  for (size_t i = 0; i < 2; ++i) {
    put(bytes, 48 + 32 * i, 0x8001 + i, 2);
    put(bytes, 50 + 32 * i, i + 1, 1);
    put(bytes, 52 + 32 * i, 112, 4);
  }
  put(bytes, 112, 8, 4);
  put(bytes, 116, 2, 4);
  put(bytes, 128, 0x40001000, 8);
  put(bytes, 136, 3, 4);
  put(bytes, 144, 0x40010000, 8);
  put(bytes, 152, 5, 4);
  return bytes;
}

TEST(Descriptor, MeaningOfTwoReceiversAndTwoRanges) {
  const Bytes bytes = two_by_two();
  const auto d = ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_1);
  EXPECT_THAT(d.problems, IsEmpty());
  EXPECT_EQ(d.sender, 3);
  EXPECT_EQ(d.attributes, 0x2f);
  EXPECT_EQ(d.flags, 2U);
  EXPECT_EQ(d.tag, 0xfeedU);
  EXPECT_EQ(d.handle, 0U);
  ASSERT_THAT(d.receivers, SizeIs(2));
  EXPECT_EQ(d.receivers[1].id, 0x8002);
  EXPECT_EQ(d.receivers[1].permissions, 2);
  EXPECT_EQ(d.total_pages, 8U);
  EXPECT_THAT(d.ranges, ElementsAre(PageRun{0x40001000, 3}, PageRun{0x40010000, 5}));
}

TEST(Descriptor, EveryChangedBitChangesMeaningOrForm) {
  const Bytes bytes = two_by_two();
  const auto base = ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_1);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    Bytes flipped = bytes;
    flipped[bit / 8] = static_cast<uint8_t>(flipped[bit / 8] ^ (1U << (bit % 8)));
    const auto d = ffa_trace::parse_descriptor(flipped, flipped.size(), HeaderLayout::v1_1);
    const bool same = d.problems.empty() && d.sender == base.sender &&
                      d.attributes == base.attributes && d.flags == base.flags &&
                      d.handle == base.handle && d.tag == base.tag &&
                      d.receivers == base.receivers && d.ranges == base.ranges;
    EXPECT_FALSE(same) << "byte " << bit / 8 << " bit " << bit % 8;
  }
}

TEST(Descriptor, EveryCutIsAProblemAndNeverACrash) {
  const Bytes bytes = two_by_two();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(ffa_trace::parse_descriptor(cut, size, HeaderLayout::v1_1).problems.empty())
        << size;
    (void)ffa_trace::parse_descriptor(cut, size, HeaderLayout::v1_0);
  }
}

TEST(Descriptor, AFirstFragmentHasNoProblemForTheRangesToCome) {
  const Bytes bytes = two_by_two();
  const Bytes first(bytes.begin(), bytes.end() - 16);
  const auto d = ffa_trace::parse_descriptor(first, bytes.size(), HeaderLayout::v1_1);
  EXPECT_THAT(d.problems, IsEmpty());
  EXPECT_THAT(d.ranges, SizeIs(1));
  const auto rest = ffa_trace::parse_fragment(Bytes(bytes.end() - 16, bytes.end()));
  EXPECT_THAT(rest.ranges, ElementsAre(PageRun{0x40010000, 5}));
}

TEST(Descriptor, Version10HasItsOwnHeader) {
  Bytes bytes(80);
  put(bytes, 0, 1, 2);
  put(bytes, 2, 0x2f, 1);
  put(bytes, 28, 1, 4);
  put(bytes, 32, 0x8001, 2);
  put(bytes, 34, 2, 1);
  put(bytes, 36, 48, 4);
  put(bytes, 48, 1, 4);
  put(bytes, 52, 1, 4);
  put(bytes, 64, 0x80001000, 8);
  put(bytes, 72, 1, 4);
  const auto d = ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_0);
  EXPECT_THAT(d.problems, IsEmpty());
  EXPECT_THAT(d.ranges, ElementsAre(PageRun{0x80001000, 1}));
  put(bytes, 24, 7, 1);
  EXPECT_THAT(ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_0).problems,
              ElementsAre(HasSubstr("byte 24: reserved")));
}

TEST(Descriptor, HostileCountsEndQuickly) {
  Bytes bytes = two_by_two();
  put(bytes, 116, 0xffffffff, 4);
  EXPECT_FALSE(
      ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_1).problems.empty());
  put(bytes, 28, 0xffffffff, 4);
  EXPECT_FALSE(
      ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_1).problems.empty());
  put(bytes, 32, 0xfffffff0, 4);
  EXPECT_FALSE(
      ffa_trace::parse_descriptor(bytes, bytes.size(), HeaderLayout::v1_1).problems.empty());
}

TEST(Descriptor, MergedRunsForgetCutsAndKeepOrder) {
  EXPECT_THAT(ffa_trace::merged({{0x1000, 1}, {0x2000, 2}, {0x5000, 1}, {0x4000, 1}}),
              ElementsAre(PageRun{0x1000, 3}, PageRun{0x5000, 1}, PageRun{0x4000, 1}));
}

}  // namespace
