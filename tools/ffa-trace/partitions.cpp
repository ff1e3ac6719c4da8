// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/partitions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "tools/ffa-trace/field_words.hpp"

namespace ffa_trace {
namespace {

using Bytes = std::vector<uint8_t>;

uint64_t little_endian(const Bytes& bytes, size_t offset, size_t length) {
  uint64_t value = 0;
  for (size_t i = length; i-- > 0;) value = value << 8 | bytes[offset + i];
  return value;
}

ffa::Uuid uuid_at(const Bytes& bytes, size_t offset) {
  return ffa::Uuid::from_dwords(little_endian(bytes, offset, 8),
                                little_endian(bytes, offset + 8, 8));
}

std::vector<ListedPartition> entries_of(const Bytes& bytes, uint64_t count, uint64_t step) {
  std::vector<ListedPartition> partitions;
  if (step < 8 || count > bytes.size() / step) return partitions;
  for (uint64_t i = 0; i < count; ++i) {
    const size_t at = i * step;
    ListedPartition partition;
    partition.id = static_cast<uint16_t>(little_endian(bytes, at, 2));
    partition.contexts = static_cast<uint16_t>(little_endian(bytes, at + 2, 2));
    partition.properties = static_cast<uint32_t>(little_endian(bytes, at + 4, 4));
    if (step >= 24) partition.uuid = uuid_at(bytes, at + 8);
    if (step >= 48) {
      partition.image_uuid = uuid_at(bytes, at + 24);
      partition.ffa_version = static_cast<uint32_t>(little_endian(bytes, at + 40, 4));
    }
    partitions.push_back(partition);
  }
  return partitions;
}

std::vector<ListedPartition> entries_of(const ffa::Regs& out) {
  const uint64_t step = out.x[2] >> 48;
  if (step < 24 || step % 8 != 0) return {};
  Bytes bytes;
  for (unsigned reg = 3; reg < out.x.size(); ++reg) {
    for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<uint8_t>(out.x[reg] >> (8 * i)));
  }
  const uint64_t room = bytes.size() / step;
  uint64_t count = 0;
  while (count < room && out.x[3 + count * step / 8] != 0) ++count;
  return entries_of(bytes, count, step);
}

}  // namespace

std::vector<ListedPartition> partitions_of(const sim::trace::Event& event) {
  if (!ffa::is_success(event.out)) return {};
  if (ffa::is_function(event.in, ffa::Fid::partition_info_get_regs)) return entries_of(event.out);
  if (!ffa::is_function(event.in, ffa::Fid::partition_info_get) || event.rx.empty()) return {};
  const uint64_t step = event.out.w(3) != 0 ? event.out.w(3) : 8;
  return entries_of(event.rx, event.out.w(2), step);
}

std::string partition_words(const ListedPartition& partition) {
  std::string line =
      fmt::format("partition {:#06x}, {} contexts, properties {}", partition.id, partition.contexts,
                  bits_text(partition.properties, property_bits()));
  static const char* const types[] = {"", "independent stream", "dependent stream", "auxiliary"};
  if ((partition.properties >> 4 & 3) != 0) add_word(line, types[partition.properties >> 4 & 3]);
  if (partition.uuid) add_word(line, fmt::format("UUID {}", uuid_text(*partition.uuid)));
  if (partition.image_uuid) {
    add_word(line, fmt::format("image UUID {}", uuid_text(*partition.image_uuid)));
    add_word(line, fmt::format("FF-A {}.{}", partition.ffa_version >> 16,
                               partition.ffa_version & 0xffff));
  }
  return line;
}

}  // namespace ffa_trace
