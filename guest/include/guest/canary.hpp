// SPDX-License-Identifier: BSD-3-Clause
// The poison of pages that nobody has written: what a guest reads there is the same on every back
// end.
#pragma once

#include <cstdint>

namespace guest {

inline constexpr uint64_t canary_magic = 0xc4a5;

/// Owners of pages that are no VM, as canaries carry them; a VM's code is its id.
enum class CanaryOwner : uint16_t {
  none = 0xfff0,
  hypervisor,
  secure,
  device,
  stranger,
  quarantined
};

/// The canary at physical address `pa`, a multiple of 8. Upper half: magic and owner; lower half: a
/// mix of the address.
constexpr uint64_t canary_word(uint16_t owner, uint64_t pa) {
  uint64_t mix = (pa >> 3) * 0x9e3779b97f4a7c15ULL;
  mix ^= mix >> 29;
  mix *= 0xbf58476d1ce4e5b9ULL;
  return canary_magic << 48 | static_cast<uint64_t>(owner) << 32 | mix >> 32;
}

}  // namespace guest
