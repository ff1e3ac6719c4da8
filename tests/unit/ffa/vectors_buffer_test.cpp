// SPDX-License-Identifier: BSD-3-Clause
// The other images in RX and TX buffers, the damaged ones, and the check that no vector goes
// untested.
#include "ffa/wire/message.hpp"
#include "ffa/wire/partition.hpp"
#include "ffa/wire/rxtx.hpp"
#include "vectors.hpp"

namespace ffa::test {
namespace {

TEST(FfaVectors, EveryVectorIsOfATestedKind) {
  EXPECT_EQ(all_vectors().size(), 66U);
  EXPECT_EQ(names_of(Kind::memory).size(), 28U);
  EXPECT_EQ(names_of(Kind::relinquish).size(), 2U);
  EXPECT_EQ(names_of(Kind::partition_info).size(), 4U);
  EXPECT_EQ(names_of(Kind::partition_info_regs).size(), 1U);
  EXPECT_EQ(names_of(Kind::partition_message).size(), 2U);
  EXPECT_EQ(names_of(Kind::endpoint_rxtx).size(), 1U);
  EXPECT_EQ(names_of(Kind::notification_info).size(), 2U);
  EXPECT_EQ(names_of(Kind::registers).size(), 12U);
  EXPECT_EQ(names_of(Kind::negative).size(), 14U);
  EXPECT_EQ(names_with("fragments").size(), 3U);
  EXPECT_EQ(names_with("calls").size(), 19U);
}

wire::PartitionInfoV1_3 info_from(const json& entry) {
  wire::PartitionInfoV1_3 info{};
  info.id = static_cast<uint16_t>(number(entry.at("id")));
  info.execution_contexts = static_cast<uint16_t>(number(entry.at("exec_ctx")));
  info.properties = static_cast<uint32_t>(number(entry.at("properties")));
  if (entry.contains("uuid")) info.protocol_uuid = uuid_from(entry.at("uuid"));
  if (entry.contains("protocol_uuid")) {
    info.protocol_uuid = uuid_from(entry.at("protocol_uuid"));
    info.image_uuid = uuid_from(entry.at("image_uuid"));
    info.ffa_version = static_cast<uint32_t>(number(entry.at("ffa_version")));
  }
  return info;
}

Bytes build_partition_info(const json& fields) {
  const size_t size = fields.at("descriptor_size");
  Bytes image;
  for (const json& entry : fields.at("entries")) {
    const size_t offset = image.size();
    const wire::PartitionInfoV1_3 info = info_from(entry);
    if (size == 8) {
      store(image, offset,
            wire::PartitionInfoV1_0{info.id, info.execution_contexts, info.properties});
    } else if (size == 24) {
      store(image, offset,
            wire::PartitionInfoV1_1{info.id, info.execution_contexts, info.properties,
                                    info.protocol_uuid});
    } else {
      store(image, offset, info);
    }
  }
  return image;
}

json parse_partition_info(const Bytes& image, size_t size) {
  json entries = json::array();
  for (size_t offset = 0; offset < image.size(); offset += size) {
    const auto head = load<wire::PartitionInfoV1_0>(image, offset);
    json entry = {{"id", hex_text(head.id, 4)},
                  {"exec_ctx", uint16_t{head.execution_contexts}},
                  {"properties", hex_text(head.properties, 8)}};
    if (size == sizeof(wire::PartitionInfoV1_1)) {
      entry["uuid"] = uuid_text(load<wire::PartitionInfoV1_1>(image, offset).uuid);
    }
    if (size == sizeof(wire::PartitionInfoV1_3)) {
      const auto info = load<wire::PartitionInfoV1_3>(image, offset);
      entry["protocol_uuid"] = uuid_text(info.protocol_uuid);
      entry["image_uuid"] = uuid_text(info.image_uuid);
      entry["ffa_version"] = hex_text(info.ffa_version, 8);
      EXPECT_EQ(uint32_t{info.reserved_44}, 0U);
    }
    entries.push_back(entry);
  }
  return entries;
}

class FfaPartitionInfoVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaPartitionInfoVector,
                         testing::ValuesIn(names_of(Kind::partition_info)), test_name);

TEST_P(FfaPartitionInfoVector, IsBuiltFromItsFieldsAndParsesBack) {
  const json& vector = vector_called(GetParam());
  const json& fields = vector.at("fields");
  const Bytes image = image_of(vector);
  EXPECT_EQ(build_partition_info(fields), image);
  EXPECT_EQ(image.size(), vector.at("length").get<size_t>());
  EXPECT_EQ(fields.at("entries").size(), fields.at("count").get<size_t>());
  EXPECT_EQ(parse_partition_info(image, fields.at("descriptor_size")), fields.at("entries"));
}

Bytes build_message(const json& fields) {
  const auto offset = static_cast<uint32_t>(number(fields.at("msg_offset")));
  const Bytes payload = from_hex(fields.at("payload").get<std::string>());
  wire::PartitionMessageV1_2 header{};
  header.flags = static_cast<uint32_t>(number(fields.at("flags")));
  header.message_offset = offset;
  header.receiver = static_cast<uint16_t>(number(fields.at("receiver")));
  header.sender = static_cast<uint16_t>(number(fields.at("sender")));
  header.message_size = static_cast<uint32_t>(number(fields.at("size")));
  Bytes image;
  if (fields.contains("uuid")) {
    header.reserved_20 = static_cast<uint32_t>(number(fields.at("reserved2")));
    header.uuid = uuid_from(fields.at("uuid"));
    store(image, 0, header);
  } else {
    store(image, 0,
          wire::PartitionMessageV1_1{header.flags, 0, header.message_offset, header.receiver,
                                     header.sender, header.message_size});
  }
  for (size_t i = 0; i < payload.size(); ++i) store(image, offset + i, payload[i]);
  return image;
}

json parse_message(const Bytes& image, bool v1_1) {
  const auto header = load<wire::PartitionMessageV1_1>(image, 0);
  EXPECT_EQ(uint32_t{header.reserved_4}, 0U);
  json fields = {{"flags", hex_text(header.flags, 8)},
                 {"msg_offset", uint32_t{header.message_offset}},
                 {"receiver", hex_text(header.receiver, 4)},
                 {"sender", hex_text(header.sender, 4)},
                 {"size", uint32_t{header.message_size}}};
  if (v1_1) {
    fields["send_recv_word"] = hex_text(load<uint32_t>(image, 12), 8);
  } else {
    const auto extended = load<wire::PartitionMessageV1_2>(image, 0);
    fields["reserved2"] = uint32_t{extended.reserved_20};
    fields["uuid"] = uuid_text(extended.uuid);
  }
  std::string payload;
  for (size_t i = 0; i < header.message_size; ++i) {
    payload += hex_text(load<uint8_t>(image, header.message_offset + i), 2).substr(2);
  }
  fields["payload"] = payload;
  EXPECT_EQ(image.size(), size_t{header.message_offset} + header.message_size);
  return fields;
}

class FfaPartitionMessageVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaPartitionMessageVector,
                         testing::ValuesIn(names_of(Kind::partition_message)), test_name);

TEST_P(FfaPartitionMessageVector, IsBuiltFromItsFieldsAndParsesBack) {
  const json& vector = vector_called(GetParam());
  const Bytes image = image_of(vector);
  EXPECT_EQ(image.size(), vector.at("length").get<size_t>());
  EXPECT_EQ(build_message(vector.at("fields")), image);
  EXPECT_EQ(parse_message(image, vector.at("abi_version") == "1.1"), vector.at("fields"));
}

void store_buffer(Bytes& image, size_t offset, const json& range) {
  const auto pages = static_cast<uint32_t>(number(range[1]));
  store(image, offset, wire::CompositeMemoryRegion{pages, 1, 0});
  store(image, offset + 16, wire::Constituent{number(range[0]), pages, 0});
}

json load_buffer(const Bytes& image, size_t offset) {
  const auto composite = load<wire::CompositeMemoryRegion>(image, offset);
  const auto range = load<wire::Constituent>(image, offset + 16);
  EXPECT_EQ(uint32_t{composite.range_count}, 1U);
  EXPECT_EQ(uint32_t{composite.total_page_count}, uint32_t{range.page_count});
  return {hex_text(range.address, 1), uint32_t{range.page_count}};
}

class FfaEndpointRxtxVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaEndpointRxtxVector,
                         testing::ValuesIn(names_of(Kind::endpoint_rxtx)), test_name);

TEST_P(FfaEndpointRxtxVector, IsBuiltFromItsFieldsAndParsesBack) {
  const json& vector = vector_called(GetParam());
  const json& fields = vector.at("fields");
  const Bytes image = image_of(vector);
  EXPECT_EQ(image.size(), vector.at("length").get<size_t>());

  Bytes built;
  store(built, 0,
        wire::EndpointRxtxV1_1{static_cast<uint16_t>(number(fields.at("endpoint"))), 0,
                               static_cast<uint32_t>(number(fields.at("rx_offset"))),
                               static_cast<uint32_t>(number(fields.at("tx_offset"))), 0});
  store_buffer(built, number(fields.at("rx_offset")), fields.at("rx_range"));
  store_buffer(built, number(fields.at("tx_offset")), fields.at("tx_range"));
  EXPECT_EQ(built, image);

  const auto header = load<wire::EndpointRxtxV1_1>(image, 0);
  const json parsed = {{"endpoint", hex_text(header.endpoint, 4)},
                       {"rx_offset", uint32_t{header.rx_offset}},
                       {"tx_offset", uint32_t{header.tx_offset}},
                       {"rx_range", load_buffer(image, header.rx_offset)},
                       {"tx_range", load_buffer(image, header.tx_offset)}};
  EXPECT_EQ(parsed, fields);
}

/// Whether these images are refused is for the parsers to show; here only that they are what they
/// claim to be.
class FfaNegativeVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaNegativeVector, testing::ValuesIn(names_of(Kind::negative)),
                         test_name);

TEST_P(FfaNegativeVector, IsItsBaseWithThePatchApplied) {
  const json& vector = vector_called(GetParam());
  const json& fields = vector.at("fields");
  const Bytes base = image_of(vector_called(fields.at("base")));
  Bytes patched = base;
  for (const json& patch : fields.at("patch")) {
    const Bytes bytes = from_hex(patch.at("bytes").get<std::string>());
    for (size_t i = 0; i < bytes.size(); ++i) {
      patched.at(patch.at("offset").get<size_t>() + i) = bytes[i];
    }
  }
  EXPECT_NE(patched, base);
  EXPECT_EQ(patched, image_of(vector));
  EXPECT_EQ(patched.size(), vector.at("length").get<size_t>());
  EXPECT_EQ(vector.at("expect").at("valid"), false);
}

}  // namespace
}  // namespace ffa::test
