// SPDX-License-Identifier: BSD-3-Clause
// Where the memory of the emulated machine lies, and host memory for it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sim::unicorn {

/// Each stack has as much unmapped room below it.
constexpr uint64_t stacks_begin = 0x5000'0000;
constexpr uint64_t stacks_end = 0x8000'0000;
constexpr uint64_t stack_bytes = 128ULL << 10;
constexpr uint64_t heap_begin = 0x8000'0000;
constexpr uint64_t heap_bytes = 1ULL << 30;

/// Host memory that is there once it is touched.
class Pages {
 public:
  explicit Pages(uint64_t bytes);
  ~Pages();
  Pages(Pages&& other) noexcept;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  Pages& operator=(Pages&&) = delete;
  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  std::byte* data_;
  uint64_t bytes_;
};

}  // namespace sim::unicorn
