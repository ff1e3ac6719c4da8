// SPDX-License-Identifier: BSD-3-Clause
// The poison of fresh pages: every 8-byte word is a canary that names the page's owner and is
// different at each address. Checkers look for canaries of others in buffers and registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "guest/canary.hpp"
#include "sim/machine/machine.hpp"

namespace sim {

inline constexpr uint32_t canary_magic = guest::canary_magic;

/// The owner as a canary carries it: a VM's id, or 0xfff0 + n for the owners that are none.
constexpr uint16_t canary_owner_code(PageOwner owner) {
  const auto raw = static_cast<uint32_t>(owner);
  const auto first = static_cast<uint32_t>(guest::CanaryOwner::none);
  return static_cast<uint16_t>(raw < 0x10000 ? raw : first + (raw - 0x10000));
}
static_assert(canary_owner_code(PageOwner::hypervisor) ==
              static_cast<uint16_t>(guest::CanaryOwner::hypervisor));
static_assert(canary_owner_code(PageOwner::quarantined) ==
              static_cast<uint16_t>(guest::CanaryOwner::quarantined));

/// Upper half of every canary of an owner: magic and owner.
constexpr uint32_t canary_mark(PageOwner owner) {
  return canary_magic << 16 | canary_owner_code(owner);
}

/// The canary at physical address `pa`, a multiple of 8.
constexpr uint64_t canary_word(PageOwner owner, uint64_t pa) {
  return guest::canary_word(canary_owner_code(owner), pa);
}

/// True if the word looks like the upper half of a canary, whoever's.
constexpr bool is_canary_mark(uint32_t word) { return word >> 16 == canary_magic; }

/// True for a canary of someone who is neither of the two. Code 0xfff0 (no owner) is an impossible
/// canary.
constexpr bool is_foreign_canary(uint32_t word, PageOwner mine, PageOwner also_mine) {
  return is_canary_mark(word) && word != canary_mark(mine) && word != canary_mark(also_mine);
}

/// Offset of the first canary of someone else in `bytes`, at any multiple of 4.
inline std::optional<size_t> find_foreign_canary(std::span<const uint8_t> bytes, PageOwner mine,
                                                 PageOwner also_mine) {
  for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if (is_foreign_canary(word, mine, also_mine)) return at;
  }
  return std::nullopt;
}

}  // namespace sim
