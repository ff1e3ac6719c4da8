// SPDX-License-Identifier: BSD-3-Clause
// The builder of descriptors against the published vectors, byte for byte, and back.
#include "sim/scenario/descriptor.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace sim::scenario {
namespace {

using nlohmann::json;

const json& vectors() {
  static const json document = json::parse(std::ifstream(TEST_DATA_DIR "/ffa-vectors.json"));
  return document.at("vectors");
}

const json& vector(const std::string& name) {
  for (const json& one : vectors()) {
    if (one.at("name") == name) return one;
  }
  throw std::runtime_error("no vector " + name);
}

uint64_t number(const json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>(), nullptr, 16)
                           : value.get<uint64_t>();
}

std::vector<uint8_t> bytes_of(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

DescriptorPlan plan_of(const json& from) {
  const std::string version = from.at("abi_version");
  const json& fields = from.at("fields");
  DescriptorPlan plan;
  plan.layout = version == "1.0" ? ffa::v1_0 : version == "1.1" ? ffa::v1_1 : ffa::v1_2;
  plan.sender = static_cast<uint16_t>(number(fields.at("sender")));
  plan.attributes = static_cast<uint16_t>(number(fields.at("attributes")));
  plan.flags = static_cast<uint32_t>(number(fields.at("flags")));
  plan.handle = number(fields.at("handle"));
  plan.tag = number(fields.at("tag"));
  for (const json& borrower : fields.at("borrowers")) {
    DescriptorReceiver receiver;
    receiver.id = static_cast<uint16_t>(number(borrower.at("endpoint")));
    receiver.permissions = static_cast<uint8_t>(number(borrower.at("permissions")));
    receiver.flags = static_cast<uint8_t>(number(borrower.at("flags")));
    if (borrower.contains("impdef")) {
      for (size_t i = 0; i < 2; ++i) receiver.impdef[i] = number(borrower.at("impdef").at(i));
    }
    plan.receivers.push_back(receiver);
  }
  for (const json& range : fields.at("ranges")) {
    plan.ranges.push_back({number(range.at(0)), static_cast<uint32_t>(number(range.at(1)))});
  }
  return plan;
}

class SendVectors : public testing::TestWithParam<const char*> {};

TEST_P(SendVectors, AreBuiltByteForByte) {
  const json& expected = vector(GetParam());
  EXPECT_EQ(build_descriptor(plan_of(expected)), bytes_of(expected.at("hex")));
}

TEST_P(SendVectors, AreReadBack) {
  const json& expected = vector(GetParam());
  const DescriptorPlan plan = plan_of(expected);
  const auto facts = read_descriptor(bytes_of(expected.at("hex")), plan.layout);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->plan.sender, plan.sender);
  EXPECT_EQ(facts->plan.attributes, plan.attributes);
  EXPECT_EQ(facts->plan.flags, plan.flags);
  EXPECT_EQ(facts->plan.handle, plan.handle);
  EXPECT_EQ(facts->plan.tag, plan.tag);
  EXPECT_EQ(facts->plan.ranges, plan.ranges);
  EXPECT_EQ(facts->range_count, plan.ranges.size());
  EXPECT_EQ(facts->total_page_count, number(expected.at("fields").at("total_page_count")));
  ASSERT_EQ(facts->plan.receivers.size(), plan.receivers.size());
  for (size_t n = 0; n < plan.receivers.size(); ++n) {
    EXPECT_EQ(facts->plan.receivers[n].id, plan.receivers[n].id);
    EXPECT_EQ(facts->plan.receivers[n].permissions, plan.receivers[n].permissions);
    EXPECT_EQ(facts->plan.receivers[n].impdef[0], plan.receivers[n].impdef[0]);
    EXPECT_EQ(facts->plan.receivers[n].impdef[1], plan.receivers[n].impdef[1]);
  }
}

INSTANTIATE_TEST_SUITE_P(Vectors, SendVectors,
                         testing::Values("v10_share_1page", "v11_share_1page", "v12_share_1page",
                                         "v10_share_3ranges", "v11_share_3ranges",
                                         "v12_share_3ranges", "v10_share_2borrowers",
                                         "v11_share_2borrowers", "v12_share_2borrowers",
                                         "v11_lend_zero_1borrower", "v11_lend_2borrowers",
                                         "v11_donate", "v12_sp_to_sp_share"),
                         [](const auto& one) { return std::string{one.param}; });

struct Patch {
  const char* vector;
  const char* field;
};

class NegativeVectors : public testing::TestWithParam<Patch> {};

/// The field that a negative vector spoils lies where the vector's patch says.
TEST_P(NegativeVectors, FieldLiesWhereThePatchIs) {
  const json& spoiled = vector(GetParam().vector);
  const json& patch = spoiled.at("fields").at("patch").at(0);
  const DescriptorPlan plan = plan_of(vector(spoiled.at("fields").at("base")));
  const auto place = find_field(plan, GetParam().field);
  ASSERT_TRUE(place);
  EXPECT_EQ(place->offset, patch.at("offset"));
  const std::string bytes = patch.at("bytes");
  EXPECT_EQ(place->width, bytes.size() / 2);
}

INSTANTIATE_TEST_SUITE_P(
    Vectors, NegativeVectors,
    testing::Values(Patch{"neg_v11_total_pages_mismatch", "composite.total_page_count"},
                    Patch{"neg_v11_range_count_too_big", "composite.range_count"},
                    Patch{"neg_v11_emad_offset_unaligned", "header.emad_offset"},
                    Patch{"neg_v11_emad_size_24", "header.emad_size"},
                    Patch{"neg_v11_ns_bit_in_share", "header.attributes"},
                    Patch{"neg_v11_zero_flag_in_share", "header.flags"},
                    Patch{"neg_v11_instr_perm_in_share", "receivers[0].permissions"},
                    Patch{"neg_v11_duplicate_borrower", "receivers[1].id"},
                    Patch{"neg_v11_composite_offsets_differ", "receivers[1].composite_offset"},
                    Patch{"neg_v11_composite_overlaps_emads", "receivers[0].composite_offset"},
                    Patch{"neg_v10_reserved_nonzero", "header.reserved"},
                    Patch{"neg_v11_sender_not_caller", "header.sender"},
                    Patch{"neg_v11_overlapping_ranges", "ranges[1].address"},
                    Patch{"neg_v11_unaligned_address", "ranges[0].address"}),
    [](const auto& one) { return std::string{one.param.vector}; });

TEST(Descriptor, FieldsThatALayoutDoesNotHaveAreNotFound) {
  DescriptorPlan plan;
  plan.receivers.push_back({.id = 0x8001});
  plan.ranges.push_back({0x40001000, 1});
  plan.layout = ffa::v1_0;
  EXPECT_FALSE(find_field(plan, "header.emad_size"));
  plan.layout = ffa::v1_1;
  EXPECT_TRUE(find_field(plan, "header.emad_size"));
  EXPECT_FALSE(find_field(plan, "receivers[0].impdef"));
  EXPECT_FALSE(find_field(plan, "receivers[1].id"));
  EXPECT_FALSE(find_field(plan, "ranges[1].address"));
  EXPECT_FALSE(find_field(plan, "ranges"));
  EXPECT_FALSE(find_field(plan, "trailer.id"));
  plan.layout = ffa::v1_2;
  EXPECT_TRUE(find_field(plan, "receivers[0].impdef"));
}

TEST(Descriptor, AccessSizeOfALayoutCanBeOverridden) {
  DescriptorPlan plan;
  plan.layout = ffa::v1_2;
  plan.access_size = 16;
  plan.receivers.push_back({.id = 0x8001});
  plan.ranges.push_back({0x40001000, 3});
  EXPECT_EQ(build_descriptor(plan).size(), 96U);
  plan.access_size = 64;
  EXPECT_EQ(build_descriptor(plan).size(), 144U);
  const auto facts = read_descriptor(build_descriptor(plan), ffa::v1_2);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->plan.ranges, plan.ranges);
}

TEST(Descriptor, CutBytesAreNeverReadPastTheirEnd) {
  const auto bytes = bytes_of(vector("v12_share_2borrowers").at("hex"));
  for (size_t length = 0; length < bytes.size(); ++length) {
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length));
    const auto facts = read_descriptor(cut, ffa::v1_2);
    if (facts) {
      EXPECT_LT(facts->plan.ranges.size(), 2U);
    }
  }
}

}  // namespace
}  // namespace sim::scenario
