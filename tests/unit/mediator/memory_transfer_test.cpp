// SPDX-License-Identifier: BSD-3-Clause
// Sends that a guest makes in fragments: the outcome does not depend on the cuts; each transfer is
// found by its handle and owner; abandoned ones are given up by rule.
#include "memory_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary
using mediator::FragmentHandles;

constexpr uint32_t frag_rx = 0x8400007a;
constexpr uint32_t frag_tx = 0x8400007b;

class Transfers : public MemorySharing, public testing::WithParamInterface<FragmentHandles> {
 protected:
  void SetUp() override {
    MemorySharing::SetUp();
    world.config.fragment_handles = GetParam();
  }
  ffa::Regs fragment(uint64_t handle, const Bytes& bytes, uint16_t vm = 1, uint16_t vcpu = 0) {
    write_tx(bytes, vm);
    return low(world.call(vm, {frag_tx, handle & 0xffffffff, handle >> 32, bytes.size()}, vcpu));
  }
  ffa::Regs first_fragment(const Bytes& whole, size_t length, uint16_t vm = 1) {
    write_tx(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)), vm);
    return low(world.call(vm, {0xc4000073, whole.size(), length}));
  }
  static Bytes part(const Bytes& whole, size_t from, size_t to) {
    return {whole.begin() + static_cast<ptrdiff_t>(from),
            whole.begin() + static_cast<ptrdiff_t>(to)};
  }
  static uint64_t handle_asked(const ffa::Regs& reply) {
    EXPECT_EQ(reply.x[0], frag_rx);
    return reply.w(1) | reply.x[2] << 32;
  }
  /// Sends `whole` cut at `ends` (the last is its length). The last reply.
  ffa::Regs send_cut(const Bytes& whole, const std::vector<size_t>& ends, uint16_t vm = 1) {
    ffa::Regs reply = first_fragment(whole, ends.front(), vm);
    for (size_t n = 1; n < ends.size() && reply.x[0] == frag_rx; ++n) {
      EXPECT_EQ(reply.x[3], ends[n - 1]);
      EXPECT_EQ(reply.x[4], 0U);
      reply = fragment(handle_asked(reply), part(whole, ends[n - 1], ends[n]), vm);
    }
    return reply;
  }
  /// The pages that the SPMC was told of, each by its physical address; it speaks 1.2.
  std::vector<uint64_t> pages_at_spmc(const ffa::Regs& success) {
    const Bytes& image = spmc.at(handle_in(success));
    std::vector<uint64_t> result;
    const size_t ranges_at = 48 + 32 * get(image, 28, 4) + 16;
    for (size_t at = ranges_at; at < image.size(); at += 16) {
      for (uint64_t n = 0; n < get(image, at + 8, 4); ++n) {
        result.push_back(get(image, at, 8) + n * ffa::page_size);
      }
    }
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Memory, Transfers,
                         testing::Values(FragmentHandles::streamed, FragmentHandles::preset),
                         [](const auto& test) {
                           return test.param == FragmentHandles::preset ? "preset" : "streamed";
                         });

TEST_P(Transfers, TheHandleOfTheFirstReplyIsTheOneThatTheSpmcKnows) {
  start();
  const State before = state();
  const Bytes whole = plan().build();
  const size_t head = whole.size() - 48;
  const uint64_t handle = handle_asked(first_fragment(whole, head + 16));
  EXPECT_EQ(handle >> 63, GetParam() == FragmentHandles::preset ? 1U : 0U);
  EXPECT_EQ(fragment(handle, part(whole, head + 16, head + 32)),
            fake::regs({frag_rx, handle & 0xffffffff, handle >> 32, head + 32}));
  EXPECT_EQ(fragment(handle, part(whole, head + 32, head + 48)),
            fake::regs({0x84000061, 0, handle & 0xffffffff, handle >> 32}));
  ASSERT_TRUE(spmc.contains(handle));
  EXPECT_EQ(pins_at(flat + 0x4000), 1);
  EXPECT_EQ(reclaim(handle), ffa::success32());
  EXPECT_EQ(state(), before);
}

/// Ranges of every kind, most of them good: over contiguous and over scattered host pages.
Descriptor random_plan(Numbers& numbers, Layout layout, bool good) {
  Descriptor descriptor;
  descriptor.layout = layout;
  descriptor.ranges.clear();
  const uint64_t count = 1 + numbers.below(8);
  for (uint64_t n = 0; n < count; ++n) {
    const uint64_t base = numbers.below(2) == 0 ? flat : scattered;
    const uint64_t page = good ? n * 6 : numbers.below(67);
    const auto length = static_cast<uint32_t>(good ? 1 + numbers.below(5) : numbers.below(5));
    descriptor.ranges.emplace_back(base + page * ffa::page_size, length);
  }
  return descriptor;
}

// Plans x cuts x layouts of host memory x versions: the same result, the same pages at the SPMC.
TEST_P(Transfers, WhateverPlanAndCutsTheResultIsThatOfTheWhole) {
  Numbers numbers{0x5eed};
  size_t succeeded = 0;
  size_t failed = 0;
  for (const uint16_t vm : {uint16_t{1}, uint16_t{2}, uint16_t{3}}) {
    const Layout layout = all_layouts[vm - 1];
    start(vm, version_of(layout));
    const State before = state();
    for (unsigned round = 0; round < 340; ++round) {
      const bool good = numbers.below(3) != 0;
      Descriptor descriptor = random_plan(numbers, layout, good);
      descriptor.sender = vm;
      const size_t ranges_at = descriptor.composite() + 16;
      Bytes whole = descriptor.build();
      const bool bad_sum = !good && numbers.below(3) == 0;
      if (bad_sum) put(whole, ranges_at - 16, get(whole, ranges_at - 16, 4) + 1, 4);

      const ffa::Regs at_once = share_bytes(whole, vm);
      const Rule rule = world.platform.last_rules.rejected();
      std::vector<uint64_t> told;
      if (ffa::is_success(at_once)) {
        told = pages_at_spmc(at_once);
        ASSERT_EQ(reclaim(handle_in(at_once), vm), ffa::success32());
      }
      std::vector<size_t> ends;
      for (size_t at = ranges_at; at < whole.size(); at += 16) {
        if (numbers.below(2) == 0) ends.push_back(at);
      }
      ends.push_back(whole.size());
      const ffa::Regs in_parts = send_cut(whole, ends, vm);
      ASSERT_EQ(ffa::is_success(in_parts), ffa::is_success(at_once)) << round;
      if (ffa::is_success(in_parts)) {
        ASSERT_EQ(pages_at_spmc(in_parts), told) << round;
        ASSERT_EQ(reclaim(handle_in(in_parts), vm), ffa::success32());
      } else {
        ASSERT_EQ(in_parts, at_once) << round;
        ASSERT_EQ(world.platform.last_rules.rejected(), rule) << round;
      }
      ++(ffa::is_success(at_once) ? succeeded : failed);
      ASSERT_EQ(state(), before) << round;
    }
  }
  EXPECT_GT(succeeded, 300U);
  EXPECT_GT(failed, 200U);
}

// Also of what is wrong besides, the same is found first.
TEST_P(Transfers, TheQuotaOfPagesIsAskedBeforeRangesAreLookedAt) {
  start();
  Descriptor descriptor = pages(read_only);
  descriptor.ranges = {{read_only, 2}, {flat, 32}, {scattered, 32}};  // 66 of 64 pages
  const Bytes whole = descriptor.build();
  EXPECT_REJECTED(world, share_bytes(whole), mem_quota_pages);
  EXPECT_REJECTED(world, first_fragment(whole, whole.size() - 32), mem_quota_pages);
  EXPECT_TRUE(half.empty());
}

TEST_P(Transfers, SeveralAtOnceAreFoundByHandleAndOwner) {
  start();
  start(2);
  const Bytes a = pages(flat, 2).build();
  const Bytes b = pages(scattered, 3).build();
  const Bytes c = pages(flat, 4, 2).build();
  const uint64_t handle_a = handle_asked(first_fragment(a, a.size() - 16));
  const uint64_t handle_b = handle_asked(first_fragment(b, b.size() - 16));
  const uint64_t handle_c = handle_asked(first_fragment(c, c.size() - 16, 2));
  EXPECT_EQ(std::set<uint64_t>({handle_a, handle_b, handle_c}).size(), 3U);
  const State open = state();
  EXPECT_REJECTED(world, fragment(handle_a, part(a, a.size() - 16, a.size()), 2), frag_tx_handle);
  EXPECT_REJECTED(world, fragment(handle_a + 77, part(a, a.size() - 16, a.size())), frag_tx_handle);
  EXPECT_REJECTED(world, reclaim(handle_a), reclaim_handle);
  EXPECT_EQ(state(), open);
  EXPECT_EQ(handle_in(fragment(handle_b, part(b, b.size() - 16, b.size()))), handle_b);
  EXPECT_EQ(handle_in(fragment(handle_c, part(c, c.size() - 16, c.size()), 2)), handle_c);
  EXPECT_EQ(handle_in(fragment(handle_a, part(a, a.size() - 16, a.size()))), handle_a);
  EXPECT_REJECTED(world, fragment(handle_a, part(a, a.size() - 16, a.size())), frag_tx_handle);
  EXPECT_EQ(spmc.size(), 3U);
}

TEST_P(Transfers, WhatIsNoFragmentOfItLeavesASendAsItIs) {
  start();
  const Bytes whole = pages(flat, 2).build();
  const uint64_t handle = handle_asked(first_fragment(whole, whole.size() - 16));
  const State open = state();
  const uint64_t words[] = {handle & 0xffffffff, handle >> 32};
  const auto send = [&](uint64_t length, uint64_t w4) {
    return low(world.call(1, {frag_tx, words[0], words[1], length, w4}));
  };
  EXPECT_REJECTED(world, send(16, 1), frag_tx_reserved);
  EXPECT_REJECTED(world, send(16, 0x10000), frag_tx_reserved);
  EXPECT_REJECTED(world, send(0, 0), frag_tx_length);
  EXPECT_REJECTED(world, send(8, 0), frag_tx_length);
  EXPECT_REJECTED(world, send(4096 + 16, 0), tx_length);
  EXPECT_EQ(state(), open);
  EXPECT_SUCCESS32(fragment(handle, part(whole, whole.size() - 16, whole.size())));
}

TEST_P(Transfers, ABadFragmentEndsItsSendAndNothingElse) {
  start();
  Descriptor both = pages(scattered, 1);
  both.ranges.emplace_back(scattered + 0x8000, 1);
  const Bytes other = both.build();
  const uint64_t kept = handle_asked(first_fragment(other, other.size() - 16));
  const State before = state();
  Descriptor descriptor = pages(flat, 2);
  descriptor.ranges = {{flat, 2}, {flat + 0x4000, 1}, {flat + 0x1000, 1}};
  const Bytes whole = descriptor.build();
  const size_t head = whole.size() - 48;
  const auto begin = [&] { return handle_asked(first_fragment(whole, head + 32)); };

  EXPECT_REJECTED(world, fragment(begin(), part(whole, head + 32, head + 48)), mem_ranges_disjoint);
  EXPECT_EQ(state(), before);
  const Bytes longer(32, std::byte{0});
  EXPECT_REJECTED(world, fragment(begin(), longer), frag_tx_within_total);
  EXPECT_EQ(state(), before);
  const auto range = [](uint64_t address, uint64_t count) {
    Bytes bytes(16);
    put(bytes, 0, address, 8);
    put(bytes, 8, count, 4);
    return bytes;
  };
  EXPECT_REJECTED(world, fragment(begin(), range(flat + 0x8000, 2)), mem_page_sum);
  EXPECT_REJECTED(world, fragment(begin(), range(flat + 0x8008, 1)), mem_range_aligned);
  EXPECT_REJECTED(world, fragment(begin(), range(hole, 1)), mem_pages_ram);
  EXPECT_REJECTED(world, fragment(begin(), range(fake::tx_ipa, 1)), mem_pages_not_buffer);
  EXPECT_REJECTED(world, fragment(begin(), range(scattered, 1)), mem_pages_not_shared);
  EXPECT_EQ(state(), before);
  EXPECT_SUCCESS32(fragment(kept, part(other, other.size() - 16, other.size())));
}

TEST_P(Transfers, TheOneThatWasUsedLongestAgoIsGivenUpForANewOne) {
  EXPECT_TRUE(world.boot().ok());
  auto vm = fake::World::vm_config(1);
  vm.max_transfers = 2;
  EXPECT_TRUE(world.create_vm(vm).ok());
  world.negotiate(1, 0x10002);
  world.map_buffers(1);
  world.platform.add_memory(1, flat, 64, 0xb0000000);
  Descriptor two = pages(flat, 1);
  two.ranges.emplace_back(flat + 0x1000, 1);
  const Bytes a = two.build();
  const Bytes b = pages(flat + 0x8000).build();
  const Bytes c = pages(flat + 0x9000).build();
  const uint64_t handle_a = handle_asked(first_fragment(a, a.size() - 32));
  const uint64_t handle_b = handle_asked(first_fragment(b, b.size() - 16));
  EXPECT_EQ(handle_asked(fragment(handle_a, part(a, a.size() - 32, a.size() - 16))), handle_a);
  const uint64_t handle_c = handle_asked(first_fragment(c, c.size() - 16));
  EXPECT_REJECTED(world, fragment(handle_b, part(b, b.size() - 16, b.size())), frag_tx_handle);
  EXPECT_FALSE(half.contains(handle_b));
  EXPECT_SUCCESS32(fragment(handle_a, part(a, a.size() - 16, a.size())));
  EXPECT_SUCCESS32(fragment(handle_c, part(c, c.size() - 16, c.size())));
  EXPECT_EQ(spmc.size(), 2U);
}

TEST_P(Transfers, TheRestGoesWithTheVm) {
  start();
  const Bytes whole = pages(flat, 2).build();
  EXPECT_EQ(first_fragment(whole, whole.size() - 16).x[0], frag_rx);
  while (goes_on(world.mediator->domain_teardown(ffa::EndpointId{1}))) {
  }
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), mediator::Progress::done);
  EXPECT_EQ(world.platform.pins(1), 0);
  EXPECT_TRUE(half.empty());
}

TEST_P(Transfers, QuotasCountWhatIsUnderWay) {
  start();  // 4 shares, 16 ranges
  std::vector<uint64_t> handles;
  for (uint64_t n = 0; n < 4; ++n) {
    const Bytes whole = pages(flat + n * 0x2000).build();
    handles.push_back(handle_asked(first_fragment(whole, whole.size() - 16)));
  }
  EXPECT_REJECTED(world, share(pages(scattered)), mem_quota_shares);
  const Bytes first = pages(flat).build();
  EXPECT_SUCCESS32(fragment(handles[0], part(first, first.size() - 16, first.size())));
}

class Preset : public Transfers {};
INSTANTIATE_TEST_SUITE_P(Memory, Preset, testing::Values(FragmentHandles::preset));

TEST_P(Preset, AnSpmcThatIgnoresOurHandleIsTakenItBack) {
  honours_preset = false;
  start();
  const State before = state();
  const Bytes whole = pages(flat, 2).build();
  const uint64_t handle = handle_asked(first_fragment(whole, whole.size() - 16));
  EXPECT_REJECTED(world, fragment(handle, part(whole, whole.size() - 16, whole.size())),
                  mem_answer_same_handle);
  EXPECT_EQ(reclaims(), 1U);
  EXPECT_EQ(state(), before);
}

}  // namespace
