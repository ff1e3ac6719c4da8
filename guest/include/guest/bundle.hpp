// SPDX-License-Identifier: BSD-3-Clause
// Packages of many cases one behind the other, for a machine that runs them in one boot. Written by
// sim/qemu, read by ports/qemu-virt/bl33. docs/firmware.md has the layout.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace guest {

inline constexpr uint64_t bundle_magic = 0x004c444e42414646;  // "FFABNDL", the lowest byte first
inline constexpr uint64_t bundle_version = 1;
/// Bytes of magic, version, length of the whole, flags and number of cases.
inline constexpr size_t bundle_header_bytes = 40;
inline constexpr uint64_t bundle_wants_records = 1;     ///< flags: print each record
inline constexpr uint64_t bundle_one_secure_world = 2;  ///< fresh for the first case only

struct BundledCase {
  std::string_view name;
  std::array<uint64_t, 2> hash{};  ///< of the trace, high word first; both 0: not known
  std::span<const std::byte> package;
};

/// Numbers are 8 bytes, little-endian; a text or package is a length and the bytes, padded to a
/// multiple of 8.
class Bundle {
 public:
  /// Bytes of the whole, as the header says; 0: no bundle of this version begins there.
  static uint64_t length(std::span<const std::byte, bundle_header_bytes> header);
  /// Nothing, if it is not well-formed, bytes behind the last case included. Never reads outside.
  static std::optional<Bundle> open(std::span<const std::byte> bytes);

  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] bool wants_records() const { return (flags_ & bundle_wants_records) != 0; }
  [[nodiscard]] bool one_secure_world() const { return (flags_ & bundle_one_secure_world) != 0; }
  [[nodiscard]] size_t largest_package() const { return largest_; }
  /// The next case; nothing behind the last one.
  std::optional<BundledCase> next();

 private:
  std::optional<uint64_t> word();
  std::optional<std::span<const std::byte>> blob();

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  size_t count_ = 0;
  size_t largest_ = 0;
  uint64_t flags_ = 0;
};

}  // namespace guest
