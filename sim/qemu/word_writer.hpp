// SPDX-License-Identifier: BSD-3-Clause
// Files of numbers, 8 bytes each, little-endian: packages and bundles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "guest/words.hpp"

namespace sim::qemu {

class WordWriter {
 public:
  void word(uint64_t value) {
    for (size_t n = 0; n < guest::word_bytes; ++n) {
      bytes_.push_back(static_cast<std::byte>(value >> (8 * n)));
    }
  }
  template <class... Values>
  void words(Values... values) {
    (word(static_cast<uint64_t>(values)), ...);
  }
  /// The length, the bytes, and zeros up to the next word.
  void blob(std::span<const std::byte> from) {
    word(from.size());
    bytes_.insert(bytes_.end(), from.begin(), from.end());
    constexpr size_t unit = guest::word_bytes;
    bytes_.resize((bytes_.size() + unit - 1) / unit * unit);
  }
  void append(const WordWriter& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
  }
  [[nodiscard]] size_t size() const { return bytes_.size(); }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace sim::qemu
