// SPDX-License-Identifier: BSD-3-Clause
// Memory that begins again as it was kept.
#include "sim/platform/kept_pages.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace sim {
namespace {

constexpr size_t page = 4096;

std::vector<std::byte> bytes_of(const PageMemory& memory) {
  return {memory.span().begin(), memory.span().end()};
}

TEST(KeptPages, EveryWrittenPageComesBackAndNoOtherIsCopied) {
  const PageMemory memory{7 * page};
  const auto span = memory.span();
  for (size_t n = 0; n < span.size(); ++n) span[n] = static_cast<std::byte>(n * 7 + n / page);
  const auto before = bytes_of(memory);
  KeptPages kept{memory};
  EXPECT_EQ(kept.written_pages(), 0U);
  for (int round = 0; round < 3; ++round) {
    span[5] = std::byte{0xee};
    span[3 * page - 1] = std::byte{0xdd};
    std::memset(span.data() + 6 * page, 0xcc, page);
    EXPECT_NE(bytes_of(memory), before);
    EXPECT_EQ(kept.written_pages(), 3U);
    kept.restore();
    EXPECT_EQ(bytes_of(memory), before);
  }
  span[4 * page] = std::byte{0x11};
  EXPECT_EQ(kept.written_pages(), 4U);
  kept.restore();
  EXPECT_EQ(bytes_of(memory), before);
}

TEST(KeptPages, WriteAcrossTwoPagesAndTwoKeptMemories) {
  const PageMemory one{2 * page};
  const PageMemory two{2 * page};
  std::ranges::fill(one.span(), std::byte{1});
  std::ranges::fill(two.span(), std::byte{2});
  KeptPages kept_one{one};
  KeptPages kept_two{two};
  std::memset(one.span().data() + page - 8, 9, 16);
  two.span()[0] = std::byte{9};
  EXPECT_EQ(kept_one.written_pages(), 2U);
  EXPECT_EQ(kept_two.written_pages(), 1U);
  kept_one.restore();
  EXPECT_EQ(one.span()[page], std::byte{1});
  EXPECT_EQ(two.span()[0], std::byte{9});
}

TEST(KeptPages, MemoryIsTheOwnersAgainAfterwards) {
  const PageMemory memory{page};
  std::ranges::fill(memory.span(), std::byte{3});
  {
    const KeptPages kept{memory};
  }
  memory.span()[0] = std::byte{4};
  EXPECT_EQ(memory.span()[0], std::byte{4});
}

TEST(KeptPagesDeathTest, FaultOfSomeoneElseStaysOne) {
  const PageMemory memory{page};
  std::ranges::fill(memory.span(), std::byte{3});
  const KeptPages kept{memory};
  void* const hole = mmap(nullptr, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(hole, MAP_FAILED);
  EXPECT_DEATH(std::memset(hole, 1, page), "");
  munmap(hole, page);
}

}  // namespace
}  // namespace sim
