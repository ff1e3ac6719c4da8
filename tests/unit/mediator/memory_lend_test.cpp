// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_LEND and FFA_MEM_DONATE: the owner loses its access before an SP can have it, and has it
// back after a failure and after the reclaim.
#include "memory_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary
using ffa::Status;

constexpr uint32_t lend = 0xc4000072, donate = 0xc4000071;

class Lending : public MemorySharing, public testing::WithParamInterface<uint32_t> {
 protected:
  /// One receiver, two ranges; what a loan or a donation must say.
  static Descriptor loan(uint32_t call) {
    Descriptor descriptor = pages(flat + 0x4000, 3);
    descriptor.ranges.emplace_back(scattered, 2);
    descriptor.attributes = 0;
    descriptor.borrowers[0].permissions = call == donate ? 0 : 2;
    return descriptor;
  }
  ffa::Regs send(uint32_t call, const Descriptor& descriptor) {
    const Bytes image = descriptor.build();
    write_tx(image);
    return low(world.call(1, {call, image.size(), image.size()}));
  }
  bool withdrawn(uint64_t ipa) { return world.platform.page(1, ipa).withdrawn; }
  size_t withdrawn_pages() {
    size_t count = 0;
    for (const auto& [key, page] : world.platform.memory) count += page.withdrawn ? 1 : 0;
    return count;
  }
};

INSTANTIATE_TEST_SUITE_P(Memory, Lending, testing::Values(lend, donate),
                         [](const auto& test) { return test.param == lend ? "lend" : "donate"; });

TEST_P(Lending, TheOwnerHasNoAccessUntilItReclaims) {
  start();
  const State before = state();
  bool gone_in_time = false;
  const auto taker = world.platform.spmc[GetParam()];
  world.platform.spmc[GetParam()] = [&](const ffa::Regs& in) {
    gone_in_time = withdrawn_pages() == 5;
    return taker(in);
  };
  const ffa::Regs reply = send(GetParam(), loan(GetParam()));
  EXPECT_SUCCESS32(reply);
  EXPECT_TRUE(gone_in_time);
  EXPECT_EQ(get(spmc.at(handle_in(reply)), 2, 2), 0U);
  EXPECT_TRUE(withdrawn(flat + 0x5000));
  EXPECT_FALSE(withdrawn(flat + 0x7000));
  EXPECT_STATUS(share(pages(flat + 0x4000)), denied);
  EXPECT_STATUS(send(lend, loan(lend)), denied);
  EXPECT_EQ(reclaim(handle_in(reply)), ffa::success32());
  EXPECT_EQ(withdrawn_pages(), 0U);
  EXPECT_EQ(state(), before);
}

TEST_P(Lending, BothWidthsAndFragmentsDoTheSame) {
  start();
  const Bytes image = loan(GetParam()).build();
  write_tx(image);
  const ffa::Regs narrow = world.call(1, {GetParam() & ~0x40000000U, image.size(), image.size()});
  EXPECT_SUCCESS32(narrow);
  EXPECT_EQ(withdrawn_pages(), 5U);
  EXPECT_SUCCESS32(reclaim(handle_in(narrow)));
  write_tx(image);
  const ffa::Regs first = low(world.call(1, {GetParam(), image.size(), image.size() - 16}));
  ASSERT_EQ(first.x[0], 0x8400007aU);
  EXPECT_EQ(withdrawn_pages(), 0U) << "no SP can have it yet";
  write_tx(Bytes(image.end() - 16, image.end()));
  const ffa::Regs last = low(world.call(1, {0x8400007b, first.x[1], first.x[2], 16}));
  EXPECT_SUCCESS32(last);
  EXPECT_EQ(withdrawn_pages(), 5U);
  EXPECT_SUCCESS32(reclaim(handle_in(last)));
  EXPECT_EQ(withdrawn_pages(), 0U);
}

TEST_P(Lending, WhateverFailsTheOwnerHasItsAccessAgain) {
  start();
  const State before = state();
  const auto taker = world.platform.spmc[GetParam()];
  for (int32_t code = -1; code >= -9; --code) {
    world.platform.spmc[GetParam()] = [code](const ffa::Regs&) {
      return ffa::reply(static_cast<Status>(code));
    };
    EXPECT_EQ(send(GetParam(), loan(GetParam())), ffa::reply(static_cast<Status>(code)));
    EXPECT_EQ(state(), before);
    EXPECT_EQ(withdrawn_pages(), 0U);
  }
  world.platform.spmc[GetParam()] = taker;
  for (int nth = 1; nth <= 2; ++nth) {
    world.platform.fail_access = nth;
    EXPECT_STATUS(send(GetParam(), loan(GetParam())), no_memory);
    EXPECT_EQ(state(), before);
    EXPECT_EQ(withdrawn_pages(), 0U);
  }
  EXPECT_SUCCESS32(send(GetParam(), loan(GetParam())));
}

TEST_P(Lending, ZeroedMemoryIsZeroBeforeTheSpmcHasIt) {
  start();
  Descriptor descriptor = loan(GetParam());
  descriptor.flags = 1;
  const auto taker = world.platform.spmc[GetParam()];
  std::vector<std::byte> seen;
  world.platform.spmc[GetParam()] = [&](const ffa::Regs& in) {
    seen = world.platform.read(1, scattered, 2 * ffa::page_size);
    return taker(in);
  };
  const ffa::Regs reply = send(GetParam(), descriptor);
  EXPECT_SUCCESS32(reply);
  EXPECT_EQ(seen, std::vector<std::byte>(2 * ffa::page_size));
  EXPECT_EQ(get(spmc.at(handle_in(reply)), 4, 4), 1U) << "the flag goes on";
  descriptor.ranges = {{read_only, 1}};
  descriptor.borrowers[0].permissions = GetParam() == donate ? 0 : 1;
  EXPECT_REJECTED(world, send(GetParam(), descriptor), mem_zero_writable);
}

TEST_P(Lending, WhereTheVmOrTheSpmcHasNoneItIsNotSupported) {
  world.missing = {GetParam(), GetParam() & ~0x40000000U};
  if (GetParam() == lend) {
    // FEATURES may deny what is there: a call without a descriptor tells.
    for (const uint32_t fid : world.missing) world.platform.spmc.erase(fid);
  }
  start();
  EXPECT_STATUS(send(GetParam(), loan(GetParam())), not_supported);
  auto vm = fake::World::vm_config(2);
  vm.lends = false;
  EXPECT_TRUE(world.create_vm(vm).ok());
  world.negotiate(2, 0x10002);
  EXPECT_STATUS(low(world.call(2, {GetParam(), 96, 96})), not_supported);
}

TEST_P(Lending, WhatTheDescriptorSaysIsCheckedForItsKind) {
  start();
  const State before = state();
  const auto rejected = [&](auto change, Rule rule) {
    Descriptor descriptor = loan(GetParam());
    change(descriptor);
    EXPECT_TRUE(ffa::is_error(send(GetParam(), descriptor)));
    EXPECT_EQ(world.platform.last_rules.rejected(), rule) << mediator::rule_info(rule).id;
    EXPECT_EQ(state(), before);
  };
  rejected([](Descriptor& d) { d.attributes = 0x2f; }, Rule::mem_attributes_unspecified);
  rejected([](Descriptor& d) { d.flags = 2; }, Rule::mem_flags_no_time_slice);
  rejected([](Descriptor& d) { d.flags = 0x10; }, Rule::mem_flags_no_type);
  rejected([](Descriptor& d) { d.borrowers[0].permissions |= 4; },
           Rule::mem_permissions_instruction);
  rejected([](Descriptor& d) { d.borrowers[0].permissions = GetParam() == donate ? 2 : 0; },
           Rule::mem_permissions_data);
  rejected(
      [](Descriptor& d) {
        d.ranges[0].first = read_only;
        d.ranges[0].second = 2;
      },
      Rule::mem_pages_writable);
  const auto second = [](Descriptor& d) { d.borrowers.push_back({sp2, 2, {9, 8}}); };
  rejected(second,
           GetParam() == donate ? Rule::mem_donate_one_receiver : Rule::mem_attributes_specified);
}

}  // namespace
