// SPDX-License-Identifier: BSD-3-Clause
// The reference vectors of the transaction descriptor: the parser reads each positive one to its
// fields, refuses each negative one with its status, and the writer gives the same bytes.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/descriptor_writer.hpp"
#include "core/ownership_map.hpp"
#include "memory_test_tools.hpp"

namespace {

using mediator::DescriptorLayout;
using mediator::DescriptorPart;
using mediator::MemorySend;
using mediator::MemoryTransaction;
using mediator::Outcome;
using mediator::PhysicalRun;
using mediator::RuleTrace;
using memory_test::Bytes;
using memory_test::claim_in;
using nlohmann::json;

const json& vectors() {
  static const json all = [] {
    std::ifstream file(TEST_DATA_DIR "/ffa-vectors.json");
    return json::parse(file).at("vectors");
  }();
  return all;
}

uint64_t number(const json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>(), nullptr, 0)
                           : value.get<uint64_t>();
}

ffa::Version version_of(const json& vector) {
  const auto text = vector.at("abi_version").get<std::string>();
  return ffa::Version::make(1, static_cast<uint16_t>(text.back() - '0'));
}

Bytes image_of(const json& vector) {
  return memory_test::from_hex(vector.at("hex").get<std::string>());
}

/// A send and which one, for vectors that are one.
std::optional<MemorySend> send_of(const json& vector) {
  const auto kind = vector.at("kind").get<std::string>();
  if (kind.starts_with("NEGATIVE")) return std::nullopt;
  if (kind.find("FFA_MEM_SHARE") != std::string::npos) return MemorySend::share;
  if (kind.find("FFA_MEM_LEND") != std::string::npos) return MemorySend::lend;
  if (kind.find("FFA_MEM_DONATE") != std::string::npos) return MemorySend::donate;
  return std::nullopt;
}

Outcome<MemoryTransaction> parse(const Bytes& image, const json& vector, MemorySend kind,
                                 uint16_t caller, RuleTrace& rules) {
  return memory_test::parse_whole(mediator::Snapshot{image},
                                  {.kind = kind,
                                   .caller = ffa::EndpointId{caller},
                                   .version = version_of(vector),
                                   .max_receivers = 4,
                                   .total_length_bytes = image.size()},
                                  rules);
}

struct Range {
  uint64_t address;
  uint64_t pages;
};

std::vector<Range> ranges_of(const json& fields) {
  std::vector<Range> ranges;
  const json& value = fields.at("ranges");
  if (value.is_array()) {
    for (const json& range : value) ranges.push_back({number(range[0]), number(range[1])});
    return ranges;
  }
  for (uint64_t n = 0; n < number(value.at("count")); ++n) {  // "pages", or 1 + (i % 4)
    const uint64_t pages = value.contains("pages") ? number(value.at("pages")) : 1 + n % 4;
    ranges.push_back({number(value.at("first")) + n * number(value.at("stride")), pages});
  }
  return ranges;
}

void expect_fields(const MemoryTransaction& parsed, const json& fields) {
  EXPECT_EQ(parsed.sender.raw(), number(fields.at("sender")));
  EXPECT_EQ(parsed.attributes.raw(), number(fields.at("attributes")));
  EXPECT_EQ(parsed.flags.raw(), number(fields.at("flags")));
  EXPECT_EQ(parsed.tag, number(fields.at("tag")));
  EXPECT_EQ(parsed.total_pages.raw(), number(fields.at("total_page_count")));
  EXPECT_EQ(parsed.range_count, number(fields.at("range_count")));
  const json& borrowers = fields.at("borrowers");
  ASSERT_EQ(parsed.receiver_count, borrowers.size());
  for (uint32_t n = 0; n < parsed.receiver_count; ++n) {
    EXPECT_EQ(parsed.receivers[n].id.raw(), number(borrowers[n].at("endpoint")));
    EXPECT_EQ(parsed.receivers[n].permissions.raw(), number(borrowers[n].at("permissions")));
    if (!borrowers[n].contains("impdef")) continue;
    EXPECT_EQ(parsed.receivers[n].impdef[0], number(borrowers[n].at("impdef")[0]));
    EXPECT_EQ(parsed.receivers[n].impdef[1], number(borrowers[n].at("impdef")[1]));
  }
  const auto ranges = ranges_of(fields);
  ASSERT_EQ(parsed.ranges.count(), ranges.size());
  for (uint32_t n = 0; n < ranges.size(); ++n) {
    EXPECT_EQ(parsed.ranges[n].base().raw(), ranges[n].address);
    EXPECT_EQ(parsed.ranges[n].pages().raw(), ranges[n].pages);
  }
}

/// What the mediator would send for `parsed` if each range were one physical run.
Bytes rewritten(const MemoryTransaction& parsed, ffa::Version version) {
  DescriptorPart head;
  head.add_head(parsed, version, parsed.range_count);
  Bytes bytes(head.bytes().begin(), head.bytes().end());
  for (uint32_t n = 0; n < parsed.range_count; ++n) {
    const auto wire = mediator::encode_range(
        PhysicalRun{ffa::Pa{parsed.ranges[n].base().raw()}, parsed.ranges[n].pages()});
    const auto raw = std::as_bytes(std::span{&wire, 1});
    bytes.insert(bytes.end(), raw.begin(), raw.end());
  }
  const auto layout = DescriptorLayout::make(version, parsed.receiver_count);
  EXPECT_EQ(bytes.size(), layout.total_bytes(parsed.range_count));
  return bytes;
}

TEST(MemoryVectors, SendsParseToTheirFieldsAndAreWrittenBackByteForByte) {
  unsigned sends = 0;
  for (const json& vector : vectors()) {
    const auto kind = send_of(vector);
    if (!kind) continue;
    SCOPED_TRACE(vector.at("name").get<std::string>());
    const json& fields = vector.at("fields");
    Bytes image = image_of(vector);
    if (number(fields.at("handle")) != 0) {
      RuleTrace rules;
      const auto refused =
          parse(image, vector, *kind, static_cast<uint16_t>(number(fields.at("sender"))), rules);
      ASSERT_FALSE(refused.ok()) << "a handle in a send";
      EXPECT_EQ(rules.rejected(), mediator::Rule::mem_handle_zero);
      memory_test::put(image, 8, 0, 8);
    }
    RuleTrace rules;
    const auto parsed =
        parse(image, vector, *kind, static_cast<uint16_t>(number(fields.at("sender"))), rules);
    ASSERT_TRUE(parsed.ok()) << rule_info(rules.rejected()).id;
    expect_fields(*parsed, fields);
    EXPECT_EQ(rewritten(*parsed, version_of(vector)), image);
    ++sends;
  }
  EXPECT_EQ(sends, 19U);
}

TEST(MemoryVectors, TheSamePlanInThreeVersionsIsOneTransaction) {
  for (const char* const plan : {"share_1page", "share_3ranges", "share_2borrowers"}) {
    std::vector<Bytes> written;
    for (const char* const version : {"v10_", "v11_", "v12_"}) {
      for (const json& vector : vectors()) {
        if (vector.at("name") != std::string(version) + plan) continue;
        const Bytes image = image_of(vector);
        RuleTrace rules;
        auto parsed = parse(image, vector, MemorySend::share, 1, rules);
        ASSERT_TRUE(parsed.ok());
        for (auto& receiver : parsed->receivers) receiver.impdef = {};
        written.push_back(rewritten(*parsed, ffa::v1_2));
      }
    }
    ASSERT_EQ(written.size(), 3U) << plan;
    EXPECT_EQ(written[0], written[1]) << plan;
    EXPECT_EQ(written[1], written[2]) << plan;
  }
}

/// What the mediator says of one descriptor before it looks at the VM's memory: the parser's rules,
/// and overlaps inside the transaction.
std::optional<ffa::Status> refusal(const Bytes& image, const json& vector) {
  RuleTrace rules;
  const auto parsed = parse(image, vector, MemorySend::share, 1, rules);
  if (!parsed.ok()) return parsed.error();
  memory_test::OwnershipStorage storage(parsed->range_count);
  mediator::OwnershipMap map{storage.spans, storage.slots};
  auto last = mediator::no_range;
  for (uint32_t n = 0; n < parsed->range_count; ++n) {
    const auto claimed = claim_in(map, parsed->ranges[n], mediator::RangeHolder{0}, last);
    if (!claimed.ok()) return rule_info(mediator::Rule::mem_ranges_disjoint).status;
    last = *claimed;
  }
  return std::nullopt;
}

TEST(MemoryVectors, NegativeOnesGetTheirStatus) {
  unsigned negative = 0;
  for (const json& vector : vectors()) {
    if (!vector.contains("expect")) continue;
    const auto name = vector.at("name").get<std::string>();
    SCOPED_TRACE(name);
    const auto status = refusal(image_of(vector), vector);
    ASSERT_TRUE(status.has_value());
    const bool denied = name == "neg_v11_sender_not_caller";
    EXPECT_EQ(*status, denied ? ffa::Status::denied : ffa::Status::invalid_parameters);
    const auto text = vector.at("expect").at("error").get<std::string>();
    EXPECT_NE(text.find(denied ? "DENIED" : "INVALID_PARAMETERS"), std::string::npos);
    ++negative;
  }
  EXPECT_EQ(negative, 14U);
}

TEST(DescriptorWriter, AnySendInAnyVersionReadsBackTheSame) {
  for (const auto from : memory_test::all_layouts) {
    const Bytes image = memory_test::Descriptor{.layout = from}.build();
    RuleTrace rules;
    const auto parsed = memory_test::parse(image, version_of(from), rules);
    ASSERT_TRUE(parsed.ok());
    for (const auto to : memory_test::all_layouts) {
      const Bytes written = rewritten(*parsed, version_of(to));
      // The builder of the tests has offsets of its own: it must agree byte for byte.
      memory_test::Descriptor expected{.layout = to};
      if (from != memory_test::Layout::v1_2) {
        for (auto& borrower : expected.borrowers) borrower.impdef[0] = borrower.impdef[1] = 0;
      }
      EXPECT_EQ(written, expected.build()) << name_of(from) << " to " << name_of(to);
    }
  }
}

TEST(DescriptorWriter, NeighboursAreJoinedInOrderOnly) {
  mediator::RunMerger merger;
  const auto run = [](uint64_t page, uint64_t count) {
    return PhysicalRun{ffa::Pa{page * ffa::page_size}, ffa::PageCount{count}};
  };
  EXPECT_EQ(merger.add(run(5, 2)), std::nullopt);
  EXPECT_EQ(merger.add(run(7, 1)), std::nullopt);
  EXPECT_EQ(merger.add(run(9, 1)), run(5, 3));
  EXPECT_EQ(merger.add(run(8, 1)), run(9, 1)) << "adjacent, but in front";
  EXPECT_EQ(merger.add(run(9, 4)), std::nullopt);
  EXPECT_EQ(merger.finish(), run(8, 5));
  EXPECT_EQ(merger.finish(), std::nullopt);
}

}  // namespace
