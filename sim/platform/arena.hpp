// SPDX-License-Identifier: BSD-3-Clause
// Memory handed to a mediator: aligned, filled with a pattern so that an uninitialised read shows,
// with a border on both sides that must stay as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace sim {

class Arena {
 public:
  explicit Arena(uint64_t bytes);
  [[nodiscard]] void* data() const { return memory_.get() + border; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  /// Offset of a byte; nothing: it lies outside.
  [[nodiscard]] std::optional<uint32_t> offset_of(const void* byte) const {
    const auto offset = reinterpret_cast<uintptr_t>(byte) - reinterpret_cast<uintptr_t>(data());
    if (offset >= bytes_) return std::nullopt;
    return static_cast<uint32_t>(offset);
  }
  /// False: somebody wrote before or behind the memory.
  [[nodiscard]] bool border_intact() const;

 private:
  static constexpr size_t border = 64;
  struct Release {
    void operator()(std::byte* memory) const;
  };
  uint64_t bytes_;
  std::unique_ptr<std::byte[], Release> memory_;
};

}  // namespace sim
