// SPDX-License-Identifier: BSD-3-Clause
// Little-endian numbers in plain bytes, bounds-checked: out of bounds reads zero and writes
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace spmc_model {

/// True if `length` bytes from `offset` lie within `size`.
constexpr bool within(uint64_t size, uint64_t offset, uint64_t length) {
  return offset <= size && length <= size - offset;
}

inline uint64_t get_le(std::span<const std::byte> from, uint64_t offset, unsigned bytes) {
  if (bytes > 8 || !within(from.size(), offset, bytes)) return 0;
  uint64_t value = 0;
  for (unsigned i = 0; i < bytes; ++i) {
    value |= std::to_integer<uint64_t>(from[static_cast<size_t>(offset) + i]) << (8 * i);
  }
  return value;
}

inline void put_le(std::span<std::byte> to, uint64_t offset, unsigned bytes, uint64_t value) {
  if (bytes > 8 || !within(to.size(), offset, bytes)) return;
  for (unsigned i = 0; i < bytes; ++i) {
    to[static_cast<size_t>(offset) + i] = static_cast<std::byte>(value >> (8 * i));
  }
}

}  // namespace spmc_model
