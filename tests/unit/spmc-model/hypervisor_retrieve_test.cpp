// SPDX-License-Identifier: BSD-3-Clause
// What a hypervisor is told that retrieves a region by its handle (knobs 42, 43, 57, 62).
#include <fstream>
#include <nlohmann/json.hpp>

#include "world.hpp"

namespace spmc_test {
namespace {

constexpr uint32_t retrieve_resp = 0x84000075;
constexpr uint32_t frag_tx = 0x8400007b;

struct RetrieveWorld : World {
  explicit RetrieveWorld(const char* name, uint64_t base = 0x2a)
      : World(numbering(name, base), sps()) {
    memory.everywhere = true;
    version(ffa::v1_1);
    EXPECT_SUCCESS(map());
  }
  static spmc_model::Personality numbering(const char* name, uint64_t base) {
    spmc_model::Personality personality = *spmc_model::find_personality(name);
    personality.handles.base = base;
    return personality;
  }
  static std::vector<spmc_model::SpConfig> sps() {
    auto list = two_sps();
    for (spmc_model::SpConfig& sp : list) sp.properties &= ~0xc0U;
    return list;
  }
  static std::vector<uint8_t> request(uint64_t handle) {
    std::vector<uint8_t> bytes(48);
    put_le(bytes, 8, 8, handle);
    return bytes;
  }
  Regs retrieve(const std::vector<uint8_t>& bytes) {
    memory.put(tx_page, bytes);
    return call({fid32(Fid::mem_retrieve_req), bytes.size(), bytes.size()});
  }
  Regs more(uint64_t handle, uint64_t offset, uint64_t sender = 0) {
    return call(Fid::mem_frag_rx, static_cast<uint32_t>(handle), handle >> 32, offset,
                sender << 16);
  }
};

std::string hex_of(const std::vector<uint8_t>& bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

TEST(HypervisorRetrieve, Knob42TfAGivesOneEntryWithoutEndpoint) {
  RetrieveWorld world("tf-a-el3");
  Descriptor descriptor;
  descriptor.sender = 1;
  descriptor.ranges = {{0x88000000, 1}, {0x88010000, 4}, {0x90000000, 16}};
  EXPECT_EQ(handle_of(world.share(descriptor)), 0x2aU);
  std::ifstream file(TEST_DATA_DIR "/ffa-vectors.json");
  const auto document = nlohmann::json::parse(file);
  size_t seen = 0;
  for (const auto& vector : document["vectors"]) {
    if (vector["name"] == "v11_hyp_retrieve_req") {
      EXPECT_EQ(hex_of(RetrieveWorld::request(0x2a)), vector["hex"].get<std::string>());
      ++seen;
    }
    if (vector["name"] != "v11_hyp_retrieve_resp_tfa_style") continue;
    const size_t length = vector["length"];
    const Regs out = world.retrieve(RetrieveWorld::request(0x2a));
    EXPECT_EQ(out.x[0], retrieve_resp);
    EXPECT_EQ(out.x[1], length);
    EXPECT_EQ(out.x[2], length);
    EXPECT_EQ(hex_of(world.memory.get(rx_page, length)), vector["hex"].get<std::string>());
    ++seen;
  }
  EXPECT_EQ(seen, 2U);
}

TEST(HypervisorRetrieve, Knob42HafniumGivesEveryBorrowerAndChangesNothing) {
  RetrieveWorld world("hafnium");
  EXPECT_EQ(handle_of(world.share()), 0x2aU);
  const Regs out = world.retrieve(RetrieveWorld::request(0x2a));
  ASSERT_EQ(out.x[0], retrieve_resp);
  EXPECT_EQ(out.x[1], 48U + 2 * 16 + 16 + 2 * 16);
  EXPECT_EQ(out.x[2], out.x[1]);
  const auto rx = world.memory.get(rx_page, out.x[1]);
  EXPECT_EQ(get_le(rx, 0, 2), vm1);
  EXPECT_EQ(get_le(rx, 2, 2), 0x6fU);
  EXPECT_EQ(get_le(rx, 4, 4), 8U);
  EXPECT_EQ(get_le(rx, 16, 8), 0x1122334455667788U);
  EXPECT_EQ(get_le(rx, 28, 4), 2U);
  EXPECT_EQ(get_le(rx, 48, 2), echo_id);
  EXPECT_EQ(get_le(rx, 64, 2), user_id);
  EXPECT_EQ(get_le(rx, 50, 1), 2U);
  EXPECT_EQ(get_le(rx, 80, 4), 4U) << "pages";
  EXPECT_EQ(get_le(rx, 96, 8), 0x49000000U);
  EXPECT_EQ(world.spmc->region(0).retrieved_by, 0U);
  EXPECT_FALSE(world.spmc->owns_hypervisor_rx());
  EXPECT_SUCCESS(world.call(Fid::rx_release));
  EXPECT_SUCCESS(world.reclaim(0x2a));
}

TEST(HypervisorRetrieve, Knob43TheRestComesByOffset) {
  for (const char* const name : {"hafnium", "tf-a-el3"}) {
    SCOPED_TRACE(name);
    const bool hafnium = std::string_view{name} == "hafnium";
    RetrieveWorld world(name);
    Descriptor descriptor;
    descriptor.ranges.clear();
    for (uint64_t n = 0; n < 400; ++n) descriptor.ranges.push_back({0x49000000 + n * 0x2000, 1});
    const auto bytes = descriptor.bytes();
    const auto cut = bytes.begin() + 4096;
    world.memory.put(tx_page, {bytes.begin(), cut});
    const Regs first = world.call({fid64(Fid::mem_share), bytes.size(), 4096});
    ASSERT_EQ(first.x[0], frag_rx);
    world.memory.put(tx_page, {cut, bytes.end()});
    const uint64_t handle = handle_of(world.call(Fid::mem_frag_tx, first.x[1], first.x[2],
                                                 bytes.size() - 4096, uint64_t{vm1} << 16));
    const Regs out = world.retrieve(RetrieveWorld::request(handle));
    ASSERT_EQ(out.x[0], retrieve_resp);
    const uint64_t head = hafnium ? 96 : 80;
    EXPECT_EQ(out.x[1], head + 400 * 16);
    EXPECT_EQ(out.x[2], 4096U);
    EXPECT_EQ(status_of(world.more(handle, 4096)), hafnium ? Status::busy : Status::denied);
    EXPECT_SUCCESS(world.call(Fid::rx_release));
    EXPECT_STATUS(world.more(handle, 4080), invalid_parameters);
    EXPECT_STATUS(world.more(handle + 1, 4096), invalid_parameters);
    EXPECT_STATUS(world.more(handle, 4096, vm2), invalid_parameters);
    const Regs rest = world.more(handle, 4096, vm1);
    ASSERT_EQ(rest.x[0], frag_tx);
    EXPECT_EQ(rest.x[3], head + 400 * 16 - 4096);
    EXPECT_EQ(rest.x[4], hafnium ? 0U : uint64_t{vm1} << 16);
    const uint64_t index = (4096 - head) / 16;
    EXPECT_EQ(get_le(world.memory.get(rx_page, 8), 0, 8), 0x49000000 + index * 0x2000);
    EXPECT_SUCCESS(world.call(Fid::rx_release));
    EXPECT_STATUS(world.more(handle, out.x[1]), invalid_parameters) << "nothing is left";
  }
}

TEST(HypervisorRetrieve, Knob42WhatIsNoRequestIsRefused) {
  for (const char* const name : {"hafnium", "tf-a-el3"}) {
    SCOPED_TRACE(name);
    RetrieveWorld world(name);
    const uint64_t handle = handle_of(world.share());
    auto entries = RetrieveWorld::request(handle);
    put_le(entries, 28, 4, 1);
    EXPECT_STATUS(world.retrieve(entries), invalid_parameters);
    EXPECT_STATUS(world.retrieve(RetrieveWorld::request(handle + 1)), invalid_parameters);
    EXPECT_STATUS(world.retrieve(std::vector<uint8_t>(32)), invalid_parameters);
    world.memory.put(tx_page, RetrieveWorld::request(handle));
    EXPECT_STATUS(world.call({fid32(Fid::mem_retrieve_req), 48, 32}), invalid_parameters);
    EXPECT_STATUS(world.call({fid32(Fid::mem_retrieve_req), 48, 48, 1}), invalid_parameters);
    auto tagged = RetrieveWorld::request(handle);
    put_le(tagged, 16, 8, 1);
    const bool judged = std::string_view{name} == "hafnium";
    EXPECT_EQ(status_of(world.retrieve(tagged)),
              judged ? Status::invalid_parameters : Status::success);
    if (!judged) {
      EXPECT_SUCCESS(world.call(Fid::rx_release));
    }
    EXPECT_EQ(world.retrieve(RetrieveWorld::request(handle)).x[0], retrieve_resp);
    EXPECT_EQ(status_of(world.retrieve(RetrieveWorld::request(handle))),
              judged ? Status::busy : Status::denied);
  }
}

TEST(HypervisorRetrieve, Knob42OpTeeHasNone) {
  RetrieveWorld world("op-tee");
  EXPECT_STATUS(world.retrieve(RetrieveWorld::request(1)), not_supported);
  EXPECT_STATUS(world.more(1, 64), not_supported);
}

}  // namespace
}  // namespace spmc_test
