// SPDX-License-Identifier: BSD-3-Clause
// A description of a region that is longer than a receiver's RX buffer is given in parts. Its head,
// all but the ranges, is made anew for each part. [DEN0077A 1.0 §12.2]
#pragma once

#include <array>

#include "src/descriptor.hpp"
#include "src/regions.hpp"
#include "src/state.hpp"

namespace spmc_model {

inline constexpr uint32_t non_secure_attribute = 0x40;
inline constexpr uint32_t not_executable = 0x4;
inline constexpr unsigned transaction_type_shift = 3;

/// Header, access entries and composite header; the composite follows the entries.
class ResponseHead {
 public:
  /// `header` without sizes, counts and offsets.
  ResponseHead(ffa::Version version, TransactionHeader header, std::span<const AccessEntry> entries,
               const Region& region) {
    header.access_size = access_bytes(version);
    header.access_count = static_cast<uint32_t>(entries.size());
    header.access_offset = header_bytes(version);
    const uint32_t composite = header.access_offset + header.access_size * header.access_count;
    write_header(bytes_, version, header);
    for (uint32_t i = 0; i < entries.size(); ++i) {
      AccessEntry entry = entries[i];
      entry.composite_offset = composite;
      write_access(bytes_, header, i, entry);
    }
    write_composite(bytes_, composite, region.total_pages, region.total_ranges);
    length_ = composite + composite_bytes;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::span<const std::byte>{bytes_}.first(length_);
  }

 private:
  std::array<std::byte, 48 + 32 * max_sps + composite_bytes> bytes_{};
  uint32_t length_ = 0;
};

/// Bytes of the whole response.
uint32_t response_bytes(const ResponseHead& head, const Region& region);
/// Writes the response from `begin` on into zeroed bytes, as much as fits. Where it ends. `begin`
/// is 0 or behind the head, where a range begins.
uint32_t write_response(const SpmcStorage& s, const ResponseHead& head, const Region& region,
                        uint32_t begin, std::span<std::byte> to);
/// True if FFA_MEM_FRAG_RX may ask for this offset.
bool may_ask_for(const Personality& personality, const OpenResponse& response, uint32_t offset);

}  // namespace spmc_model
