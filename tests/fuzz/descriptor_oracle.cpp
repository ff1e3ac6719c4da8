// SPDX-License-Identifier: BSD-3-Clause
#include "tests/fuzz/descriptor_oracle.hpp"

#include <algorithm>
#include <array>

#include "src/bytes.hpp"
#include "tests/fuzz/target.hpp"

namespace fuzz {

namespace {

using mediator::MemorySend;
using mediator::Rule;
using Bytes = std::span<const std::byte>;

constexpr uint32_t any = ~uint32_t{0};
constexpr spmc_model::DescriptorLimits no_limits{any, any, any, any, any, 1};
constexpr uint32_t most_receivers = 16;
constexpr uint64_t count_at = 28;
constexpr uint64_t offset_at = 32;
constexpr size_t longest_header = 48;

bool any_set(Bytes bytes, uint64_t offset, uint64_t length) {
  for (uint64_t n = 0; n < length; ++n) {
    if (spmc_model::get_le(bytes, offset + n, 1) != 0) return true;
  }
  return false;
}

/// The header. The model refuses one whose access descriptors are not all there; its fields are
/// read from a copy that has none.
spmc_model::TransactionHeader read_header(Bytes bytes, ffa::Version version) {
  std::array<std::byte, longest_header> head{};
  const uint32_t length = spmc_model::header_bytes(version);
  std::copy_n(bytes.begin(), length, head.begin());
  std::fill_n(head.begin() + count_at, 4, std::byte{0});
  if (version >= ffa::v1_1) std::fill_n(head.begin() + offset_at, 4, std::byte{0});
  const auto read = spmc_model::read_header(std::span{head}.first(length), version, no_limits);
  must(read.ok(), "the model reads a header without access descriptors");
  auto header = *read;
  header.access_count = static_cast<uint32_t>(spmc_model::get_le(bytes, count_at, 4));
  if (version >= ffa::v1_1) {
    header.access_offset = static_cast<uint32_t>(spmc_model::get_le(bytes, offset_at, 4));
  }
  return header;
}

bool reserved_in_header(Bytes bytes, ffa::Version version) {
  if (version >= ffa::v1_1) return any_set(bytes, 36, 12);
  return any_set(bytes, 3, 1) || any_set(bytes, 24, 4);
}

bool reserved_in_access(Bytes bytes, const spmc_model::TransactionHeader& header, uint64_t n) {
  const uint64_t at = header.access_offset + n * header.access_size;
  return header.access_size == 16 ? any_set(bytes, at + 8, 8) : any_set(bytes, at + 24, 8);
}

bool known_size(uint32_t size, ffa::Version version) {
  return size == 16 || (size == 32 && version >= ffa::v1_2);
}

bool array_fits(Bytes bytes, ffa::Version version, const spmc_model::TransactionHeader& header) {
  const bool fits =
      header.access_offset + uint64_t{header.access_count} * header.access_size <= bytes.size();
  must(fits == spmc_model::read_header(bytes, version, no_limits).ok(),
       "the model reads a header if and only if its access descriptors are there");
  return fits;
}

Rule broken_in_attributes(const ModelReading& reading, MemorySend kind) {
  const uint32_t attributes = reading.header.attributes;
  const uint32_t type = attributes >> 4 & 3;
  const bool given =
      kind == MemorySend::share || (kind == MemorySend::lend && reading.header.access_count > 1);
  if ((attributes & 0x40) != 0) return Rule::mem_attributes_no_ns;
  if ((attributes & 0xff80) != 0) return Rule::mem_attributes_reserved;
  if (!given) return attributes == 0 ? Rule::none : Rule::mem_attributes_unspecified;
  if (type == 0 || type == 3) return Rule::mem_attributes_specified;
  if (type == 1) return Rule::mem_attributes_not_device;
  return attributes == 0x2f ? Rule::none : Rule::mem_attributes_write_back;
}

Rule broken_in_header(Bytes bytes, const mediator::SendContext& context,
                      const ModelReading& reading) {
  const auto& header = reading.header;
  if (header.sender != context.caller) return Rule::mem_sender_is_caller;
  if (reserved_in_header(bytes, context.version)) return Rule::mem_header_reserved;
  if (header.handle.raw() != 0) return Rule::mem_handle_zero;
  const Rule attributes = broken_in_attributes(reading, context.kind);
  if (attributes != Rule::none) return attributes;
  if (context.kind == MemorySend::share && (header.flags & 1) != 0) return Rule::mem_flags_no_zero;
  if ((header.flags & 2) != 0) return Rule::mem_flags_no_time_slice;
  if ((header.flags & 0x18) != 0) return Rule::mem_flags_no_type;
  if ((header.flags & ~uint32_t{1}) != 0) return Rule::mem_flags_reserved;
  if (!known_size(header.access_size, context.version)) return Rule::mem_access_size;
  if (header.access_offset % 16 != 0) return Rule::mem_access_offset_aligned;
  if (header.access_offset < spmc_model::header_bytes(context.version)) {
    return Rule::mem_access_offset_behind_header;
  }
  if (header.access_count == 0) return Rule::mem_access_count;
  if (!array_fits(bytes, context.version, header)) return Rule::mem_access_complete;
  if (header.access_count > std::min(context.max_receivers, most_receivers)) {
    return Rule::mem_access_within_limit;
  }
  const bool donated_to_several = context.kind == MemorySend::donate && header.access_count > 1;
  return donated_to_several ? Rule::mem_donate_one_receiver : Rule::none;
}

Rule broken_in_access(Bytes bytes, const mediator::SendContext& context, ModelReading& reading,
                      uint32_t n) {
  const auto read = spmc_model::read_access(bytes, reading.header, n);
  must(read.ok(), "the model reads an access descriptor that is there");
  const auto& access = reading.accesses.emplace_back(*read);
  const uint32_t data = access.permissions & 3;
  const bool data_fits = context.kind == MemorySend::donate ? data == 0 : data == 1 || data == 2;
  if (reserved_in_access(bytes, reading.header, n)) return Rule::mem_access_reserved;
  if (access.flags != 0) return Rule::mem_access_flags;
  if ((access.permissions & 0xf0) != 0) return Rule::mem_permissions_reserved;
  if (!data_fits) return Rule::mem_permissions_data;
  if ((access.permissions & 0xc) != 0) return Rule::mem_permissions_instruction;
  if (access.endpoint == context.caller) return Rule::mem_receiver_not_sender;
  for (uint32_t before = 0; before < n; ++before) {
    if (reading.accesses[before].endpoint == access.endpoint) return Rule::mem_receiver_once;
  }
  const bool same = access.composite_offset == reading.accesses[0].composite_offset;
  return same ? Rule::none : Rule::mem_composite_same;
}

Rule broken_in_composite(Bytes bytes, const mediator::SendContext& context, ModelReading& reading) {
  const auto& header = reading.header;
  const uint32_t offset = reading.accesses[0].composite_offset;
  if (offset % 16 != 0) return Rule::mem_composite_aligned;
  if (offset < header.access_offset + header.access_count * header.access_size) {
    return Rule::mem_composite_behind_access;
  }
  if (uint64_t{offset} + 16 > bytes.size()) return Rule::mem_composite_complete;
  if (any_set(bytes, offset + uint64_t{8}, 8)) return Rule::mem_composite_reserved;
  if (!any_set(bytes, offset + uint64_t{4}, 4)) return Rule::mem_range_count;
  if (!any_set(bytes, offset, 4)) return Rule::mem_page_count;
  const auto read = spmc_model::read_composite(bytes, offset);
  must(read.ok(), "the model reads a composite descriptor that is there and not empty");
  reading.composite = *read;
  const uint64_t end = read->first_range_offset + uint64_t{16} * read->ranges;
  if (end > context.total_length_bytes) return Rule::mem_ranges_within_total;
  return end == context.total_length_bytes ? Rule::none : Rule::mem_no_trailing_bytes;
}

Rule broken_in_ranges(Bytes bytes, ModelReading& reading) {
  uint64_t sum = 0;
  for (uint64_t at = reading.composite.first_range_offset; at + 16 <= bytes.size(); at += 16) {
    const auto& range = reading.ranges.emplace_back(spmc_model::read_range(bytes, at));
    if (range.pages == 0) return Rule::mem_range_not_empty;
    if (range.address.raw() % 4096 != 0) return Rule::mem_range_aligned;
    uint64_t end = 0;
    if (__builtin_add_overflow(range.address.raw(), uint64_t{range.pages} * 4096, &end)) {
      return Rule::mem_range_end;
    }
    sum += range.pages;
  }
  const bool whole = reading.ranges.size() == reading.composite.ranges;
  return whole && sum != reading.composite.total_pages ? Rule::mem_page_sum : Rule::none;
}

Rule broken_in_send(Bytes bytes, const mediator::SendContext& context, ModelReading& reading) {
  if (bytes.size() < spmc_model::header_bytes(context.version)) return Rule::mem_header_complete;
  reading.header = read_header(bytes, context.version);
  Rule broken = broken_in_header(bytes, context, reading);
  for (uint32_t n = 0; broken == Rule::none && n < reading.header.access_count; ++n) {
    broken = broken_in_access(bytes, context, reading, n);
  }
  if (broken == Rule::none) broken = broken_in_composite(bytes, context, reading);
  if (broken == Rule::none) broken = broken_in_ranges(bytes, reading);
  return broken;
}

Rule broken_in_retrieve(Bytes bytes, ffa::Version version, ffa::EndpointId caller,
                        ModelReading& reading) {
  if (bytes.size() < spmc_model::header_bytes(version)) return Rule::retr_header_complete;
  reading.header = read_header(bytes, version);
  const auto& header = reading.header;
  if (reserved_in_header(bytes, version)) return Rule::retr_header_reserved;
  if (!known_size(header.access_size, version)) return Rule::retr_access_size;
  if (header.access_offset % 16 != 0 || header.access_offset < spmc_model::header_bytes(version)) {
    return Rule::retr_access_offset;
  }
  if (header.access_count == 0) return Rule::retr_access_count;
  if (header.access_count > most_receivers) return Rule::retr_access_within_limit;
  const uint64_t end = header.access_offset + uint64_t{header.access_count} * header.access_size;
  if (end != bytes.size()) return Rule::retr_length;
  bool named = false;
  for (uint32_t n = 0; n < header.access_count; ++n) {
    const auto read = spmc_model::read_access(bytes, header, n);
    must(read.ok(), "the model reads an access descriptor that is there");
    const bool known = std::any_of(reading.accesses.begin(), reading.accesses.end(),
                                   [&read](const spmc_model::AccessEntry& before) {
                                     return before.endpoint == read->endpoint;
                                   });
    reading.accesses.push_back(*read);
    if (reserved_in_access(bytes, header, n)) return Rule::retr_access_reserved;
    if (read->flags != 0) return Rule::retr_access_flags;
    if (read->composite_offset != 0) return Rule::retr_no_addresses;
    if ((read->permissions & 0xf0) != 0 || (read->permissions & 3) == 3) {
      return Rule::retr_permissions_reserved;
    }
    if (known) return Rule::retr_receiver_once;
    named = named || read->endpoint == caller;
  }
  return named ? Rule::none : Rule::retr_names_caller;
}

}  // namespace

ModelReading read_send(Bytes fragment, const mediator::SendContext& context) {
  ModelReading reading;
  reading.rule = broken_in_send(fragment, context, reading);
  return reading;
}

ModelReading read_retrieve(Bytes request, ffa::Version version, ffa::EndpointId caller) {
  ModelReading reading;
  reading.rule = broken_in_retrieve(request, version, caller, reading);
  return reading;
}

}  // namespace fuzz
