// SPDX-License-Identifier: BSD-3-Clause
// A place for an object that is too large for the stack, or is constructed anew for each case. It
// is never destroyed.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace ports::qemu {

template <class T>
class Room {
 public:
  /// What was there before is gone.
  template <class... Arguments>
  T* make(Arguments&&... arguments) {
    return new (bytes_) T{std::forward<Arguments>(arguments)...};
  }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

}  // namespace ports::qemu
