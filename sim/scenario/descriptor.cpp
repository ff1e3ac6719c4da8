// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/descriptor.hpp"

#include <array>
#include <charconv>
#include <string_view>

namespace sim::scenario {
namespace {

struct FieldRow {
  std::string_view name;
  uint32_t offset;
  uint32_t width;
};

//                                      name            offset width
constexpr FieldRow header_1_0[] = {{"sender", 0, 2},    {"attributes", 2, 1}, {"reserved2", 3, 1},
                                   {"flags", 4, 4},     {"handle", 8, 8},     {"tag", 16, 8},
                                   {"reserved", 24, 4}, {"emad_count", 28, 4}};
constexpr FieldRow header_1_1[] = {
    {"sender", 0, 2},    {"attributes", 2, 2}, {"flags", 4, 4},       {"handle", 8, 8},
    {"tag", 16, 8},      {"emad_size", 24, 4}, {"emad_count", 28, 4}, {"emad_offset", 32, 4},
    {"reserved", 36, 4}, {"reserved2", 40, 8}};
constexpr FieldRow receiver_1_0[] = {{"id", 0, 2},
                                     {"permissions", 2, 1},
                                     {"flags", 3, 1},
                                     {"composite_offset", 4, 4},
                                     {"reserved", 8, 8}};
constexpr FieldRow receiver_1_2[] = {
    {"id", 0, 2},     {"permissions", 2, 1}, {"flags", 3, 1},    {"composite_offset", 4, 4},
    {"impdef", 8, 8}, {"impdef2", 16, 8},    {"reserved", 24, 8}};
constexpr FieldRow composite[] = {
    {"total_page_count", 0, 4}, {"range_count", 4, 4}, {"reserved", 8, 8}};
constexpr FieldRow range[] = {{"address", 0, 8}, {"page_count", 8, 4}, {"reserved", 12, 4}};

constexpr uint32_t composite_bytes = 16;
constexpr uint32_t range_bytes = 16;

bool has_access_size(ffa::Version layout) { return layout > ffa::v1_0; }
uint32_t header_bytes(ffa::Version layout) { return has_access_size(layout) ? 48 : 32; }

std::span<const FieldRow> header_rows(ffa::Version layout) {
  if (has_access_size(layout)) return header_1_1;
  return header_1_0;
}

std::span<const FieldRow> receiver_rows(uint32_t access_size) {
  if (access_size >= 32) return receiver_1_2;
  return receiver_1_0;
}

uint32_t access_size(const DescriptorPlan& plan) {
  if (plan.access_size) return *plan.access_size;
  return plan.layout >= ffa::v1_2 ? 32 : 16;
}

/// Bytes from one receiver to the next; an absurd `emad_size` is only written into the header.
uint32_t access_stride(const DescriptorPlan& plan) {
  return access_size(plan) >= 32 ? access_size(plan) : 16;
}

uint64_t composite_offset(const DescriptorPlan& plan) {
  const uint64_t end =
      header_bytes(plan.layout) + uint64_t{access_stride(plan)} * plan.receivers.size();
  return (end + 15) & ~uint64_t{15};
}

const FieldRow* find_row(std::span<const FieldRow> rows, std::string_view name) {
  for (const FieldRow& row : rows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

void set(std::vector<uint8_t>& bytes, uint64_t at, std::span<const FieldRow> rows,
         std::string_view name, uint64_t value) {
  if (const FieldRow* row = find_row(rows, name)) put(bytes, at + row->offset, row->width, value);
}

uint64_t get(std::span<const uint8_t> bytes, uint64_t at, std::span<const FieldRow> rows,
             std::string_view name) {
  const FieldRow* row = find_row(rows, name);
  uint64_t value = 0;
  if (row == nullptr) return 0;
  for (uint32_t i = 0; i < row->width; ++i) {
    const uint64_t index = at + row->offset + i;
    if (index < bytes.size()) value |= uint64_t{bytes[index]} << (8 * i);
  }
  return value;
}

/// "receivers[12].flags" → {"receivers", 12, "flags"}; "header.tag" → {"header", 0, "tag"}.
struct Path {
  std::string_view part;
  uint64_t index = 0;
  std::string_view field;
};

std::optional<Path> split(std::string_view text) {
  Path path;
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {};
  path.field = text.substr(dot + 1);
  path.part = text.substr(0, dot);
  const size_t open = path.part.find('[');
  if (open == std::string_view::npos) return path;
  const std::string_view digits = path.part.substr(open + 1, path.part.size() - open - 2);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), path.index);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {};
  path.part = path.part.substr(0, open);
  return path;
}

}  // namespace

void put(std::vector<uint8_t>& bytes, uint64_t offset, uint32_t width, uint64_t value) {
  if (bytes.size() < offset + width) bytes.resize(offset + width);
  for (uint32_t i = 0; i < width; ++i) bytes[offset + i] = static_cast<uint8_t>(value >> (8 * i));
}

std::vector<uint8_t> build_descriptor(const DescriptorPlan& plan) {
  const auto header = header_rows(plan.layout);
  const uint64_t composite_at = composite_offset(plan);
  std::vector<uint8_t> bytes(composite_at + composite_bytes + range_bytes * plan.ranges.size());
  set(bytes, 0, header, "sender", plan.sender);
  set(bytes, 0, header, "attributes", plan.attributes);
  set(bytes, 0, header, "flags", plan.flags);
  set(bytes, 0, header, "handle", plan.handle);
  set(bytes, 0, header, "tag", plan.tag);
  set(bytes, 0, header, "emad_size", access_size(plan));
  set(bytes, 0, header, "emad_count", plan.receivers.size());
  set(bytes, 0, header, "emad_offset", header_bytes(plan.layout));
  uint64_t at = header_bytes(plan.layout);
  const auto receiver = receiver_rows(access_stride(plan));
  for (const DescriptorReceiver& from : plan.receivers) {
    set(bytes, at, receiver, "id", from.id);
    set(bytes, at, receiver, "permissions", from.permissions);
    set(bytes, at, receiver, "flags", from.flags);
    set(bytes, at, receiver, "composite_offset", composite_at);
    set(bytes, at, receiver, "impdef", from.impdef[0]);
    set(bytes, at, receiver, "impdef2", from.impdef[1]);
    at += access_stride(plan);
  }
  uint64_t pages = 0;
  at = composite_at + composite_bytes;
  for (const DescriptorRange& from : plan.ranges) {
    set(bytes, at, range, "address", from.address);
    set(bytes, at, range, "page_count", from.pages);
    pages += from.pages;
    at += range_bytes;
  }
  set(bytes, composite_at, composite, "total_page_count", pages);
  set(bytes, composite_at, composite, "range_count", plan.ranges.size());
  return bytes;
}

std::optional<FieldPlace> find_field(const DescriptorPlan& plan, const std::string& text) {
  const auto path = split(text);
  if (!path) return {};
  std::span<const FieldRow> rows;
  uint64_t at = 0;
  if (path->part == "header") {
    rows = header_rows(plan.layout);
  } else if (path->part == "receivers") {
    if (path->index >= plan.receivers.size()) return {};
    rows = receiver_rows(access_stride(plan));
    at = header_bytes(plan.layout) + access_stride(plan) * path->index;
  } else if (path->part == "composite") {
    rows = composite;
    at = composite_offset(plan);
  } else if (path->part == "ranges") {
    if (path->index >= plan.ranges.size()) return {};
    rows = range;
    at = composite_offset(plan) + composite_bytes + range_bytes * path->index;
  }
  const FieldRow* row = find_row(rows, path->field);
  if (row == nullptr) return {};
  return FieldPlace{at + row->offset, row->width};
}

std::optional<DescriptorFacts> read_descriptor(std::span<const uint8_t> bytes,
                                               ffa::Version layout) {
  if (bytes.size() < header_bytes(layout)) return {};
  const auto header = header_rows(layout);
  DescriptorFacts facts;
  DescriptorPlan& plan = facts.plan;
  plan.layout = layout;
  plan.sender = static_cast<uint16_t>(get(bytes, 0, header, "sender"));
  plan.attributes = static_cast<uint16_t>(get(bytes, 0, header, "attributes"));
  plan.flags = static_cast<uint32_t>(get(bytes, 0, header, "flags"));
  plan.handle = get(bytes, 0, header, "handle");
  plan.tag = get(bytes, 0, header, "tag");
  const uint64_t size = has_access_size(layout) ? get(bytes, 0, header, "emad_size") : 16;
  const uint64_t offset = has_access_size(layout) ? get(bytes, 0, header, "emad_offset") : 32;
  const uint64_t count = get(bytes, 0, header, "emad_count");
  if (size < 16 || offset > bytes.size() || count > (bytes.size() - offset) / size) return {};
  plan.access_size = static_cast<uint32_t>(size);
  const auto receiver = receiver_rows(plan.access_size.value());
  uint64_t composite_at = 0;
  for (uint64_t n = 0; n < count; ++n) {
    const uint64_t at = offset + n * size;
    DescriptorReceiver to;
    to.id = static_cast<uint16_t>(get(bytes, at, receiver, "id"));
    to.permissions = static_cast<uint8_t>(get(bytes, at, receiver, "permissions"));
    to.flags = static_cast<uint8_t>(get(bytes, at, receiver, "flags"));
    to.impdef[0] = get(bytes, at, receiver, "impdef");
    to.impdef[1] = get(bytes, at, receiver, "impdef2");
    composite_at = get(bytes, at, receiver, "composite_offset");
    plan.receivers.push_back(to);
  }
  if (composite_at == 0 || composite_at > bytes.size() ||
      bytes.size() - composite_at < composite_bytes) {
    return facts;
  }
  facts.total_page_count =
      static_cast<uint32_t>(get(bytes, composite_at, composite, "total_page_count"));
  facts.range_count = static_cast<uint32_t>(get(bytes, composite_at, composite, "range_count"));
  for (uint64_t n = 0; n < facts.range_count; ++n) {
    const uint64_t at = composite_at + composite_bytes + n * range_bytes;
    if (at + range_bytes > bytes.size()) break;
    plan.ranges.push_back({get(bytes, at, range, "address"),
                           static_cast<uint32_t>(get(bytes, at, range, "page_count"))});
  }
  return facts;
}

}  // namespace sim::scenario
