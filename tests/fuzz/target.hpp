// SPDX-License-Identifier: BSD-3-Clause
// What every fuzz target has: the function that libFuzzer, AFL++ and the replay of a corpus call,
// and how an oracle says that something is wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// One input, of any length. 0: keep it if it reached something new; -1: never keep it.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

/// Says on stderr what is wrong and aborts, which is what fuzzers watch for.
[[noreturn]] void fail(std::string_view what);

inline void must(bool holds, std::string_view what) {
  if (!holds) [[unlikely]]
    fail(what);
}

/// An input from its beginning to its end. Behind the end there are zeros.
class Input {
 public:
  explicit Input(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint64_t take(size_t width) {
    uint64_t value = 0;
    for (size_t n = 0; n < width && n < bytes_.size(); ++n) value |= uint64_t{bytes_[n]} << 8 * n;
    bytes_ = bytes_.subspan(width < bytes_.size() ? width : bytes_.size());
    return value;
  }
  uint8_t byte() { return static_cast<uint8_t>(take(1)); }
  uint16_t half() { return static_cast<uint16_t>(take(2)); }
  uint32_t word() { return static_cast<uint32_t>(take(4)); }
  uint64_t doubleword() { return take(8); }
  /// At most so many of those that are left.
  std::span<const uint8_t> bytes(size_t most) {
    const auto taken = bytes_.first(most < bytes_.size() ? most : bytes_.size());
    bytes_ = bytes_.subspan(taken.size());
    return taken;
  }
  [[nodiscard]] size_t left() const { return bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace fuzz
