// SPDX-License-Identifier: BSD-3-Clause
// How many shares of all VMs have a handle, by a hash of it: a send whose handle is the only one of
// its kind need not ask every VM whether it has that handle, too. Never fewer than there are, where
// a share is named before its handle is added, and loses its name before it is taken off.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/arena.hpp"
#include "ffa/types.hpp"
#include "mediator/platform.hpp"

namespace mediator {

template <Platform P>
class HandleCounts {
 public:
  static size_t bytes() { return Arena::bytes<Word>(kinds); }
  HandleCounts(P& platform, Arena& arena)
      : counts_(arena.make_array<Word>(kinds, platform, uint32_t{0})) {}

  /// One more. True: it is the only one of its kind.
  [[nodiscard]] bool add(ffa::Handle handle) { return counts_[kind(handle)].fetch_add(1) == 0; }
  void take_off(ffa::Handle handle) { (void)counts_[kind(handle)].fetch_add(~uint32_t{0}); }

 private:
  using Word = typename P::template Atomic<uint32_t>;
  static constexpr size_t kinds = 4096;

  /// Handles that follow each other are of different kinds, and so are the first ones of two VMs.
  static size_t kind(ffa::Handle handle) {
    return (handle.raw() ^ (handle.raw() >> 32) * 61) % kinds;
  }

  std::span<Word> counts_;
};

}  // namespace mediator
