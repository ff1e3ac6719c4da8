// SPDX-License-Identifier: BSD-3-Clause
// Which stretches of RAM are free: what the device tree calls memory, less what somebody has.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ports::qemu {

/// Bytes from `base`; `base + bytes` does not wrap.
struct Range {
  uint64_t base = 0;
  uint64_t bytes = 0;
  [[nodiscard]] constexpr uint64_t end() const { return base + bytes; }
  [[nodiscard]] constexpr bool holds(uint64_t from, uint64_t length) const {
    return from >= base && length <= bytes && from - base <= bytes - length;
  }
  friend constexpr bool operator==(const Range&, const Range&) = default;
};

/// Free RAM in whole pages, sorted, no two touching or overlapping.
class FreeRanges {
 public:
  static constexpr size_t max_ranges = 64;
  static constexpr uint64_t page = 4096;

  /// Whole pages of `range` are free now. False: too many pieces.
  bool add(const Range& range) {
    const uint64_t base = (range.base + page - 1) / page * page;
    const uint64_t end = range.end() / page * page;
    if (base >= end) return true;
    return take_out({base, end - base}) && insert({base, end - base});
  }
  /// No page that has a byte of `range` is free any more. False: too many pieces.
  bool take_out(const Range& range) {
    if (range.bytes == 0) return true;
    const uint64_t base = range.base / page * page;
    const uint64_t last = (range.end() - 1) / page * page + (page - 1);
    for (size_t n = 0; n < count_;) {
      const Range old = ranges_[n];
      if (old.base > last || old.end() <= base) {
        ++n;
        continue;
      }
      erase(n);
      if (old.base < base && !insert({old.base, base - old.base})) return false;
      if (old.end() - 1 > last && !insert({last + 1, old.end() - 1 - last})) return false;
      n = 0;
    }
    return true;
  }
  /// The lowest free stretch of so many bytes, taken out; `bytes` is rounded up to pages.
  std::optional<Range> allocate(uint64_t bytes) {
    const uint64_t whole = (bytes + page - 1) / page * page;
    for (const Range& one : pieces()) {
      if (one.bytes < whole) continue;
      const Range taken{one.base, whole};
      if (!take_out(taken)) return std::nullopt;
      return taken;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool is_free(const Range& range) const {
    return std::any_of(pieces().begin(), pieces().end(),
                       [&](const Range& one) { return one.holds(range.base, range.bytes); });
  }
  [[nodiscard]] uint64_t largest() const {
    uint64_t bytes = 0;
    for (const Range& one : pieces()) bytes = std::max(bytes, one.bytes);
    return bytes;
  }
  [[nodiscard]] std::span<const Range> pieces() const { return std::span{ranges_}.first(count_); }

 private:
  bool insert(Range range) {
    size_t at = 0;
    while (at < count_ && ranges_[at].base < range.base) ++at;
    if (at > 0 && ranges_[at - 1].end() == range.base) {
      range = {ranges_[at - 1].base, ranges_[at - 1].bytes + range.bytes};
      erase(--at);
    }
    if (at < count_ && range.end() == ranges_[at].base) {
      range.bytes += ranges_[at].bytes;
      erase(at);
    }
    if (count_ == ranges_.size()) return false;
    std::copy_backward(ranges_.begin() + at, ranges_.begin() + count_,
                       ranges_.begin() + count_ + 1);
    ranges_[at] = range;
    ++count_;
    return true;
  }
  void erase(size_t at) {
    std::copy(ranges_.begin() + at + 1, ranges_.begin() + count_, ranges_.begin() + at);
    --count_;
  }

  std::array<Range, max_ranges> ranges_{};
  size_t count_ = 0;
};

}  // namespace ports::qemu
