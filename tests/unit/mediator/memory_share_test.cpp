// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_SHARE end to end: what the SPMC is sent, what is pinned and remembered, and each reason
// to refuse, after which everything is as before.
#include <tuple>

#include "memory_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary
using ffa::Status;
using mediator::MemoryKind;

/// The reply is FFA_ERROR by this rule, and the call has changed nothing.
#define EXPECT_UNCHANGED(before, registers, rule)    \
  do {                                               \
    EXPECT_REJECTED(world, registers, rule);         \
    EXPECT_EQ(state(), before) << "after " << #rule; \
  } while (false)

/// What the SPMC must get for `descriptor` of VM 1: same meaning, its layout, physical runs.
Bytes expected_image(Descriptor descriptor, Layout spmc,
                     std::vector<std::pair<uint64_t, uint32_t>> runs) {
  if (descriptor.layout != Layout::v1_2) {
    for (auto& borrower : descriptor.borrowers) borrower.impdef[0] = borrower.impdef[1] = 0;
  }
  descriptor.layout = spmc;
  descriptor.ranges = std::move(runs);
  return descriptor.build();
}

constexpr uint64_t pa1 = 0xb0000000;  ///< physical base of VM 1's extra memory

class EachVersion : public MemorySharing,
                    public testing::WithParamInterface<std::tuple<Layout, Layout>> {};

TEST_P(EachVersion, TheSpmcGetsTheMeaningInItsLayoutWithPhysicalRuns) {
  const auto [guest, spmc_layout] = GetParam();
  world.spmc_version = version_of(spmc_layout).raw();
  if (spmc_layout == Layout::v1_0) world.descriptor_size = 8;
  start(1, version_of(guest));
  const uint64_t handle = shared(plan(guest));
  ASSERT_EQ(spmc.size(), 1U);
  EXPECT_EQ(spmc.begin()->first, handle);
  EXPECT_EQ(
      spmc.begin()->second,
      expected_image(
          plan(guest), spmc_layout,
          {{pa1 + 0x4000, 3}, {pa1 + 0x1000000, 1}, {pa1 + 0x1003000, 1}, {pa1 + 0x10000, 1}}));
  EXPECT_EQ(world.platform.sent(0xc4000073).at(0).vm, 1);
  EXPECT_EQ(reclaim(handle), ffa::success32());
}

INSTANTIATE_TEST_SUITE_P(Memory, EachVersion,
                         testing::Combine(testing::ValuesIn(all_layouts),
                                          testing::ValuesIn(all_layouts)),
                         [](const auto& test) {
                           return "guest1" + name_of(std::get<0>(test.param)).substr(2) + "spmc1" +
                                  name_of(std::get<1>(test.param)).substr(2);
                         });

TEST_F(MemorySharing, AShareIsPinnedRememberedAndAnsweredWithItsHandle) {
  start();
  const State before = state();
  next_handle = 0x8000100000000003;
  const ffa::Regs reply = share(plan());
  EXPECT_EQ(reply, fake::regs({0x84000061, 0, 3, 0x80001000}));
  EXPECT_EQ(pins_at(flat + 0x4000), 1);
  EXPECT_EQ(pins_at(flat + 0x6000), 1);
  EXPECT_EQ(pins_at(flat + 0x7000), 0);
  EXPECT_EQ(pins_at(scattered + 0x1000), 1);
  EXPECT_EQ(state().pins.size(), before.pins.size() + 6);
  EXPECT_NE(std::find(state().facts.begin(), state().facts.end(),
                      "share " + std::to_string(0x8000100000000003) + " 2 6"),
            state().facts.end());
  EXPECT_EQ(reclaim(0x8000100000000003), ffa::success32());
  EXPECT_EQ(state(), before);
}

TEST_F(MemorySharing, BothWidthsMeanTheSame) {
  start();
  const Bytes image = plan().build();
  write_tx(image);
  EXPECT_SUCCESS32(world.call(1, send_registers(image.size(), false)));
  ASSERT_EQ(sends(), 1U);
  EXPECT_EQ(world.platform.smcs.at(0).in.w(0), 0xc4000073U);
  EXPECT_EQ(world.platform.smcs.at(0).in.w(1), spmc.begin()->second.size());
}

TEST_F(MemorySharing, AnSpmcWithTheNarrowCallOnlyGetsThat) {
  world.missing = {0xc4000073};
  start();
  EXPECT_SUCCESS32(share(plan()));
  ASSERT_EQ(sends(), 1U);
  EXPECT_EQ(world.platform.smcs.at(0).in.w(0), 0x84000073U);
}

TEST_F(MemorySharing, WithoutReclaimInTheSpmcThereIsNoShare) {
  world.missing = {0x84000077};
  start();
  EXPECT_STATUS(share(plan()), not_supported);
  EXPECT_STATUS(reclaim(7), not_supported);
  EXPECT_EQ(world.smc_count(), 0U);
}

TEST_F(MemorySharing, NeighboursAreJoinedAcrossRanges) {
  start();
  Descriptor descriptor = pages(flat);
  descriptor.ranges = {{flat, 1}, {flat + 0x1000, 2}, {flat + 0x8000, 1}, {flat + 0x3000, 1}};
  shared(descriptor);
  EXPECT_EQ(spmc.begin()->second, expected_image(descriptor, Layout::v1_2,
                                                 {{pa1, 3}, {pa1 + 0x8000, 1}, {pa1 + 0x3000, 1}}));
}

TEST_F(MemorySharing, TheMessageIsReadOnceAndWhatTheGuestDoesAfterwardsDoesNotMatter) {
  start();
  const State before = state();
  shared(plan());
  const Bytes expected = spmc.begin()->second;
  EXPECT_EQ(world.platform.copies_in, 1U);
  reclaim(spmc.begin()->first);
  ASSERT_EQ(state(), before);
  world.platform.after_copy_in = [this] { write_tx(Bytes(4096, std::byte{0xff})); };
  shared(plan());
  EXPECT_EQ(spmc.begin()->second, expected);
}

TEST_F(MemorySharing, TheTxBufferIsFreeAgainAfterwards) {
  start();
  EXPECT_REJECTED(world, share(pages(hole)), mem_pages_ram);
  const ffa::Regs unmapped = world.call(1, {0x84000067});
  EXPECT_SUCCESS32(unmapped);
}

TEST_F(MemorySharing, RegistersAreChecked) {
  start();
  const Bytes image = plan().build();
  write_tx(image);
  const State before = state();
  const uint64_t size = image.size();
  const auto send = [&](std::initializer_list<uint64_t> registers) {
    return world.call(1, fake::regs(registers));
  };
  EXPECT_UNCHANGED(before, send({0xc4000073, size, size, 0x40000000, 1}),
                   mem_send_no_dynamic_buffer);
  EXPECT_UNCHANGED(before, send({0xc4000073, size, size, uint64_t{1} << 32}),
                   mem_send_no_dynamic_buffer);
  EXPECT_UNCHANGED(before, send({0xc4000073, size, size, 0, 1}), mem_send_no_buffer_pages);
  for (unsigned n = 5; n < 8; ++n) {
    ffa::Regs regs = send_registers(size);
    regs.x[n] = 0x100;
    EXPECT_UNCHANGED(before, world.call(1, regs), mem_send_reserved_registers);
  }
  EXPECT_UNCHANGED(before, send({0xc4000073, size - 16, size}), mem_send_fragment_within_total);
  EXPECT_UNCHANGED(before, send({0xc4000073, size - 1, size - 1}), mem_send_length_of_16);
  EXPECT_UNCHANGED(before, send({0xc4000073, size + 8, size}), mem_send_length_of_16);
  EXPECT_UNCHANGED(before, send({0xc4000073, 4096 + 16, 4096 + 16}), tx_length);
  EXPECT_UNCHANGED(before, send({0xc4000073, 0xfffffff0, 0xfffffff0}), tx_length);
  EXPECT_UNCHANGED(before, send({0xc4000073, 0, 0}), mem_header_complete);
  EXPECT_UNCHANGED(before, send({0xc4000073, 32, 32}), mem_header_complete);
  EXPECT_EQ(world.smc_count(), 0U);
  // SMC32 has no upper halves: they are not looked at.
  EXPECT_SUCCESS32(
      send({0x84000073, size | uint64_t{7} << 32, size, uint64_t{9} << 32, 0, uint64_t{5} << 40}));
}

TEST_F(MemorySharing, WithoutABufferItIsDenied) {
  world.start(1);
  EXPECT_REJECTED(world, world.call(1, send_registers(96)), mem_send_tx_mapped);
  EXPECT_STATUS(world.call(1, send_registers(96)), denied);
}

TEST_F(MemorySharing, TheFullLengthOfABufferIsUsable) {
  start(1, ffa::v1_2, 2);
  Descriptor descriptor = pages(flat);
  descriptor.ranges.clear();
  for (uint64_t n = 0; n < 507; ++n) descriptor.ranges.push_back({flat + n * 0x2000, 1});
  const Bytes image = descriptor.build();
  ASSERT_EQ(image.size(), 8192 + 16U);
  EXPECT_REJECTED(world, world.call(1, send_registers(image.size())), tx_length);
  descriptor.ranges.pop_back();
  EXPECT_REJECTED(world, share(descriptor), mem_quota_pages);
}

TEST_F(MemorySharing, DescriptorsAreCheckedBeforeAnythingHappens) {
  start();
  start(2, ffa::v1_1);
  const State before = state();
  Descriptor descriptor = plan();
  descriptor.sender = 1;
  Bytes image = descriptor.build();
  put(image, 0, 2, 2);
  EXPECT_UNCHANGED(before, share_bytes(image), mem_sender_is_caller);
  // VM 2 speaks 1.1: 32-byte access descriptors are not its layout.
  descriptor.sender = 2;
  EXPECT_UNCHANGED(before, share(descriptor), mem_access_size);
  EXPECT_EQ(world.smc_count(), 0U);
}

TEST_F(MemorySharing, OnlySpsThatTheSpmcReportedReceive) {
  start();
  start(2);
  const State before = state();
  const auto to = [&](uint16_t id) {
    Descriptor descriptor = plan();
    descriptor.borrowers[1].id = id;
    return share(descriptor);
  };
  EXPECT_UNCHANGED(before, to(0), mem_receiver_no_component);
  EXPECT_UNCHANGED(before, to(0x8abc), mem_receiver_no_component);
  EXPECT_UNCHANGED(before, to(0xffff), mem_receiver_no_component);
  EXPECT_UNCHANGED(before, to(2), mem_receiver_vm_borrows);
  EXPECT_UNCHANGED(before, to(0x7fff), mem_receiver_vm_borrows);
  EXPECT_UNCHANGED(before, to(1), mem_receiver_not_sender);
  EXPECT_UNCHANGED(before, to(0x8004), mem_receiver_known);
  EXPECT_EQ(world.smc_count(), 0U);
  EXPECT_SUCCESS32(to(0x8003));
}

TEST_F(MemorySharing, OnlyOwnRamIsShared) {
  start();
  const State before = state();
  EXPECT_UNCHANGED(before, share(pages(hole)), mem_pages_ram);
  EXPECT_UNCHANGED(before, share(pages(device)), mem_pages_ram);
  EXPECT_UNCHANGED(before, share(pages(foreign)), mem_pages_ram);
  EXPECT_UNCHANGED(before, share(pages(flat + 0x3d000, 5)), mem_pages_ram);
  EXPECT_UNCHANGED(before, share(pages(0xffffffffffff0000)), mem_pages_ram);
  EXPECT_EQ(world.smc_count(), 0U);
  EXPECT_SUCCESS32(share(pages(flat + 0x3f000, 1)));
}

TEST_F(MemorySharing, NobodyGetsMoreAccessThanTheOwnerHas) {
  start();
  const State before = state();
  Descriptor descriptor = pages(read_only, 2);
  EXPECT_UNCHANGED(before, share(descriptor), mem_pages_writable);
  descriptor.borrowers.push_back({sp2, 1, {}});
  EXPECT_UNCHANGED(before, share(descriptor), mem_pages_writable);
  descriptor.borrowers[0].permissions = 1;
  EXPECT_SUCCESS32(share(descriptor));
  descriptor.ranges = {{flat, 1}};
  EXPECT_SUCCESS32(share(descriptor));
}

TEST_F(MemorySharing, AFailureAtAnyRangeUndoesTheOthers) {
  start();
  const State before = state();
  for (size_t bad = 0; bad < 3; ++bad) {
    for (const uint64_t ipa : {hole, device, foreign, read_only}) {
      Descriptor descriptor = plan();
      descriptor.ranges[bad].first = ipa;
      EXPECT_STATUS(share(descriptor), denied);
      EXPECT_EQ(state(), before);
    }
  }
  for (int nth = 1;; ++nth) {
    ASSERT_LT(nth, 20);
    world.platform.fail_pin = nth;
    world.platform.pin_failure = nth % 2 == 0 ? Status::denied : Status::no_memory;
    const ffa::Regs reply = share(plan());
    if (world.platform.fail_pin != 0) {
      world.platform.fail_pin = 0;
      EXPECT_EQ(nth, 5) << "four extents";
      EXPECT_SUCCESS32(reply);
      break;
    }
    EXPECT_EQ(fake::status_in(reply), world.platform.pin_failure);
    EXPECT_EQ(state(), before) << nth;
    EXPECT_EQ(world.smc_count(), 0U);
  }
}

TEST_F(MemorySharing, NoPageTwiceInATransaction) {
  start();
  const State before = state();
  for (const auto& [ipa, count] :
       {std::pair{flat + 0x4000, 1U}, {flat + 0x6000, 9U}, {flat + 0x2000, 3U}, {flat, 60U}}) {
    Descriptor descriptor = pages(flat + 0x4000, 3);
    descriptor.ranges.push_back({ipa, count});
    EXPECT_UNCHANGED(before, share(descriptor), mem_ranges_disjoint);
  }
}

TEST_F(MemorySharing, NoPageInTwoTransactions) {
  start();
  const uint64_t first = shared(pages(flat + 0x4000, 3));
  const State before = state();
  EXPECT_UNCHANGED(before, share(pages(flat + 0x4000, 3)), mem_pages_not_shared);
  EXPECT_UNCHANGED(before, share(pages(flat + 0x5000, 1)), mem_pages_not_shared);
  EXPECT_UNCHANGED(before, share(pages(flat + 0x2000, 3)), mem_pages_not_shared);
  EXPECT_UNCHANGED(before, share(pages(flat, 20)), mem_pages_not_shared);
  Descriptor later = plan();
  later.ranges = {{scattered, 4}, {flat + 0x6000, 1}};
  EXPECT_UNCHANGED(before, share(later), mem_pages_not_shared);
  EXPECT_SUCCESS32(share(pages(flat + 0x7000, 2)));
  EXPECT_SUCCESS32(share(pages(flat + 0x3000, 1)));
  EXPECT_SUCCESS32(reclaim(first));
  EXPECT_SUCCESS32(share(pages(flat + 0x4000, 3)));
}

TEST_F(MemorySharing, TheSameAddressOfAnotherVmIsAnotherPage) {
  start();
  start(2);
  EXPECT_SUCCESS32(share(pages(flat, 2, 1)));
  EXPECT_SUCCESS32(share(pages(flat, 2, 2)));
  EXPECT_EQ(spmc.size(), 2U);
  EXPECT_EQ(get(spmc.begin()->second, 96, 8), pa1);
  EXPECT_EQ(get(spmc.rbegin()->second, 96, 8), pa1 + 0x10000000);
}

TEST_F(MemorySharing, BuffersAndSharesExcludeEachOther) {
  start();
  const State before = state();
  EXPECT_UNCHANGED(before, share(pages(fake::tx_ipa)), mem_pages_not_buffer);
  EXPECT_UNCHANGED(before, share(pages(fake::rx_ipa)), mem_pages_not_buffer);
  EXPECT_UNCHANGED(before, share(pages(fake::ram_ipa, 10)), mem_pages_not_buffer);
  EXPECT_SUCCESS32(share(pages(fake::tx_ipa + 0x1000)));
  shared(pages(flat, 2));
  EXPECT_SUCCESS32(world.call(1, {0x84000067}));
  EXPECT_REJECTED(world, world.call(1, {0xc4000066, flat + 0x1000, fake::rx_ipa, 1}),
                  rxtx_map_not_shared);
  EXPECT_REJECTED(world, world.call(1, {0xc4000066, fake::rx_ipa, flat, 1}), rxtx_map_not_shared);
  EXPECT_SUCCESS32(world.call(1, {0xc4000066, flat + 0x2000, fake::rx_ipa, 1}));
}

TEST_F(MemorySharing, QuotasHoldAtTheirBoundary) {
  start();  // 4 shares, 16 ranges, 64 pages
  std::vector<uint64_t> handles;
  EXPECT_REJECTED(world, share(pages(flat, 65)), mem_quota_pages);
  handles.push_back(shared(pages(flat, 64)));
  for (uint64_t n = 0; n < 3; ++n) handles.push_back(shared(pages(scattered + n * 0x2000)));
  const State full = state();
  EXPECT_UNCHANGED(full, share(pages(scattered + 0x10000)), mem_quota_shares);
  EXPECT_SUCCESS32(reclaim(handles[2]));
  EXPECT_SUCCESS32(share(pages(scattered + 0x10000)));
  EXPECT_REJECTED(world, share(pages(scattered + 0x20000)), mem_quota_shares);
}

TEST_F(MemorySharing, TheQuotaOfRangesIsOverAllShares) {
  start();
  Descriptor descriptor = pages(flat);
  for (uint64_t n = 1; n < 10; ++n) descriptor.ranges.push_back({flat + n * 0x2000, 1});
  const uint64_t ten = shared(descriptor);
  for (auto& range : descriptor.ranges) range.first += scattered - flat;
  const State before = state();
  EXPECT_UNCHANGED(before, share(descriptor), mem_quota_ranges);
  descriptor.ranges.resize(6);
  shared(descriptor);
  EXPECT_REJECTED(world, share(pages(flat + 0x1000)), mem_quota_ranges);
  EXPECT_SUCCESS32(reclaim(ten));
  EXPECT_SUCCESS32(share(pages(flat + 0x1000)));
}

TEST_F(MemorySharing, ADescriptorOfTooManyPhysicalRunsIsRefusedWhereTheSpmcTakesNoFragments) {
  world.missing = {0x8400007b};
  EXPECT_TRUE(world.boot().ok());
  auto vm = fake::World::vm_config(1);
  vm.max_share_pages = 300;
  EXPECT_TRUE(world.create_vm(vm).ok());
  world.negotiate(1, 0x10002);
  world.map_buffers(1);
  world.platform.add_memory(1, scattered, 300, pa1, MemoryKind::ram_rw, true);
  world.platform.smcs.clear();
  const State before = state();
  EXPECT_UNCHANGED(before, share(pages(scattered, 251)), mem_descriptor_fits);
  EXPECT_EQ(world.smc_count(), 0U);
  EXPECT_SUCCESS32(share(pages(scattered, 250)));
  EXPECT_EQ(spmc.begin()->second.size(), 4096U);
}

TEST_F(MemorySharing, EveryErrorOfTheSpmcIsPassedOnAndUndone) {
  start();
  const State before = state();
  for (int32_t code = -1; code >= -9; --code) {
    world.platform.spmc[0xc4000073] = [code](const ffa::Regs&) {
      return ffa::reply(static_cast<Status>(code));
    };
    EXPECT_EQ(share(plan()), ffa::reply(static_cast<Status>(code)));
    EXPECT_EQ(world.platform.last_rules.rejected(), Rule::none);
    EXPECT_EQ(state(), before) << code;
  }
  for (const uint64_t word : {0x0ULL, 0x7fffffffULL, 0xffffff00ULL}) {
    world.platform.spmc[0xc4000073] = [word](const ffa::Regs&) {
      return fake::regs({0x84000060, 0, word, 4});
    };
    EXPECT_EQ(share(plan()), ffa::reply(Status::not_supported));
    EXPECT_EQ(state(), before) << word;
  }
}

// The SPMC may hold the pages under a handle that nobody knows: they never come free again.
TEST_F(MemorySharing, AnAnswerThatIsNoneIsAbortedAndItsPagesAreQuarantined) {
  start();
  uint64_t page = flat;
  const auto expect_quarantined = [&](const ffa::Regs& answer, Rule rule) {
    world.platform.spmc[0xc4000073] = [answer](const ffa::Regs&) { return answer; };
    EXPECT_STATUS(share(pages(page)), aborted);
    EXPECT_EQ(world.platform.last_rules.rejected(), rule);
    EXPECT_EQ(pins_at(page), 1);
    EXPECT_STATUS(share(pages(page)), denied);
    EXPECT_EQ(pins_at(page), 1);
    page += ffa::page_size;
  };
  expect_quarantined(fake::regs({0x0, 0x51, 0x1000, 0x80000000}), Rule::mem_answer_expected);
  expect_quarantined(fake::regs({0x8400007a, 0xffffffff, 0xffffffff, 64}),
                     Rule::mem_answer_handle_valid);
  expect_quarantined(fake::regs({0x84000061, 0, 0xffffffff, 0xffffffff}),
                     Rule::mem_answer_handle_valid);
}

TEST_F(MemorySharing, TheWideSuccessIsAcceptedAndHandleZeroIsAHandle) {
  start();
  world.platform.spmc[0xc4000073] = [](const ffa::Regs&) { return fake::regs({0xc4000061}); };
  EXPECT_EQ(share(plan()), fake::regs({0x84000061}));
  world.platform.spmc[0x84000077] = [](const ffa::Regs&) { return ffa::success32(); };
  EXPECT_SUCCESS32(reclaim(0));
}

TEST_F(MemorySharing, AHandleThatIsLiveIsRefusedAndTakenBack) {
  start();
  start(2);
  const uint64_t of_vm1 = shared(pages(flat, 2, 1));
  const State before = state();
  uint64_t asked_back = 0;
  world.platform.spmc[0xc4000073] = [&](const ffa::Regs&) {
    return ffa::MemSendSuccess{ffa::Handle{of_vm1}}.encode();
  };
  world.platform.spmc[0x84000077] = [&](const ffa::Regs& in) {
    asked_back = ffa::MemReclaim::decode(in)->handle.raw();
    return ffa::success32();
  };
  for (const uint16_t vm : {uint16_t{1}, uint16_t{2}}) {
    asked_back = 0;
    EXPECT_UNCHANGED(before, share(pages(scattered, 1, vm)), mem_answer_handle_unused);
    EXPECT_EQ(asked_back, of_vm1);
  }
}

TEST_F(MemorySharing, AHandleThatIsLiveAndNotTakenBackQuarantinesThePages) {
  start();
  const uint64_t first = shared(pages(flat, 2));
  world.platform.spmc[0xc4000073] = [&](const ffa::Regs&) {
    return ffa::MemSendSuccess{ffa::Handle{first}}.encode();
  };
  world.platform.spmc[0x84000077] = [&](const ffa::Regs&) { return ffa::reply(Status::denied); };
  EXPECT_REJECTED(world, share(pages(scattered)), mem_answer_handle_unused);
  EXPECT_EQ(pins_at(scattered), 1) << "the SPMC may still use it";
  EXPECT_REJECTED(world, share(pages(scattered)), mem_pages_not_shared);
  EXPECT_EQ(state().facts.at(0), "vm 1 2 1 5");
}

TEST_F(MemorySharing, AnErrorIsFollowedByAGoodShare) {
  start();
  for (const uint64_t bad : {hole, device, fake::tx_ipa}) {
    EXPECT_STATUS(share(pages(bad)), denied);
    EXPECT_SUCCESS32(reclaim(shared(plan())));
  }
}

TEST_F(MemorySharing, AMappingThatChangesBehindThePinIsNotSent) {
  start();
  const State before = state();
  fake::Page& page = world.platform.page(1, scattered + 0x1000);
  const uint64_t pa = page.pa;
  int pins = 0;
  const auto share_with = [&](auto change) {
    pins = 0;
    world.platform.after_pin = [&, change] {
      if (++pins == 4) change();
    };
    return share(plan());
  };
  const auto restored = [&](const ffa::Regs& reply) {
    page.pa = pa;
    page.kind = MemoryKind::ram_rw;
    return reply;
  };
  // One run fewer, one run more, no RAM any more.
  EXPECT_UNCHANGED(before, restored(share_with([&] { page.pa = pa1 + 0x1001000; })),
                   mem_pages_pinned);
  fake::Page& middle = world.platform.page(1, flat + 0x5000);
  const uint64_t middle_pa = middle.pa;
  const ffa::Regs more = restored(share_with([&] { middle.pa = 0x1000; }));
  middle.pa = middle_pa;
  EXPECT_UNCHANGED(before, more, mem_pages_pinned);
  EXPECT_UNCHANGED(before, restored(share_with([&] { page.kind = MemoryKind::foreign; })),
                   mem_pages_ram);
  EXPECT_EQ(world.smc_count(), 0U);
  world.platform.after_pin = nullptr;
  EXPECT_SUCCESS32(share(plan()));
}

}  // namespace
