// SPDX-License-Identifier: BSD-3-Clause
// The model's own reading of memory transaction descriptors: tables of byte offsets, no structs. It
// shares nothing with the parsers of the code under test. [DEN0140]
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "ffa/result.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"
#include "spmc-model/personality.hpp"

namespace spmc_model {

/// The fixed part, the same for all layouts.
struct TransactionHeader {
  ffa::EndpointId sender;
  uint32_t attributes;
  uint32_t flags;
  ffa::Handle handle;
  uint64_t tag;
  uint32_t access_size;
  uint32_t access_count;
  uint32_t access_offset;
};

/// One endpoint memory access descriptor, as far as an SPMC needs it.
struct AccessEntry {
  ffa::EndpointId endpoint;
  uint8_t permissions;
  uint8_t flags;
  uint32_t composite_offset;
  std::array<uint64_t, 2> impdef;  ///< zero where the entry is too short for it
};

struct Composite {
  uint32_t total_pages;
  uint32_t ranges;
  uint32_t first_range_offset;  ///< from the start of the descriptor
};

struct RangeEntry {
  ffa::Pa address;
  uint32_t pages;
};

inline constexpr uint32_t range_entry_bytes = 16;
inline constexpr uint32_t composite_bytes = 16;

/// INVALID_PARAMETERS: shorter than the header, a field above its limit, an array of access entries
/// that does not fit.
ffa::Result<TransactionHeader> read_header(std::span<const std::byte> fragment,
                                           ffa::Version version, const DescriptorLimits& limits);
/// INVALID_PARAMETERS: the entry ends behind the fragment.
ffa::Result<AccessEntry> read_access(std::span<const std::byte> fragment,
                                     const TransactionHeader& header, uint32_t index);
/// INVALID_PARAMETERS: ends behind the fragment, not aligned to 8 bytes, no pages or no ranges.
ffa::Result<Composite> read_composite(std::span<const std::byte> fragment, uint32_t offset);
/// Bytes of a header and of an access entry in the layout of a version.
uint32_t header_bytes(ffa::Version version);
uint32_t access_bytes(ffa::Version version);
/// They write into zeroed bytes; what does not fit is not written. Sizes, counts and offsets are
/// the header's.
void write_header(std::span<std::byte> to, ffa::Version version, const TransactionHeader& header);
void write_access(std::span<std::byte> to, const TransactionHeader& header, uint32_t index,
                  const AccessEntry& entry);
void write_composite(std::span<std::byte> to, uint32_t offset, uint32_t pages, uint32_t ranges);
void write_range(std::span<std::byte> to, uint64_t at, const RangeEntry& range);

/// `at` must leave room for a whole entry.
RangeEntry read_range(std::span<const std::byte> fragment, uint64_t at);

}  // namespace spmc_model
