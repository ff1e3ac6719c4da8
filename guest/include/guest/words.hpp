// SPDX-License-Identifier: BSD-3-Clause
// Numbers in files of ours: 8 bytes, little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace guest {

inline constexpr size_t word_bytes = 8;

/// The number at `offset`, all of which must lie inside.
inline uint64_t word_at(std::span<const std::byte> bytes, size_t offset) {
  uint64_t value = 0;
  for (size_t n = 0; n < word_bytes; ++n) {
    value |= std::to_integer<uint64_t>(bytes[offset + n]) << (8 * n);
  }
  return value;
}

}  // namespace guest
