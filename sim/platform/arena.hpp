// SPDX-License-Identifier: BSD-3-Clause
// Memory handed to a mediator: aligned, filled with a pattern so that an uninitialised read shows,
// with a border on both sides that must stay as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "sim/platform/kept_pages.hpp"

namespace sim {

class Arena {
 public:
  explicit Arena(uint64_t bytes);
  [[nodiscard]] void* data() const { return memory_.span().data() + border; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }
  /// Offset of a byte; nothing: it lies outside.
  [[nodiscard]] std::optional<uint32_t> offset_of(const void* byte) const {
    const auto offset = reinterpret_cast<uintptr_t>(byte) - reinterpret_cast<uintptr_t>(data());
    if (offset >= bytes_) return std::nullopt;
    return static_cast<uint32_t>(offset);
  }
  /// False: somebody wrote before or behind the memory.
  [[nodiscard]] bool border_intact() const;

  /// restore() brings back what it holds now, the border included. Once only.
  void keep() { kept_.emplace(memory_); }
  void restore() { kept_->restore(); }

 private:
  static constexpr size_t border = 64;
  uint64_t bytes_;
  PageMemory memory_;
  std::optional<KeptPages> kept_;
};

}  // namespace sim
