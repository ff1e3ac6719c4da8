// SPDX-License-Identifier: BSD-3-Clause
// Memory descriptors: each image is built from its fields through the wire structs, and parsed back
// into them.
#include "ffa/wire/memory.hpp"
#include "vectors.hpp"

namespace ffa::test {
namespace {

struct Shape {
  bool v1_0;             // header of 32 bytes with access descriptors right behind
  size_t access_offset;  // of the first endpoint memory access descriptor
  size_t access_size;
};

/// The list of [address, page count], written out where the vector gives a rule.
json ranges_of(const json& fields) {
  if (!fields.contains("ranges")) return json::array();
  const json& ranges = fields.at("ranges");
  if (ranges.is_array()) return ranges;
  const std::string rule = ranges.at("rule");
  const bool cyclic = rule == "address = first + i*stride, pages = 1 + (i % 4)";
  if (!cyclic && rule != "address = base + i*stride, pages each") {
    throw std::invalid_argument("unknown rule: " + rule);
  }
  json list = json::array();
  for (uint64_t i = 0; i < number(ranges.at("count")); ++i) {
    const uint64_t address = number(ranges.at("first")) + i * number(ranges.at("stride"));
    const uint64_t pages = cyclic ? 1 + i % 4 : number(ranges.at("pages"));
    list.push_back({hex_text(address, 1), pages});
  }
  return list;
}

Shape shape_of(const json& vector) {
  const json& fields = vector.at("fields");
  if (vector.at("abi_version") == "1.0") return {true, 32, 16};
  return {false, number_or_zero(fields, "emad_offset"), number_or_zero(fields, "emad_size")};
}

void store_header(Bytes& image, const json& fields, const Shape& shape) {
  const auto sender = static_cast<uint16_t>(number_or_zero(fields, "sender"));
  const auto attributes = static_cast<uint16_t>(number_or_zero(fields, "attributes"));
  const auto flags = static_cast<uint32_t>(number_or_zero(fields, "flags"));
  const auto count = static_cast<uint32_t>(number(fields.at("emad_count")));
  const uint64_t handle = number_or_zero(fields, "handle");
  const uint64_t tag = number_or_zero(fields, "tag");
  if (shape.v1_0) {
    store(image, 0,
          wire::MemoryTransactionV1_0{.sender = sender,
                                      .attributes = static_cast<uint8_t>(attributes),
                                      .reserved_3 = 0,
                                      .flags = flags,
                                      .handle = handle,
                                      .tag = tag,
                                      .reserved_24 = 0,
                                      .access_count = count});
    return;
  }
  store(image, 0,
        wire::MemoryTransactionV1_1{.sender = sender,
                                    .attributes = attributes,
                                    .flags = flags,
                                    .handle = handle,
                                    .tag = tag,
                                    .access_size = static_cast<uint32_t>(shape.access_size),
                                    .access_count = count,
                                    .access_offset = static_cast<uint32_t>(shape.access_offset),
                                    .reserved_36 = {}});
}

void store_access(Bytes& image, size_t offset, const json& borrower, uint32_t composite_offset) {
  const auto endpoint = static_cast<uint16_t>(number(borrower.at("endpoint")));
  const auto permissions = static_cast<uint8_t>(number(borrower.at("permissions")));
  const auto flags = static_cast<uint8_t>(number(borrower.at("flags")));
  if (!borrower.contains("impdef")) {
    store(image, offset, wire::MemoryAccessV1_0{endpoint, permissions, flags, composite_offset, 0});
    return;
  }
  const json& impdef = borrower.at("impdef");
  store(image, offset,
        wire::MemoryAccessV1_2{endpoint,
                               permissions,
                               flags,
                               composite_offset,
                               {number(impdef.at(0)), number(impdef.at(1))},
                               0});
}

Bytes build_memory(const json& vector) {
  const json& fields = vector.at("fields");
  const Shape shape = shape_of(vector);
  const auto composite = static_cast<uint32_t>(number_or_zero(fields, "composite_offset"));
  Bytes image;
  store_header(image, fields, shape);
  size_t offset = shape.access_offset;
  for (const json& borrower : fields.value("borrowers", json::array())) {
    store_access(image, offset, borrower, composite);
    offset += shape.access_size;
  }
  if (!fields.contains("ranges")) return image;
  const json ranges = ranges_of(fields);
  store(image, composite,
        wire::CompositeMemoryRegion{static_cast<uint32_t>(number(fields.at("total_page_count"))),
                                    static_cast<uint32_t>(number(fields.at("range_count"))), 0});
  for (size_t i = 0; i < ranges.size(); ++i) {
    store(image, composite + 16 + 16 * i,
          wire::Constituent{number(ranges[i][0]), static_cast<uint32_t>(number(ranges[i][1])), 0});
  }
  return image;
}

template <class Header>
void parse_header(const Header& header, unsigned attribute_digits, json& fields) {
  fields["sender"] = hex_text(header.sender, 4);
  fields["attributes"] = hex_text(header.attributes, attribute_digits);
  fields["flags"] = hex_text(header.flags, 8);
  fields["handle"] = hex_text(header.handle, 16);
  fields["tag"] = hex_text(header.tag, 16);
  fields["emad_count"] = uint32_t{header.access_count};
}

json parse_access(const Bytes& image, size_t offset, size_t size) {
  const auto access = load<wire::MemoryAccessV1_0>(image, offset);
  json borrower = {{"endpoint", hex_text(access.endpoint, 4)},
                   {"permissions", hex_text(access.permissions, 2)},
                   {"flags", hex_text(access.flags, 2)}};
  if (size == 16) {
    EXPECT_EQ(uint64_t{access.reserved_8}, 0U);
    return borrower;
  }
  const auto extended = load<wire::MemoryAccessV1_2>(image, offset);
  borrower["impdef"] = {hex_text(extended.impdef[0], 16), hex_text(extended.impdef[1], 16)};
  EXPECT_EQ(uint64_t{extended.reserved_24}, 0U);
  return borrower;
}

void parse_composite(const Bytes& image, size_t offset, json& fields) {
  const auto composite = load<wire::CompositeMemoryRegion>(image, offset);
  EXPECT_EQ(uint64_t{composite.reserved_8}, 0U);
  fields["total_page_count"] = uint32_t{composite.total_page_count};
  fields["range_count"] = uint32_t{composite.range_count};
  fields["ranges"] = json::array();
  for (uint32_t i = 0; i < composite.range_count; ++i) {
    const auto range = load<wire::Constituent>(image, offset + 16 + 16 * size_t{i});
    EXPECT_EQ(uint32_t{range.reserved_12}, 0U);
    fields["ranges"].push_back({hex_text(range.address, 1), uint32_t{range.page_count}});
  }
  EXPECT_EQ(image.size(), offset + 16 + 16 * size_t{composite.range_count});
}

/// The image as JSON, from nothing but its bytes and the version.
json parse_memory(const Bytes& image, bool v1_0) {
  json fields;
  size_t access_offset = sizeof(wire::MemoryTransactionV1_0);
  size_t access_size = sizeof(wire::MemoryAccessV1_0);
  if (v1_0) {
    const auto header = load<wire::MemoryTransactionV1_0>(image, 0);
    EXPECT_EQ(header.reserved_3, 0);
    EXPECT_EQ(uint32_t{header.reserved_24}, 0U);
    parse_header(header, 2, fields);
  } else {
    const auto header = load<wire::MemoryTransactionV1_1>(image, 0);
    for (const uint8_t byte : header.reserved_36) EXPECT_EQ(byte, 0);
    parse_header(header, 4, fields);
    fields["emad_size"] = uint32_t{header.access_size};
    fields["emad_offset"] = uint32_t{header.access_offset};
    access_offset = header.access_offset;
    access_size = header.access_size;
  }
  size_t composite_offset = 0;
  for (uint64_t i = 0; i < fields.at("emad_count").get<uint64_t>(); ++i) {
    const size_t offset = access_offset + i * access_size;
    composite_offset = load<wire::MemoryAccessV1_0>(image, offset).composite_offset;
    fields["borrowers"].push_back(parse_access(image, offset, access_size));
    fields["composite_offset"] = composite_offset;
  }
  if (composite_offset != 0) parse_composite(image, composite_offset, fields);
  return fields;
}

class FfaMemoryVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaMemoryVector, testing::ValuesIn(names_of(Kind::memory)),
                         test_name);

TEST_P(FfaMemoryVector, IsBuiltByteForByteFromItsFields) {
  const json& vector = vector_called(GetParam());
  const Bytes built = build_memory(vector);
  EXPECT_EQ(built.size(), vector.at("length").get<size_t>());
  EXPECT_EQ(built, image_of(vector));
}

TEST_P(FfaMemoryVector, ParsesBackIntoItsFields) {
  const json& vector = vector_called(GetParam());
  json expected = vector.at("fields");
  if (expected.contains("ranges")) expected["ranges"] = ranges_of(expected);
  const json parsed = parse_memory(image_of(vector), vector.at("abi_version") == "1.0");
  for (const auto& [key, value] : expected.items()) EXPECT_EQ(parsed.at(key), value) << key;
  for (const auto& [key, value] : parsed.items()) {
    // A vector may leave out what is zero.
    if (!expected.contains(key)) {
      EXPECT_EQ(number(value), 0U) << key;
    }
  }
}

class FfaFragmentVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaFragmentVector, testing::ValuesIn(names_with("fragments")),
                         test_name);

TEST_P(FfaFragmentVector, FragmentsAreTheImageCutInPieces) {
  const json& vector = vector_called(GetParam());
  const Bytes image = build_memory(vector);
  size_t offset = 0;
  uint64_t constituents = 0;
  for (const json& fragment : vector.at("fragments")) {
    const Bytes piece = from_hex(fragment.at("hex").get<std::string>());
    EXPECT_EQ(fragment.at("offset"), offset);
    EXPECT_EQ(fragment.at("length"), piece.size());
    ASSERT_LE(piece.size(), image.size() - offset);
    EXPECT_TRUE(std::equal(piece.begin(), piece.end(), image.begin() + static_cast<long>(offset)));
    const size_t head = offset == 0 ? number(vector.at("fields").at("composite_offset")) + 16 : 0;
    EXPECT_EQ(fragment.at("constituents_in_fragment"), (piece.size() - head) / 16);
    constituents += fragment.at("constituents_in_fragment").get<uint64_t>();
    offset += piece.size();
  }
  EXPECT_EQ(offset, image.size());
  EXPECT_EQ(constituents, number(vector.at("fields").at("range_count")));
}

class FfaRelinquishVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaRelinquishVector, testing::ValuesIn(names_of(Kind::relinquish)),
                         test_name);

TEST_P(FfaRelinquishVector, IsBuiltFromItsFieldsAndParsesBack) {
  const json& vector = vector_called(GetParam());
  const json& fields = vector.at("fields");
  const json& endpoints = fields.at("endpoints");
  Bytes built;
  store(built, 0,
        wire::MemoryRelinquish{number(fields.at("handle")),
                               static_cast<uint32_t>(number(fields.at("flags"))),
                               static_cast<uint32_t>(number(fields.at("endpoint_count")))});
  for (size_t i = 0; i < endpoints.size(); ++i) {
    store(built, 16 + 2 * i, static_cast<uint16_t>(number(endpoints[i])));
  }
  const Bytes image = image_of(vector);
  EXPECT_EQ(built, image);
  EXPECT_EQ(image.size(), vector.at("length").get<size_t>());

  const auto header = load<wire::MemoryRelinquish>(image, 0);
  json parsed = {{"handle", hex_text(header.handle, 16)},
                 {"flags", hex_text(header.flags, 8)},
                 {"endpoint_count", uint32_t{header.endpoint_count}}};
  for (size_t i = 0; i < header.endpoint_count; ++i) {
    parsed["endpoints"].push_back(hex_text(load<uint16_t>(image, 16 + 2 * i), 4));
  }
  EXPECT_EQ(parsed, fields);
}

}  // namespace
}  // namespace ffa::test
