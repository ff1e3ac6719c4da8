// SPDX-License-Identifier: BSD-3-Clause
// A bump arena over the memory that the caller hands to the mediator. Nothing is given back one by
// one: the whole arena is, when its VM (or the mediator) ends. What is built in it needs no
// destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "core/assert.hpp"

namespace mediator {

/// Every allocation begins at a multiple of 64 bytes and costs a multiple of 64 bytes, so that
/// sizes simply add up: `Arena::bytes<A>() + Arena::bytes<B>(n)` is what make<A>() and
/// make_array<B>(n) take, in any order.
class Arena {
 public:
  static constexpr size_t granule = 64;

  Arena() = default;
  /// `memory` begins at a multiple of `granule` bytes.
  explicit Arena(std::span<std::byte> memory) : free_(memory) {}

  /// Bytes that `count` objects of type T cost.
  template <class T>
  static constexpr size_t bytes(size_t count = 1) {
    static_assert(alignof(T) <= granule);
    return (sizeof(T) * count + granule - 1) / granule * granule;
  }

  /// Builds one T. Running out is our bug: the size was asked for before.
  template <class T, class... Args>
  T* make(Args&&... args) {
    return new (take(bytes<T>())) T(std::forward<Args>(args)...);
  }

  /// Builds `count` objects, each from the same arguments.
  template <class T, class... Args>
  std::span<T> make_array(size_t count, Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (count == 0) return {};
    auto* const first = static_cast<std::byte*>(take(bytes<T>(count)));
    if constexpr (sizeof...(Args) == 0 && std::is_trivially_default_constructible_v<T>) {
      // What freestanding clang makes a loop over single bytes of.
      std::memset(first, 0, count * sizeof(T));
    } else {
      for (size_t i = 0; i < count; ++i) new (first + i * sizeof(T)) T(args...);
    }
    return {std::launder(reinterpret_cast<T*>(first)), count};
  }

  /// `count` objects that nothing was written to: each is assigned before it is read. For arrays
  /// that are sized for the worst case and mostly stay empty.
  template <class T>
  std::span<T> raw_array(size_t count) {
    static_assert(std::is_aggregate_v<T> && std::is_trivially_copyable_v<T>);
    if (count == 0) return {};
    return {std::launder(reinterpret_cast<T*>(take(bytes<T>(count)))), count};
  }

  [[nodiscard]] size_t free_bytes() const { return free_.size(); }

 private:
  void* take(size_t size) {
    FFA_ASSERT(size <= free_.size());
    std::byte* const place = free_.data();
    free_ = free_.subspan(size);
    return place;
  }

  std::span<std::byte> free_;
};

}  // namespace mediator
