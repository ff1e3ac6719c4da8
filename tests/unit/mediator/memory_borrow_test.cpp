// SPDX-License-Identifier: BSD-3-Clause
// VMs as borrowers: retrieve, relinquish, reclaim; what is refused has changed nothing; fragments
// of the answer; the end of either VM.
#include "memory_borrow_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary
using fake::status_in;

TEST_F(Borrowing, FromShareToReclaim) {
  begin();
  const State before = state();
  const uint64_t handle = offered(offer(flat + 0x4000));
  EXPECT_EQ(handle >> 63, 1U) << "a handle of the hypervisor's";
  const ffa::Regs reply = retrieve({.handle = handle});
  EXPECT_EQ(reply, fake::regs({0x84000075, 112, 112}));
  EXPECT_EQ(range_in_rx(), std::pair(window, 1U));
  EXPECT_EQ(kind_at(window), mediator::MemoryKind::foreign);
  EXPECT_EQ(world.platform.page(2, window).pa, world.platform.page(1, flat + 0x4000).pa);
  EXPECT_REJECTED(world, reclaim(handle), reclaim_not_borrowed);
  EXPECT_SUCCESS32(release_rx());
  EXPECT_SUCCESS32(relinquish(handle));
  EXPECT_EQ(kind_at(window), mediator::MemoryKind::none);
  EXPECT_TRUE(world.platform.stale.empty());
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(state(), before);
  EXPECT_EQ(world.smc_count(), 0U) << "none of the SPMC's business";
}

class BorrowingLayout : public Borrowing, public testing::WithParamInterface<Layout> {};
INSTANTIATE_TEST_SUITE_P(Memory, BorrowingLayout, testing::ValuesIn(all_layouts));

TEST_P(BorrowingLayout, TheAnswerIsInTheLayoutOfTheBorrower) {
  const Layout layout = GetParam();
  begin(16, layout);
  Descriptor descriptor = offer(flat + 0x4000, 3);
  descriptor.borrowers[0].permissions = 2;
  const uint64_t handle = offered(descriptor);
  Request request{.layout = layout, .handle = handle};
  request.borrowers[0].permissions = 1;  // less than it may
  const size_t header = request.header(), access = request.access();
  const size_t total = header + access + 32;
  EXPECT_EQ(retrieve(request), fake::regs({0x84000075, total, total}));
  const Bytes said = rx(4096);
  EXPECT_EQ(get(said, 0, 2), 1U);
  EXPECT_EQ(get(said, 2, layout == Layout::v1_0 ? 1 : 2), layout == Layout::v1_0 ? 0x2fU : 0x6fU);
  EXPECT_EQ(get(said, 4, 4), 1U << 3) << "a share";
  EXPECT_EQ(get(said, 8, 8), handle);
  EXPECT_EQ(get(said, 16, 8), tag);
  EXPECT_EQ(get(said, 28, 4), 1U);
  EXPECT_EQ(get(said, header, 2), 2U);
  EXPECT_EQ(get(said, header + 2, 1), 5U) << "read-only, not executable";
  EXPECT_EQ(get(said, header + 4, 4), header + access);
  if (layout == Layout::v1_2) {
    EXPECT_EQ(get(said, header + 8, 8), 0x77U);
  }
  EXPECT_EQ(get(said, header + access, 4), 3U);
  EXPECT_EQ(get(said, header + access + 4, 4), 1U);
  EXPECT_EQ(get(said, total - 16, 8), window);
  for (size_t at = total; at < said.size(); ++at) ASSERT_EQ(said[at], std::byte{0}) << at;
  EXPECT_EQ(world.platform.borrowed.at({2, window}), mediator::BorrowerAccess::read_only);
}

TEST_F(Borrowing, ScatteredPagesAreOneRangeForTheBorrower) {
  begin();
  Descriptor descriptor = offer(scattered, 3);
  descriptor.ranges.emplace_back(flat + 0x8000, 2);
  const uint64_t handle = offered(descriptor);
  EXPECT_EQ(retrieve({.handle = handle}).w(1), 112U);
  EXPECT_EQ(range_in_rx(), std::pair(window, 5U));
  EXPECT_EQ(world.platform.page(2, window + 0x2000).pa,
            world.platform.page(1, scattered + 0x2000).pa);
  EXPECT_EQ(world.platform.page(2, window + 0x3000).pa, world.platform.page(1, flat + 0x8000).pa);
}

TEST_F(Borrowing, WhatIsWrongWithARequestChangesNothing) {
  begin();
  Descriptor descriptor = offer(flat + 0x4000, 2);
  descriptor.borrowers[0].permissions = 1;
  const uint64_t handle = offered(descriptor);
  const State before = state();
  const Request good{.handle = handle, .borrowers = {{2, 1, {0x77, 0x78}}}};
  const auto refuse = [&](Rule rule, auto change) {
    Request request = good;
    change(request);
    const ffa::Regs reply = retrieve(request);
    EXPECT_EQ(world.platform.last_rules.rejected(), rule)
        << mediator::rule_info(world.platform.last_rules.rejected()).id << " for "
        << mediator::rule_info(rule).id;
    EXPECT_EQ(status_in(reply), mediator::rule_info(rule).status);
    EXPECT_EQ(state(), before);
    EXPECT_EQ(borrowed_pages(), 0U);
  };
  refuse(Rule::retr_sender, [](Request& r) { r.sender = 7; });
  refuse(Rule::retr_sender, [](Request& r) { r.sender = sp1; });
  refuse(Rule::retr_handle, [](Request& r) { r.sender = 3; });
  refuse(Rule::retr_handle, [](Request& r) { r.sender = 2; });
  refuse(Rule::retr_handle, [](Request& r) { r.handle += 1; });
  refuse(Rule::retr_tag, [](Request& r) { r.tag += 1; });
  refuse(Rule::retr_receivers, [](Request& r) { r.borrowers.push_back({3, 1, {}}); });
  refuse(Rule::retr_receiver_once, [](Request& r) { r.borrowers.push_back(r.borrowers[0]); });
  refuse(Rule::retr_names_caller, [](Request& r) { r.borrowers[0].id = 3; });
  refuse(Rule::retr_bypass, [](Request& r) { r.flags = 1U << 10; });
  refuse(Rule::retr_permissions_data, [](Request& r) { r.borrowers[0].permissions = 2; });
  refuse(Rule::retr_permissions_reserved, [](Request& r) { r.borrowers[0].permissions = 3; });
  refuse(Rule::retr_permissions_reserved, [](Request& r) { r.borrowers[0].permissions = 0x11; });
  refuse(Rule::retr_instruction_unspecified, [](Request& r) { r.borrowers[0].permissions = 5; });
  refuse(Rule::retr_flags_reserved, [](Request& r) { r.flags = 1U << 11; });
  refuse(Rule::retr_flags_no_time_slice, [](Request& r) { r.flags = 2; });
  refuse(Rule::retr_zero_not_shared, [](Request& r) { r.flags = 1; });
  refuse(Rule::retr_zero_not_shared, [](Request& r) { r.flags = 4; });
  refuse(Rule::retr_type, [](Request& r) { r.flags = 2U << 3; });
  refuse(Rule::retr_no_alignment_hint, [](Request& r) { r.flags = 1U << 5; });
  refuse(Rule::retr_no_alignment_hint, [](Request& r) { r.flags = 1U << 9; });
  refuse(Rule::retr_attributes_no_ns, [](Request& r) { r.attributes = 0x6f; });
  refuse(Rule::retr_attributes_reserved, [](Request& r) { r.attributes = 0xaf; });
  refuse(Rule::retr_attributes, [](Request& r) { r.attributes = 0x2e; });
  refuse(Rule::retr_impdef, [](Request& r) { r.borrowers[0].impdef[1] += 1; });
  EXPECT_EQ(retrieve(good).w(0), 0x84000075U);
  EXPECT_SUCCESS32(release_rx());
  const State held = state();
  EXPECT_REJECTED(world, retrieve(good), retr_once);
  EXPECT_EQ(state(), held);
}

TEST_F(Borrowing, LayoutOfARequest) {
  begin();
  const uint64_t handle = offered(offer(flat));
  const Bytes good = Request{.handle = handle}.build();
  const auto refuse = [&](Rule rule, size_t offset, uint64_t value, size_t width) {
    Bytes image = good;
    put(image, offset, value, width);
    (void)retrieve_bytes(image);
    EXPECT_EQ(world.platform.last_rules.rejected(), rule)
        << mediator::rule_info(world.platform.last_rules.rejected()).id;
    EXPECT_EQ(borrowed_pages(), 0U);
  };
  refuse(Rule::retr_header_reserved, 36, 1, 1);
  refuse(Rule::retr_access_size, 24, 48, 4);
  refuse(Rule::retr_access_offset, 32, 56, 4);
  refuse(Rule::retr_access_offset, 32, 32, 4);
  refuse(Rule::retr_access_count, 28, 0, 4);
  refuse(Rule::retr_access_within_limit, 28, 17, 4);
  refuse(Rule::retr_length, 28, 2, 4);
  refuse(Rule::retr_access_reserved, 48 + 24, 1, 1);
  refuse(Rule::retr_access_flags, 48 + 3, 1, 1);
  refuse(Rule::retr_no_addresses, 48 + 4, 80, 4);
  EXPECT_REJECTED(world, retrieve_bytes(Bytes(47)), retr_header_complete);
  Bytes longer = good;
  longer.resize(longer.size() + 16);
  EXPECT_REJECTED(world, retrieve_bytes(longer), retr_length);
  const auto call = [&](std::initializer_list<uint64_t> registers) {
    write_tx(good, 2);
    return low(world.call(2, registers));
  };
  EXPECT_REJECTED(world, call({0x84000074, 80, 64}), retr_one_fragment);
  EXPECT_REJECTED(world, call({0x84000074, 80, 80, 0x1000}), retr_no_dynamic_buffer);
  EXPECT_REJECTED(world, call({0x84000074, 80, 80, 0, 1}), retr_no_dynamic_buffer);
  EXPECT_REJECTED(world, call({0x84000074, 80, 80, 0, 0, 1}), retr_reserved_registers);
  EXPECT_EQ(call({0xc4000074, 80, 80}).w(0), 0x84000075U);
  EXPECT_REJECTED(world, retrieve_bytes(good), rx_free);
}

TEST_F(Borrowing, LoanToOneVm) {
  begin();
  const uint64_t handle = lent(offer(flat + 0x4000, 2));
  EXPECT_EQ(kind_at(flat + 0x4000, 1), mediator::MemoryKind::ram_none);
  EXPECT_REJECTED(world, retrieve({.handle = handle}), retr_instruction_specified);
  Request request{.handle = handle};
  request.borrowers[0].permissions = 0xa;
  EXPECT_REJECTED(world, retrieve(request), retr_not_executable);
  request.borrowers[0].permissions = 0x6;
  request.flags = 1;
  EXPECT_REJECTED(world, retrieve(request), retr_zero_allowed);
  request.borrowers[0].permissions = 0x5;
  request.flags = 4;
  EXPECT_REJECTED(world, retrieve(request), retr_zero_after_writable);
  request.borrowers[0].permissions = 0x6;
  request.flags = 4U | 2U << 3;
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  EXPECT_SUCCESS32(release_rx());
  EXPECT_NE(world.platform.read(1, flat + 0x4000, 16), Bytes(16));
  EXPECT_SUCCESS32(relinquish(handle));
  EXPECT_EQ(world.platform.read(1, flat + 0x4000, 0x2000), Bytes(0x2000)) << "zeroed afterwards";
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(kind_at(flat + 0x4000, 1), mediator::MemoryKind::ram_rw);
  EXPECT_EQ(world.smc_count(), 0U);
}

TEST_F(Borrowing, VmsAndSpsInOneShare) {
  begin();
  const State before = state();
  Descriptor descriptor = offer(flat + 0x4000, 2);
  descriptor.borrowers = {{sp1, 2, {1, 2}}, {2, 1, {0x77, 0x78}}, {3, 2, {5, 6}}};
  const uint64_t handle = offered(descriptor);
  EXPECT_EQ(handle >> 63, 0U) << "the SPMC's handle is the handle of all";
  const Bytes sent = spmc.at(handle);
  EXPECT_EQ(get(sent, 28, 4), 1U) << "the SPMC is told of the SP only";
  EXPECT_EQ(get(sent, 48, 2), sp1);
  Request request{.handle = handle, .flags = 1U << 10, .borrowers = {{2, 1, {0x77, 0x78}}}};
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  request.flags = 0;
  request.borrowers = {{3, 2, {5, 6}}, {2, 1, {0x77, 0x78}}, {sp1, 2, {1, 2}}};
  EXPECT_EQ(retrieve(request, 3).w(0), 0x84000075U) << "in any order";
  EXPECT_REJECTED(world, reclaim(handle), reclaim_not_borrowed);
  EXPECT_SUCCESS32(relinquish(handle, 0, 3));
  EXPECT_REJECTED(world, reclaim(handle), reclaim_not_borrowed);
  EXPECT_EQ(reclaims(), 0U);
  EXPECT_SUCCESS32(relinquish(handle));
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(reclaims(), 1U);
  EXPECT_SUCCESS32(release_rx());
  EXPECT_SUCCESS32(release_rx(3));
  EXPECT_EQ(state(), before);
}

TEST_F(Borrowing, ALoanOfOneSpAndAVmIsALoanToOneSpForTheSpmc) {
  begin();
  Descriptor descriptor = offer(flat + 0x4000);
  descriptor.borrowers = {{2, 1, {}}, {sp1, 2, {}}};
  const uint64_t handle = lent(descriptor);
  EXPECT_EQ(get(spmc.at(handle), 2, 2), 0U) << "attributes unspecified";
  descriptor.ranges = {{flat + 0x8000, 1}};
  descriptor.borrowers = {{2, 1, {}}, {sp1, 2, {}}, {sp2, 2, {}}};
  EXPECT_EQ(get(spmc.at(lent(descriptor)), 2, 2), 0x2fU);
}

TEST_F(Borrowing, WhoMayBeNamed) {
  begin();
  world.borrow_window = {};
  world.mediator->domain_teardown(ffa::EndpointId{3});
  world.mediator->relinquish_resources(ffa::EndpointId{3});
  world.mediator->free_domain_ctx(ffa::EndpointId{3});
  EXPECT_TRUE(world.create_vm(3).ok());
  Descriptor descriptor = offer(flat);
  descriptor.borrowers[0].id = 3;
  EXPECT_REJECTED(world, share(descriptor), mem_receiver_vm_borrows);
  descriptor.borrowers[0] = {2, 0, {}};
  descriptor.attributes = 0;
  const Bytes image = descriptor.build();
  write_tx(image);
  EXPECT_REJECTED(world, low(world.call(1, {0xc4000071, image.size(), image.size()})),
                  mem_donate_not_to_vm);
  world.negotiate(3, 0x10002);
  for (const uint32_t call : {0x84000074U, 0x84000076U, 0x8400007aU}) {
    EXPECT_STATUS(low(world.call(3, {call})), not_supported);
    EXPECT_STATUS(low(world.call(3, {0x84000064, call})), not_supported);
    EXPECT_SUCCESS32(low(world.call(2, {0x84000064, call})));
  }
  EXPECT_EQ(low(world.call(2, {0x84000064, 0x84000074})), fake::regs({0x84000061, 0, 2, 0}));
}

TEST_F(Borrowing, Relinquish) {
  begin();
  const uint64_t handle = offered(offer(flat));
  EXPECT_REJECTED(world, relinquish(handle), relinquish_handle);
  EXPECT_EQ(retrieve({.handle = handle}).w(0), 0x84000075U);
  const State before = state();
  EXPECT_REJECTED(world, relinquish(handle, 0, 2, 2, 0), relinquish_count);
  EXPECT_REJECTED(world, relinquish(handle, 0, 2, 2, 2), relinquish_count);
  EXPECT_REJECTED(world, relinquish(handle, 0, 2, 3), relinquish_caller);
  EXPECT_REJECTED(world, relinquish(handle, 0, 3), relinquish_handle);
  EXPECT_REJECTED(world, relinquish(handle + 1), relinquish_handle);
  EXPECT_REJECTED(world, relinquish(handle, 2), relinquish_flags);
  EXPECT_REJECTED(world, relinquish(handle, 1), relinquish_zero_not_shared);
  EXPECT_EQ(state(), before);
  EXPECT_EQ(borrowed_pages(), 1U);
  EXPECT_SUCCESS32(relinquish(handle));
  EXPECT_REJECTED(world, relinquish(handle), relinquish_handle);

  Request request{.handle = lent(offer(flat + 0x8000))};
  request.borrowers[0].permissions = 5;
  EXPECT_SUCCESS32(release_rx());
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  EXPECT_REJECTED(world, relinquish(request.handle, 1), relinquish_zero_writable);
  EXPECT_SUCCESS32(relinquish(request.handle));
  request.borrowers[0].permissions = 6;
  EXPECT_SUCCESS32(release_rx());
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  world.platform.fail_map = 1;
  EXPECT_STATUS(relinquish(request.handle, 1), no_memory);
  EXPECT_EQ(borrowed_pages(), 1U) << "as it was";
  EXPECT_SUCCESS32(relinquish(request.handle, 1));
  EXPECT_EQ(world.platform.read(1, flat + 0x8000, 0x1000), Bytes(0x1000));
}

TEST_F(Borrowing, AnyMappingThatFailsLeavesNothing) {
  begin();
  const uint64_t handle = offered(offer(scattered, 5));
  const State before = state();
  for (int n = 1; n <= 5; ++n) {
    world.platform.fail_map_into = n;
    EXPECT_STATUS(retrieve({.handle = handle}), no_memory);
    EXPECT_EQ(borrowed_pages(), 0U);
    EXPECT_TRUE(world.platform.stale.empty());
    EXPECT_EQ(state(), before);
  }
  EXPECT_EQ(retrieve({.handle = handle}).w(0), 0x84000075U);
}

TEST_F(Borrowing, PagesThatAreGoneAreNotMapped) {
  begin();
  const uint64_t handle = offered(offer(scattered, 2));
  const State before = state();
  for (int n = 1; n <= 2; ++n) {
    world.platform.fail_translate = n;
    EXPECT_STATUS(retrieve({.handle = handle}), denied);
    EXPECT_EQ(borrowed_pages(), 0U);
    EXPECT_EQ(state(), before);
  }
}

TEST_F(Borrowing, ARegionWithoutAHoleOfItsOwnLiesInPieces) {
  begin(4);
  std::vector<uint64_t> handles;
  for (uint64_t n = 0; n < 4; ++n) {
    handles.push_back(offered(offer(flat + n * 0x1000)));
    EXPECT_EQ(retrieve({.handle = handles.back()}).w(0), 0x84000075U);
    EXPECT_EQ(range_in_rx(), std::pair(window + n * 0x1000, 1U));
    EXPECT_SUCCESS32(release_rx());
  }
  EXPECT_SUCCESS32(relinquish(handles[0]));
  EXPECT_SUCCESS32(relinquish(handles[2]));
  EXPECT_SUCCESS32(reclaim(handles[0]));
  EXPECT_SUCCESS32(reclaim(handles[2]));
  const uint64_t too_large = offered(offer(flat + 0x10000, 3));
  const State before = state();
  EXPECT_REJECTED(world, retrieve({.handle = too_large}), retr_window);
  EXPECT_EQ(state(), before);
  EXPECT_SUCCESS32(reclaim(too_large));
  const uint64_t fits = offered(offer(flat + 0x10000, 2));
  EXPECT_EQ(retrieve({.handle = fits}).w(1), 128U);
  EXPECT_EQ(range_in_rx(0), std::pair(window, 1U));
  EXPECT_EQ(range_in_rx(1), std::pair(window + 0x2000, 1U));
  EXPECT_EQ(world.platform.page(2, window + 0x2000).pa, world.platform.page(1, flat + 0x11000).pa);
  EXPECT_SUCCESS32(relinquish(fits));
  EXPECT_EQ(borrowed_pages(), 2U);
}

TEST_F(Borrowing, TheBorrowerDies) {
  begin();
  const State before = state();
  const uint64_t first = offered(offer(flat + 0x4000, 2));
  const uint64_t second = lent(offer(flat + 0x8000));
  EXPECT_EQ(retrieve({.handle = first}).w(0), 0x84000075U);
  EXPECT_SUCCESS32(release_rx());
  Request request{.handle = second, .flags = 4};
  request.borrowers[0].permissions = 6;
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  EXPECT_EQ(tear_down(2), mediator::Progress::done);
  EXPECT_EQ(borrowed_pages(), 0U);
  EXPECT_EQ(world.platform.read(1, flat + 0x8000, 0x1000), Bytes(0x1000));
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{2}), mediator::Progress::done);
  world.mediator->free_domain_ctx(ffa::EndpointId{2});
  start(2);
  EXPECT_REJECTED(world, retrieve({.handle = first}), retr_handle);  // another VM
  EXPECT_SUCCESS32(reclaim(first));
  EXPECT_SUCCESS32(reclaim(second));
  const auto facts = state().facts;  // the VM that begins anew is the last one
  EXPECT_TRUE(
      std::is_permutation(facts.begin(), facts.end(), before.facts.begin(), before.facts.end()));
}

TEST_F(Borrowing, TheOwnerDiesStepByStep) {
  begin();
  Descriptor both = offer(flat + 0x4000, 2);
  both.borrowers = {{2, 2, {0x77, 0x78}}, {3, 2, {0x79, 0x7a}}};
  const uint64_t handle = offered(both);
  Request request{.handle = handle, .borrowers = both.borrowers};
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  EXPECT_EQ(retrieve(request, 3).w(0), 0x84000075U);
  world.platform.budget = 3;  // two steps before, and one region
  EXPECT_EQ(tear_down(1), mediator::Progress::restart);
  EXPECT_EQ(borrowed_pages(), 2U) << "of two VMs, the first has lost its two";
  world.platform.budget = -1;
  EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{1}), mediator::Progress::done);
  EXPECT_EQ(borrowed_pages(), 0U);
  EXPECT_EQ(world.mediator->relinquish_resources(ffa::EndpointId{1}), mediator::Progress::done);
  EXPECT_EQ(world.platform.pins(1), 0);
  EXPECT_REJECTED(world, relinquish(handle), relinquish_handle);
}

TEST_F(Borrowing, ARetrievalThatComesTooLateFindsNothing) {
  begin();
  const uint64_t handle = offered(offer(flat));
  world.platform.after_vm_find = [&] {
    world.platform.budget = 3;
    EXPECT_EQ(tear_down(1), mediator::Progress::restart) << "behind what is borrowed";
    world.platform.budget = -1;
  };
  EXPECT_REJECTED(world, retrieve({.handle = handle}), retr_handle);
  EXPECT_EQ(borrowed_pages(), 0U);
  EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{1}), mediator::Progress::done);
  EXPECT_EQ(world.platform.pins(1), 2) << "RX and TX";
}

// A borrower that lives may write until the last moment.
TEST_F(Borrowing, WhatIsTakenBackIsZeroedWhenTheBorrowerHasLostIt) {
  begin();
  Request request{.handle = lent(offer(flat + 0x8000)), .flags = 4};
  request.borrowers[0].permissions = 6;
  EXPECT_EQ(retrieve(request).w(0), 0x84000075U);
  world.platform.write(1, flat + 0x8000, Bytes(0x1000, std::byte{0x5a}));
  EXPECT_EQ(tear_down(1), mediator::Progress::done);
  EXPECT_EQ(world.platform.read(1, flat + 0x8000, 0x1000), Bytes(0x1000));
  EXPECT_EQ(world.platform.cleared_while_borrowed, 0);
}

TEST_F(Borrowing, AHandleOfOursIsNoneThatTheSpmcGaveAway) {
  begin();
  constexpr uint64_t taken = uint64_t{1} << 63 | uint64_t{1} << 32;
  world.platform.spmc[0xc4000073] = [](const ffa::Regs&) {
    return ffa::MemSendSuccess{ffa::Handle{taken}}.encode();
  };
  Descriptor to_sp = pages(flat, 1, 3);
  EXPECT_EQ(shared(to_sp), taken);
  EXPECT_EQ(offered(offer(flat)), taken + 1);
}

TEST_F(Borrowing, AnOwnerWaitsForABorrowerThatIsDying) {
  begin();
  EXPECT_EQ(retrieve({.handle = offered(offer(flat))}).w(0), 0x84000075U);
  world.platform.alive.erase(2);
  EXPECT_EQ(tear_down(1), mediator::Progress::later);
  EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{1}), mediator::Progress::later);
  EXPECT_EQ(tear_down(2), mediator::Progress::done);
  EXPECT_EQ(world.mediator->domain_teardown(ffa::EndpointId{1}), mediator::Progress::done);
}

TEST_F(Borrowing, SendsBetweenVmsComeInFragmentsToo) {
  begin();
  const State before = state();
  Descriptor descriptor = offer(scattered, 2);
  descriptor.ranges.emplace_back(flat, 3);
  const Bytes image = descriptor.build();
  write_tx(image);
  const ffa::Regs first = low(world.call(1, {0xc4000073, image.size(), image.size() - 16}));
  ASSERT_EQ(first.x[0], 0x8400007aU);
  const uint64_t handle = first.w(1) | uint64_t{first.w(2)} << 32;
  EXPECT_EQ(handle >> 63, 1U);
  EXPECT_REJECTED(world, retrieve({.handle = handle}), retr_handle);  // it is not whole
  write_tx(Bytes(image.end() - 16, image.end()));
  const ffa::Regs last = low(world.call(1, {0x8400007b, first.x[1], first.x[2], 16}));
  EXPECT_SUCCESS32(last);
  EXPECT_EQ(handle_in(last), handle);
  EXPECT_EQ(retrieve({.handle = handle}).w(0), 0x84000075U);
  EXPECT_EQ(range_in_rx(), std::pair(window, 5U));
  EXPECT_SUCCESS32(release_rx());
  EXPECT_SUCCESS32(relinquish(handle));
  EXPECT_SUCCESS32(reclaim(handle));
  EXPECT_EQ(world.smc_count(), 0U);
  EXPECT_EQ(state(), before);
}

TEST_F(Borrowing, BorrowedPagesAreNotSentOn) {
  begin();
  EXPECT_EQ(retrieve({.handle = offered(offer(flat))}).w(0), 0x84000075U);
  EXPECT_SUCCESS32(release_rx());
  Descriptor onward = pages(window, 1, 2);
  EXPECT_REJECTED(world, share(onward), mem_pages_ram);
}

}  // namespace
