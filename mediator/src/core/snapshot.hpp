// SPDX-License-Identifier: BSD-3-Clause
// A private copy of what a guest or the SPMC put into a buffer, and the only way in which parsers
// read it. The copy was made in one go, so what is checked is what is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "core/assert.hpp"

namespace mediator {

/// A view of private bytes. The bytes must outlive it. Each snapshot and each struct that is read
/// lies on a multiple of 8 bytes, as the spec's rules have it.
class Snapshot {
 public:
  constexpr Snapshot() = default;
  explicit Snapshot(std::span<const std::byte> bytes) : bytes_(bytes) {
    FFA_ASSERT(reinterpret_cast<uintptr_t>(bytes.data()) % alignment == 0);
  }

  [[nodiscard]] constexpr uint64_t size() const { return bytes_.size(); }
  /// True if [offset, offset + length) lies inside. The only bounds comparison.
  [[nodiscard]] constexpr bool contains(uint64_t offset, uint64_t length) const {
    return offset <= size() && length <= size() - offset;
  }
  /// The part [offset, offset + length), which must lie inside: contains() was asked before.
  [[nodiscard]] Snapshot slice(uint64_t offset, uint64_t length) const {
    FFA_ASSERT(contains(offset, length));
    return Snapshot{bytes_.subspan(offset, length)};
  }
  /// The wire struct at `offset`, which must lie inside; no copy, whose fields would wait for
  /// blocks that are wider.
  template <class Wire>
  [[nodiscard]] const Wire& at(uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<Wire> && alignof(Wire) == 1);
    FFA_ASSERT(contains(offset, sizeof(Wire)));
    FFA_ASSERT(offset % alignment == 0);
    const auto* const wire = std::launder(reinterpret_cast<const Wire*>(bytes_.data() + offset));
    return *std::assume_aligned<alignment>(wire);
  }

 private:
  static constexpr size_t alignment = 8;

  std::span<const std::byte> bytes_;
};

}  // namespace mediator
