// SPDX-License-Identifier: BSD-3-Clause
// Where hafnium and tf-a-el3 differ from op-tee in the memory chapters. Numbers are rows of
// docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

constexpr uint32_t mem_donate = 0xc4000071;

struct OtherSpmc {
  explicit OtherSpmc(const char* name) : world(*spmc_model::find_personality(name)) {
    world.version(ffa::v1_1);
    EXPECT_EQ(world.map().x[0], success_32);
    if (std::string_view{name} == "hafnium") {
      world.create_vm(vm1);
      world.create_vm(vm2);
    }
  }
  static Descriptor ranges(uint32_t count, uint64_t first = 0x49000000) {
    Descriptor descriptor;
    descriptor.ranges.clear();
    for (uint64_t i = 0; i < count; ++i) descriptor.ranges.push_back({first + i * 0x4000, 1});
    return descriptor;
  }
  Regs send(uint32_t fid, const std::vector<uint8_t>& bytes, size_t length) {
    world.memory.put(tx_page, {bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)});
    return world.call({fid, bytes.size(), length});
  }
  Regs share(const Descriptor& descriptor) {
    const auto bytes = descriptor.bytes();
    return send(fid64(Fid::mem_share), bytes, bytes.size());
  }
  Regs fragment(const Regs& request, const std::vector<uint8_t>& bytes, uint64_t sender = vm1) {
    world.memory.put(tx_page, bytes);
    return world.call(Fid::mem_frag_tx, request.x[1], request.x[2], bytes.size(), sender << 16);
  }
  World world;
};

TEST(OtherPersonalities, Knob32HandlesAreNumberedAsTheyNumberThem) {
  OtherSpmc hafnium{"hafnium"};
  EXPECT_EQ(hafnium.share(OtherSpmc::ranges(1)).x[2], 0U);
  EXPECT_EQ(hafnium.share(OtherSpmc::ranges(1, 0x49100000)).x[2], 1U);
  OtherSpmc tf_a{"tf-a-el3"};
  EXPECT_EQ(tf_a.share(OtherSpmc::ranges(1)).x[2], 0xffffffc0U);
  EXPECT_EQ(tf_a.share(OtherSpmc::ranges(1, 0x49100000)).x[2], 0xffffffc1U);
}

TEST(OtherPersonalities, Knob30APageIsInOneTransaction) {
  OtherSpmc hafnium{"hafnium"};
  EXPECT_EQ(hafnium.share(OtherSpmc::ranges(2)).x[0], success_32);
  EXPECT_EQ(status_of(hafnium.share(OtherSpmc::ranges(1))), Status::denied);
  OtherSpmc tf_a{"tf-a-el3"};
  EXPECT_EQ(tf_a.share(OtherSpmc::ranges(2)).x[0], success_32);
  EXPECT_EQ(status_of(tf_a.share(OtherSpmc::ranges(1))), Status::invalid_parameters);
}

TEST(OtherPersonalities, Knob38WhatIsWrongAtTheEndIsGone) {
  for (const char* const name : {"op-tee", "hafnium", "tf-a-el3"}) {
    OtherSpmc spmc{name};
    if (std::string_view{name} == "op-tee") spmc.world.create_vm(vm1);
    const auto bytes = OtherSpmc::ranges(6).bytes();
    const Regs more = spmc.send(fid64(Fid::mem_share), bytes, bytes.size() - 32);
    ASSERT_EQ(more.x[0], frag_rx) << name;
    ASSERT_EQ(spmc.world.spmc->regions(), 1U);
    EXPECT_EQ(status_of(spmc.fragment(more, std::vector<uint8_t>(32))), Status::invalid_parameters);
    EXPECT_EQ(spmc.world.spmc->regions(), 0U) << name;
  }
}

TEST(OtherPersonalities, Knob35TheRequestNamesTheSenderAndTheFragmentMustInTfA) {
  OtherSpmc tf_a{"tf-a-el3"};
  const auto bytes = OtherSpmc::ranges(2).bytes();
  const std::vector<uint8_t> last(bytes.end() - 16, bytes.end());
  const Regs more = tf_a.send(fid64(Fid::mem_share), bytes, bytes.size() - 16);
  EXPECT_EQ(more.x[4], uint64_t{vm1} << 16);
  EXPECT_EQ(status_of(tf_a.fragment(more, last, vm2)), Status::invalid_parameters);
  EXPECT_EQ(tf_a.fragment(more, last).x[0], success_32);
}

TEST(OtherPersonalities, Knob34HafniumHasAMostOfFragments) {
  OtherSpmc hafnium{"hafnium"};
  const auto bytes = OtherSpmc::ranges(40).bytes();
  const size_t head = bytes.size() - 40 * 16;
  Regs reply = hafnium.send(fid64(Fid::mem_share), bytes, head + 16);
  size_t sent = 1;
  for (; reply.x[0] == frag_rx; ++sent) {
    const auto at = bytes.begin() + static_cast<ptrdiff_t>(head + sent * 16);
    reply = hafnium.fragment(reply, {at, at + 16});
  }
  EXPECT_EQ(status_of(reply), Status::no_memory);
  EXPECT_EQ(sent, 21U);
  EXPECT_EQ(hafnium.world.spmc->regions(), 0U);
}

TEST(OtherPersonalities, Knob37HafniumAsksOnWhenTooMuchCameUntilItHasTooManyFragments) {
  OtherSpmc hafnium{"hafnium"};
  const auto bytes = OtherSpmc::ranges(3).bytes();
  const Regs more = hafnium.send(fid64(Fid::mem_share), bytes, bytes.size() - 16);
  ASSERT_EQ(more.x[0], frag_rx);
  Regs reply = hafnium.fragment(more, std::vector<uint8_t>(32));
  EXPECT_EQ(reply.x[0], frag_rx);
  EXPECT_EQ(reply.x[3], bytes.size() + 16);
  size_t sent = 2;
  for (; reply.x[0] == frag_rx; ++sent) {
    reply = hafnium.fragment(reply, {bytes.end() - 16, bytes.end()});
  }
  EXPECT_EQ(status_of(reply), Status::no_memory);
  EXPECT_EQ(sent, 21U);
  EXPECT_EQ(hafnium.world.spmc->regions(), 0U);
}

TEST(OtherPersonalities, Knob25HafniumDeniesOtherAttributes) {
  OtherSpmc hafnium{"hafnium"};
  Descriptor descriptor = OtherSpmc::ranges(1);
  descriptor.attributes = 0x27;
  EXPECT_EQ(status_of(hafnium.share(descriptor)), Status::denied);
}

TEST(OtherPersonalities, Knob22OnlyHafniumTakesDonations) {
  Descriptor descriptor = OtherSpmc::ranges(2);
  descriptor.attributes = 0;
  descriptor.borrowers.resize(1);
  descriptor.borrowers[0].id = user_id;
  descriptor.borrowers[0].permissions = 0;
  const auto bytes = descriptor.bytes();
  OtherSpmc hafnium{"hafnium"};
  EXPECT_EQ(hafnium.send(mem_donate, bytes, bytes.size()).x[0], success_32);
  EXPECT_TRUE(hafnium.world.spmc->region(0).lent);
  OtherSpmc tf_a{"tf-a-el3"};
  EXPECT_EQ(status_of(tf_a.send(mem_donate, bytes, bytes.size())), Status::not_supported);
}

}  // namespace
}  // namespace spmc_test
