// SPDX-License-Identifier: BSD-3-Clause
// Reading and writing of plain data, one description for both ways: `each(stream, value)` names the
// fields of a struct by a structured binding, so that a field which is added and not named does not
// compile. Used by pack.cpp only.
#pragma once

#include <fmt/format.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "sim/engine/input_error.hpp"

namespace sim::scenario::pack {

/// Largest list or text in a pack, in elements.
inline constexpr uint64_t max_elements = uint64_t{1} << 28;

template <class T>
concept Strong = requires(const T& value) { T{value.raw()}; };

template <class T>
concept Optional = requires(T& value) { value.has_value(); };

template <class T>
concept List = requires(std::remove_const_t<T>& value) { value.push_back(value[0]); };

/// Integers in groups of 7 bits, the lowest first; bit 7 says that another follows.
class Writer {
 public:
  void integer(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<std::byte>(value | 0x80));
    bytes_.push_back(static_cast<std::byte>(value));
  }
  template <class... Items>
  void items(const Items&... values) {
    (item(values), ...);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  template <class T>
  void item(const T& value) {
    if constexpr (std::is_same_v<T, std::byte>) {
      bytes_.push_back(value);
    } else if constexpr (Strong<T>) {
      integer(value.raw());
    } else if constexpr (std::is_enum_v<T>) {
      integer(static_cast<uint64_t>(value));
    } else if constexpr (std::is_integral_v<T>) {
      integer(static_cast<uint64_t>(
          static_cast<
              std::make_unsigned_t<std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>>(
              value)));
    } else if constexpr (Optional<T>) {
      integer(value.has_value() ? 1 : 0);
      if (value) item(*value);
    } else if constexpr (List<T>) {
      integer(value.size());
      for (const auto& element : value) item(element);
    } else {
      each(*this, value);
    }
  }

  std::vector<std::byte> bytes_;
};

/// Takes what Writer wrote; throws InputError("file:offset", reason) for anything else.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  uint64_t integer(uint64_t largest) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = std::to_integer<uint64_t>(next());
      if (shift == 63 && byte > 1) fail("number of more than 64 bits");
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) break;
    }
    if (value > largest) fail("number out of range");
    return value;
  }
  template <class... Items>
  void items(Items&... values) {
    (item(values), ...);
  }
  void expect_end() {
    if (at_ != bytes_.size()) fail("bytes behind the end");
  }
  [[noreturn]] void fail(const char* reason) const {
    throw InputError(fmt::format("{}:{}", file_, at_), reason);
  }

 private:
  std::byte next() {
    if (at_ == bytes_.size()) fail("cut off");
    return bytes_[at_++];
  }

  template <class T>
  void item(T& value) {
    if constexpr (std::is_same_v<T, std::byte>) {
      value = next();
    } else if constexpr (Strong<T>) {
      using Raw = decltype(value.raw());
      value = T{static_cast<Raw>(integer(std::numeric_limits<Raw>::max()))};
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(integer(static_cast<uint64_t>(last_of(T{}))));
    } else if constexpr (std::is_same_v<T, bool>) {
      value = integer(1) != 0;
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(integer(std::numeric_limits<std::make_unsigned_t<T>>::max()));
    } else if constexpr (Optional<T>) {
      value.reset();
      if (integer(1) != 0) item(value.emplace());
    } else if constexpr (List<T>) {
      value.clear();
      for (uint64_t left = integer(max_elements); left > 0; --left) {
        typename T::value_type element{};
        item(element);
        value.push_back(std::move(element));
      }
    } else {
      each(*this, value);
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  size_t at_ = 0;
};

}  // namespace sim::scenario::pack
