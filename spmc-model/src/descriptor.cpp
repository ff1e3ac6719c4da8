// SPDX-License-Identifier: BSD-3-Clause
// Offset tables and the reading of fields by them.
#include "src/descriptor.hpp"

#include "src/bytes.hpp"

namespace spmc_model {

namespace {

using ffa::Error;
using ffa::Status;

/// Where a field stands; no bytes: the layout does not have it.
struct FieldPlace {
  uint16_t offset;
  uint8_t bytes;
};

struct HeaderLayout {
  uint32_t bytes;
  FieldPlace sender, attributes, flags, handle, tag, access_size, access_count, access_offset;
};

// Memory transaction descriptor of 1.0. [DEN0077A 1.0]
constexpr HeaderLayout layout_v1_0{
    .bytes = 32,
    .sender = {0, 2},
    .attributes = {2, 1},
    .flags = {4, 4},
    .handle = {8, 8},
    .tag = {16, 8},
    .access_size = {0, 0},
    .access_count = {28, 4},
    .access_offset = {0, 0},
};
constexpr uint32_t access_size_v1_0 = 16;
constexpr uint32_t access_offset_v1_0 = 32;

// Memory transaction descriptor since 1.1. [DEN0140]
constexpr HeaderLayout layout_v1_1{
    .bytes = 48,
    .sender = {0, 2},
    .attributes = {2, 2},
    .flags = {4, 4},
    .handle = {8, 8},
    .tag = {16, 8},
    .access_size = {24, 4},
    .access_count = {28, 4},
    .access_offset = {32, 4},
};

// Endpoint memory access descriptor, the part all versions share. [DEN0140]
constexpr FieldPlace access_endpoint{0, 2};
constexpr FieldPlace access_permissions{2, 1};
constexpr FieldPlace access_composite{4, 4};
constexpr FieldPlace access_flags{3, 1};
constexpr uint32_t access_read_bytes = 8;
// Since 1.2, in entries of 32 bytes.
constexpr FieldPlace access_impdef{8, 8};
constexpr FieldPlace access_impdef2{16, 8};
constexpr uint32_t access_size_v1_2 = 32;

// Composite memory region and constituent. [DEN0140]
constexpr FieldPlace composite_pages{0, 4};
constexpr FieldPlace composite_ranges{4, 4};
constexpr uint32_t composite_alignment = 8;
constexpr FieldPlace range_address{0, 8};
constexpr FieldPlace range_pages{8, 4};

uint64_t read(std::span<const std::byte> bytes, uint64_t base, FieldPlace field) {
  return get_le(bytes, base + field.offset, field.bytes);
}
uint32_t read32(std::span<const std::byte> bytes, uint64_t base, FieldPlace field) {
  return static_cast<uint32_t>(read(bytes, base, field));
}
void write(std::span<std::byte> bytes, uint64_t base, FieldPlace field, uint64_t value) {
  put_le(bytes, base + field.offset, field.bytes, value);
}
ffa::EndpointId read_id(std::span<const std::byte> bytes, uint64_t base, FieldPlace field) {
  return ffa::EndpointId{static_cast<uint16_t>(read(bytes, base, field))};
}

}  // namespace

ffa::Result<TransactionHeader> read_header(std::span<const std::byte> fragment,
                                           ffa::Version version, const DescriptorLimits& limits) {
  const bool v1_0 = version < ffa::v1_1;
  const HeaderLayout& layout = v1_0 ? layout_v1_0 : layout_v1_1;
  if (fragment.size() < layout.bytes) return Error{Status::invalid_parameters};
  const TransactionHeader header{
      .sender = read_id(fragment, 0, layout.sender),
      .attributes = read32(fragment, 0, layout.attributes),
      .flags = read32(fragment, 0, layout.flags),
      .handle = ffa::Handle{read(fragment, 0, layout.handle)},
      .tag = read(fragment, 0, layout.tag),
      .access_size = v1_0 ? access_size_v1_0 : read32(fragment, 0, layout.access_size),
      .access_count = read32(fragment, 0, layout.access_count),
      .access_offset = v1_0 ? access_offset_v1_0 : read32(fragment, 0, layout.access_offset),
  };
  const bool in_range = header.attributes <= limits.attributes && header.flags <= limits.flags &&
                        header.access_size <= limits.access_size &&
                        header.access_count <= limits.access_count &&
                        header.access_offset <= limits.access_offset &&
                        header.access_offset % limits.access_alignment == 0;
  if (!in_range) return Error{Status::invalid_parameters};
  const uint64_t array_bytes = uint64_t{header.access_size} * header.access_count;
  if (!within(fragment.size(), header.access_offset, array_bytes)) {
    return Error{Status::invalid_parameters};
  }
  return header;
}

ffa::Result<AccessEntry> read_access(std::span<const std::byte> fragment,
                                     const TransactionHeader& header, uint32_t index) {
  const uint64_t at = header.access_offset + uint64_t{header.access_size} * index;
  if (!within(fragment.size(), at, access_read_bytes)) return Error{Status::invalid_parameters};
  const bool has_impdef = header.access_size >= access_size_v1_2;
  return AccessEntry{.endpoint = read_id(fragment, at, access_endpoint),
                     .permissions = static_cast<uint8_t>(read(fragment, at, access_permissions)),
                     .flags = static_cast<uint8_t>(read(fragment, at, access_flags)),
                     .composite_offset = read32(fragment, at, access_composite),
                     .impdef = has_impdef ? std::array{read(fragment, at, access_impdef),
                                                       read(fragment, at, access_impdef2)}
                                          : std::array<uint64_t, 2>{}};
}

ffa::Result<Composite> read_composite(std::span<const std::byte> fragment, uint32_t offset) {
  if (!within(fragment.size(), offset, composite_bytes) || offset % composite_alignment != 0) {
    return Error{Status::invalid_parameters};
  }
  const Composite composite{.total_pages = read32(fragment, offset, composite_pages),
                            .ranges = read32(fragment, offset, composite_ranges),
                            .first_range_offset = offset + composite_bytes};
  if (composite.total_pages == 0 || composite.ranges == 0) {
    return Error{Status::invalid_parameters};
  }
  return composite;
}

RangeEntry read_range(std::span<const std::byte> fragment, uint64_t at) {
  return RangeEntry{.address = ffa::Pa{read(fragment, at, range_address)},
                    .pages = read32(fragment, at, range_pages)};
}

uint32_t header_bytes(ffa::Version version) {
  return version < ffa::v1_1 ? layout_v1_0.bytes : layout_v1_1.bytes;
}

uint32_t access_bytes(ffa::Version version) {
  return version < ffa::v1_2 ? access_size_v1_0 : access_size_v1_2;
}

void write_header(std::span<std::byte> to, ffa::Version version, const TransactionHeader& header) {
  const HeaderLayout& layout = version < ffa::v1_1 ? layout_v1_0 : layout_v1_1;
  write(to, 0, layout.sender, header.sender.raw());
  write(to, 0, layout.attributes, header.attributes);
  write(to, 0, layout.flags, header.flags);
  write(to, 0, layout.handle, header.handle.raw());
  write(to, 0, layout.tag, header.tag);
  write(to, 0, layout.access_count, header.access_count);
  write(to, 0, layout.access_size, header.access_size);
  write(to, 0, layout.access_offset, header.access_offset);
}

void write_access(std::span<std::byte> to, const TransactionHeader& header, uint32_t index,
                  const AccessEntry& entry) {
  const uint64_t at = header.access_offset + uint64_t{header.access_size} * index;
  write(to, at, access_endpoint, entry.endpoint.raw());
  write(to, at, access_permissions, entry.permissions);
  write(to, at, access_flags, entry.flags);
  write(to, at, access_composite, entry.composite_offset);
  if (header.access_size < access_size_v1_2) return;
  write(to, at, access_impdef, entry.impdef[0]);
  write(to, at, access_impdef2, entry.impdef[1]);
}

void write_composite(std::span<std::byte> to, uint32_t offset, uint32_t pages, uint32_t ranges) {
  write(to, offset, composite_pages, pages);
  write(to, offset, composite_ranges, ranges);
}

void write_range(std::span<std::byte> to, uint64_t at, const RangeEntry& range) {
  write(to, at, range_address, range.address.raw());
  write(to, at, range_pages, range.pages);
}

}  // namespace spmc_model
