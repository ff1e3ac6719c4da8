// SPDX-License-Identifier: BSD-3-Clause
// Memory transaction descriptors by an offset table of our own: built for guests, edited by field
// or by byte, and read back from a trace. Independent of ffa/wire on purpose, so that one wrong
// struct can't pass on both sides. [DEN0140 §1.11, DEN0077A 1.2 tables of the memory transaction
// descriptor]
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ffa/types.hpp"

namespace sim::scenario {

struct DescriptorReceiver {
  uint16_t id = 0;
  uint8_t permissions = 2;
  uint8_t flags = 0;
  uint64_t impdef[2] = {0, 0};
};

struct DescriptorRange {
  uint64_t address = 0;
  uint32_t pages = 0;
  friend bool operator==(const DescriptorRange&, const DescriptorRange&) = default;
};

/// What a descriptor says, whatever its layout.
struct DescriptorPlan {
  ffa::Version layout = ffa::v1_1;
  uint16_t sender = 0;
  uint16_t attributes = 0x2f;
  uint32_t flags = 0;
  uint64_t handle = 0;
  uint64_t tag = 0;
  std::optional<uint32_t> access_size;  ///< else 16, or 32 from 1.2 on
  std::vector<DescriptorReceiver> receivers;
  std::vector<DescriptorRange> ranges;
};

/// Where a field lies in a built descriptor.
struct FieldPlace {
  uint64_t offset = 0;
  uint32_t width = 0;  ///< bytes
};

/// The bytes of a plan: header, receivers, composite, ranges; each count and offset consistent.
std::vector<uint8_t> build_descriptor(const DescriptorPlan& plan);

/// The place of "header.sender", "receivers[1].permissions", "composite.range_count",
/// "ranges[0].address" in what build_descriptor() makes of the plan. Nothing: no such field in this
/// layout, or no such receiver or range.
std::optional<FieldPlace> find_field(const DescriptorPlan& plan, const std::string& path);

/// Little-endian, `width` bytes.
void put(std::vector<uint8_t>& bytes, uint64_t offset, uint32_t width, uint64_t value);

/// A whole descriptor read back, and its two counts as they stand.
struct DescriptorFacts {
  DescriptorPlan plan;
  uint32_t total_page_count = 0;
  uint32_t range_count = 0;
};

/// Nothing: the bytes are no descriptor of this layout. Receivers are read by the size and offset
/// in the header, ranges as far as bytes are there.
std::optional<DescriptorFacts> read_descriptor(std::span<const uint8_t> bytes, ffa::Version layout);

}  // namespace sim::scenario
