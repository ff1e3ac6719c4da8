// SPDX-License-Identifier: BSD-3-Clause
// Random calls and random bytes, from fixed seeds: no crash, every answer well-formed, the state
// always consistent.
#include "random.hpp"

#include <set>

#include "world.hpp"

namespace spmc_test {
namespace {

void expect_consistent(const spmc_model::Spmc& spmc) {
  std::set<uint64_t> handles;
  ASSERT_LE(spmc.regions(), spmc_model::max_regions);
  for (size_t i = 0; i < spmc.regions(); ++i) {
    const spmc_model::RegionFacts facts = spmc.region(i);
    if (!facts.owner_gone) {
      ASSERT_TRUE(handles.insert(facts.handle.raw()).second) << "a handle twice";
    }
    ASSERT_FALSE(facts.sender.is_secure());
    if (!facts.complete) {
      ASSERT_EQ(facts.retrieved_by, 0U);
    }
    uint64_t sum = 0;
    for (uint32_t n = 0; n < facts.ranges; ++n) {
      Pa pa;
      ffa::PageCount pages;
      spmc.region_range(i, n, pa, pages);
      ASSERT_GE(pa.raw(), ram_base);
      ASSERT_LE(pa.raw() + pages.raw() * ffa::page_size, ram_base + ram_bytes);
      sum += pages.raw();
    }
    ASSERT_EQ(sum, facts.pages);
  }
}

void expect_well_formed(const Regs& in, const Regs& out) {
  const uint32_t id = out.w(0);
  if (in.w(0) == fid32(Fid::version)) {
    ASSERT_TRUE(id == 0xffffffff || id == 0x10002);
    return;
  }
  const std::set<uint32_t> replies = {success_32, 0xc4000061, error_32,  frag_rx,
                                      0x84000070, 0xc4000070, 0xc400008e};
  ASSERT_TRUE(replies.contains(id)) << std::hex << id;
  if (id == error_32) {
    const auto status = static_cast<int32_t>(out.w(2));
    ASSERT_TRUE(status >= -9 && status <= -1) << status;
    for (const unsigned n : {1U, 3U, 4U, 5U, 6U, 7U}) ASSERT_EQ(out.x[n], 0U);
  }
}

Descriptor random_descriptor(Random& random) {
  Descriptor descriptor;
  descriptor.layout = ffa::Version::make(1, static_cast<uint16_t>(random.below(3)));
  descriptor.sender = random.one_in(2) ? vm1 : vm2;
  descriptor.ranges.clear();
  const uint64_t ranges = 1 + random.below(20);
  for (uint64_t i = 0; i < ranges; ++i) {
    descriptor.ranges.push_back({ram_base + random.below(60000) * ffa::page_size,
                                 static_cast<uint32_t>(1 + random.below(9))});
  }
  if (random.one_in(3)) descriptor.borrowers.pop_back();
  return descriptor;
}

/// Some register values that have a meaning somewhere, mixed with noise.
uint64_t random_word(Random& random) {
  const uint64_t likely[] = {0,
                             1,
                             2,
                             0x60,
                             4096,
                             tx_page,
                             vm1,
                             vm2,
                             16,
                             112,
                             1U << 31,
                             0x80000004,
                             0x80000006,
                             ~uint64_t{0},
                             0x1000,
                             0x50000,
                             0x90001,
                             0x11,
                             uint64_t{vm1} << 16,
                             uint64_t{vm2} << 16 | user_id,
                             uint64_t{vm1} << 16 | echo_id,
                             0x80030005,
                             echo_id,
                             user_id};
  return random.one_in(4) ? random.next() : likely[random.below(std::size(likely))];
}

Regs random_call(Random& random) {
  Regs in;
  for (auto& x : in.x) x = random_word(random);
  const uint64_t convention = random.one_in(2) ? 0xc4000000 : 0x84000000;
  in.x[0] = convention | (0x60 + random.below(0x40));
  return in;
}

/// Now and then a valid start, so that the noise meets state.
Regs likely_call(Random& random, World& world) {
  if (random.one_in(3)) return random_call(random);
  std::vector<uint8_t> bytes = random_descriptor(random).bytes();
  for (uint64_t flips = random.below(3); flips != 0; --flips) {
    bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.next());
  }
  Regs in;
  if (random.one_in(3)) {
    const uint64_t at = random.below(bytes.size());
    world.memory.put(tx_page, {bytes.begin() + static_cast<ptrdiff_t>(at), bytes.end()});
    in.x = {fid32(Fid::mem_frag_tx), (random.one_in(2) ? 0x50000U : 0x90000U) | random.below(4),
            0x1000, random.below(400),
            random.one_in(2) ? uint64_t{vm1} << 16 : uint64_t{vm2} << 16};
    return in;
  }
  world.memory.put(tx_page, bytes);
  const uint64_t fragment = random.one_in(2) ? bytes.size() : random.below(bytes.size() + 1);
  in.x = {fid64(random.one_in(4) ? Fid::mem_lend : Fid::mem_share), bytes.size(), fragment};
  return in;
}

void reclaim_everything(World& world) {
  using spmc_model::sp_protocol::Operation;
  for (uint32_t i = 0; world.spmc->regions() != 0 && i < 5000; ++i) {
    const spmc_model::RegionFacts facts = world.spmc->region(0);
    const uint64_t handle = facts.handle.raw();
    if (!facts.complete) {  // a page count that cannot fit ends it
      world.memory.put(tx_page, std::vector<uint8_t>(16, 0xff));
      world.map();
      world.call(Fid::mem_frag_tx, static_cast<uint32_t>(handle), handle >> 32, 16,
                 uint64_t{facts.sender.raw()} << 16);
      continue;
    }
    if (facts.retrieved_by != 0) world.ask(facts.sender.raw(), Operation::relinquish, handle);
    ASSERT_EQ(world.reclaim(handle).x[0], success_32);
  }
  EXPECT_EQ(world.spmc->regions(), 0U);
}

class SpmcRandom : public testing::TestWithParam<uint64_t> {};

TEST_P(SpmcRandom, AnyBytesInTxKeepTheStateConsistent) {
  Random random{GetParam()};
  World world;
  world.boot(ffa::v1_1);
  for (unsigned i = 0; i < 1000; ++i) {
    std::vector<uint8_t> bytes(64 + random.below(512));
    for (auto& byte : bytes)
      byte = random.one_in(3) ? static_cast<uint8_t>(random.next()) : uint8_t{0};
    const Regs out = world.send(bytes, random.one_in(2) ? Fid::mem_share : Fid::mem_lend);
    expect_well_formed({}, out);
  }
  expect_consistent(*world.spmc);
  reclaim_everything(world);
}

TEST_P(SpmcRandom, MutatedTransactionsAndStrayCallsKeepTheStateConsistent) {
  Random random{GetParam()};
  World world;
  world.boot(ffa::v1_1);
  size_t shares = 0;
  size_t fragments = 0;
  for (unsigned i = 0; i < 2500; ++i) {
    const Regs in = likely_call(random, world);
    const Regs out = world.spmc->smc(in);
    ASSERT_NO_FATAL_FAILURE(expect_well_formed(in, out)) << i;
    shares += (in.x[0] & 0xff) == 0x73 && out.w(0) == success_32 ? 1 : 0;
    fragments += out.w(0) == frag_rx ? 1 : 0;
    if (i % 50 == 0) {
      ASSERT_NO_FATAL_FAILURE(expect_consistent(*world.spmc)) << i;
      world.version(ffa::v1_1);
      world.map();
      world.vm_message(4, echo_id, vm1);
      world.vm_message(4, user_id, vm1);
      world.vm_message(4, user_id, vm2);
    }
  }
  EXPECT_GT(shares, 20U) << "the noise is not only refused";
  EXPECT_GT(fragments, 20U);
}

TEST(SpmcRandomRepeat, TheSameCallsGiveTheSameAnswers) {
  std::vector<Regs> first;
  for (unsigned round = 0; round < 2; ++round) {
    Random random{99};
    World world;
    world.boot(ffa::v1_1);
    for (unsigned i = 0; i < 2000; ++i) {
      const Regs out = world.spmc->smc(likely_call(random, world));
      if (round == 0) {
        first.push_back(out);
      } else {
        ASSERT_EQ(out, first[i]) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SpmcRandom, testing::Values(1, 20240229, 0xffa0ffa1));

}  // namespace
}  // namespace spmc_test
