// SPDX-License-Identifier: BSD-3-Clause
// What a memory_user and the SPMC write to each other, byte by byte against the common vectors, and
// what the numbers of its protocol do that no scenario can ask for.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "world.hpp"

namespace spmc_test {
namespace {

using spmc_model::sp_protocol::Field;
using spmc_model::sp_protocol::Operation;

constexpr uint16_t sender = 1;
constexpr uint16_t sp1 = 0x8001;

std::string hex_of(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr const char* digits = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(byte) >> 4];
    text += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

nlohmann::json vector_named(const std::string& name) {
  std::ifstream file(TEST_DATA_DIR "/ffa-vectors.json");
  const auto document = nlohmann::json::parse(file);
  for (const auto& vector : document["vectors"]) {
    if (vector["name"] == name) return vector;
  }
  ADD_FAILURE() << name << " is not there";
  return {};
}

/// One page of VM 1, shared with one SP; the handle is the vectors', 0x2a.
struct VectorWorld : World {
  explicit VectorWorld(ffa::Version version) : World(numbering(), one_user()) {
    memory.everywhere = true;
    boot_with(version);
    EXPECT_EQ(request(Operation::speak, version.raw()), 0);
  }
  static spmc_model::Personality numbering() {
    spmc_model::Personality personality = *spmc_model::find_personality("hafnium");
    personality.handles.base = 0x2a;
    return personality;
  }
  static std::vector<spmc_model::SpConfig> one_user() {
    return {{.id = EndpointId{sp1},
             .kind = spmc_model::SpKind::memory_user,
             .properties = spmc_model::default_properties & ~0xc0U}};
  }
  void boot_with(ffa::Version negotiated) {
    version(negotiated);
    EXPECT_SUCCESS(map());
    Descriptor descriptor;
    descriptor.layout = negotiated;
    descriptor.sender = sender;
    descriptor.tag = 0xfeed;
    descriptor.borrowers = {{sp1}};
    descriptor.ranges = {{0x80001000, 1}};
    EXPECT_EQ(handle_of(share(descriptor)), 0x2aU);
  }
  int32_t request(Operation operation, uint32_t argument = 0, uint64_t handle = 0x2a) {
    const Regs out = call({fid32(Fid::msg_send_direct_req), uint64_t{sender} << 16 | sp1, 0,
                           static_cast<uint32_t>(operation), static_cast<uint32_t>(handle),
                           handle >> 32, argument});
    return static_cast<int32_t>(out.w(3));
  }
  int32_t prepare(Field field, uint64_t value) {
    return request(Operation::prepare, static_cast<uint32_t>(field), value);
  }
};

struct RetrieveVectors : testing::TestWithParam<uint16_t> {};

TEST_P(RetrieveVectors, RequestAndResponseAreTheCommonOnes) {
  VectorWorld world(ffa::Version::make(1, GetParam()));
  EXPECT_EQ(world.prepare(Field::flags, 8), 0);
  EXPECT_EQ(world.prepare(Field::attributes, 0x2f), 0);
  ASSERT_EQ(world.request(Operation::retrieve), 0);
  const std::string prefix = "v1" + std::to_string(GetParam());
  const auto request = vector_named(prefix + "_retrieve_req");
  const auto response = vector_named(prefix + "_retrieve_resp");
  const auto tx = world.spmc->sp_tx(EndpointId{sp1});
  const auto rx = world.spmc->sp_rx(EndpointId{sp1});
  EXPECT_EQ(hex_of(tx.first(request["length"])), request["hex"]);
  EXPECT_EQ(hex_of(rx.first(response["length"])), response["hex"]);
  ASSERT_EQ(world.request(Operation::relinquish), 0);
  const auto relinquish = vector_named("relinquish_1ep");
  EXPECT_EQ(hex_of(tx.first(relinquish["length"])), relinquish["hex"]);
  EXPECT_TRUE(world.spmc->sp_tx(EndpointId{0x8777}).empty());
  EXPECT_TRUE(world.spmc->sp_rx(EndpointId{0x8777}).empty());
}

INSTANTIATE_TEST_SUITE_P(Versions, RetrieveVectors, testing::Values(0, 1, 2));

TEST(PreparedRequests, CountForOneRequestAndAreAFew) {
  VectorWorld world(ffa::v1_1);
  EXPECT_EQ(world.prepare(Field::tag, 1), 0);
  EXPECT_EQ(world.request(Operation::retrieve), -2);
  EXPECT_EQ(world.request(Operation::retrieve), 0) << "the second one is right again";
  for (size_t n = 0; n < spmc_model::sp_protocol::max_prepared; ++n) {
    EXPECT_EQ(world.prepare(Field::flags, 0), 0);
  }
  EXPECT_EQ(world.prepare(Field::flags, 0), -3);
  EXPECT_EQ(world.prepare(Field{0}, 0), -2);
  EXPECT_EQ(world.prepare(Field{19}, 0), -2);
}

TEST(SpVersion, IsOneThatTheSpmcHas) {
  VectorWorld world(ffa::v1_1);
  EXPECT_EQ(world.request(Operation::speak, ffa::Version::make(1, 3).raw()), -1);
  EXPECT_EQ(world.request(Operation::speak, ffa::Version::make(0, 9).raw()), -1);
  EXPECT_EQ(world.request(Operation::speak, ffa::v1_2.raw()), 0);
  EXPECT_EQ(world.request(Operation::rx, 3), -2);
}

TEST(CrashedSp, AnswersNobody) {
  VectorWorld world(ffa::v1_1);
  ASSERT_EQ(world.request(Operation::retrieve), 0);
  EXPECT_EQ(world.spmc->region(0).retrieved_by, 1U);
  const uint64_t ids = uint64_t{sender} << 16 | sp1;
  EXPECT_STATUS(world.call({fid32(Fid::msg_send_direct_req), ids, 0,
                            static_cast<uint32_t>(Operation::crash)}),
                aborted);
  EXPECT_EQ(world.spmc->region(0).retrieved_by, 0U);
  EXPECT_STATUS(world.call({fid64(Fid::msg_send_direct_req), ids, 0, 0x16}), aborted);
  EXPECT_SUCCESS(world.reclaim(0x2a));
}

}  // namespace
}  // namespace spmc_test
