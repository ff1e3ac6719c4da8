// SPDX-License-Identifier: BSD-3-Clause
// FFA_CONSOLE_LOG. [DEN0077A 1.2 §13.12]
#pragma once

#include <array>
#include <cstddef>

#include "ffa/calls/codec.hpp"

namespace ffa {

/// FFA_CONSOLE_LOG (1.2). w1[7:0] = number of characters, 31:8 SBZ; w2-w7 = up to 24 characters
/// (SMC32), x2-x17 = up to 128 (SMC64), first character in the lowest byte. Errors:
/// INVALID_PARAMETERS for a count of 0 or above capacity(), which the handler checks; callers
/// below 1.2 have x2-x7 only, also the handler's matter. [DEN0077A 1.2 §13.12]
struct ConsoleLog {
  Convention convention = Convention::smc32;
  uint8_t character_count = 0;
  std::array<uint64_t, 16> words{};  ///< words[n] is register n + 2

  static constexpr Result<ConsoleLog> decode(const Regs& regs) {
    ConsoleLog log{codec::convention_of(regs), static_cast<uint8_t>(regs.w(1)), {}};
    for (unsigned n = 0; n < log.word_count(); ++n) {
      log.words[n] = codec::argument(regs, n + 2, log.convention);
    }
    return log;
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::console_log, convention);
    regs.x[1] = character_count;
    for (unsigned n = 0; n < word_count(); ++n) regs.x[n + 2] = codec::narrow(words[n], convention);
    return regs;
  }

  [[nodiscard]] constexpr unsigned word_count() const {
    return convention == Convention::smc64 ? 16 : 6;
  }
  [[nodiscard]] constexpr unsigned characters_per_word() const {
    return convention == Convention::smc64 ? 8 : 4;
  }
  [[nodiscard]] constexpr unsigned capacity() const { return word_count() * characters_per_word(); }

  /// Character `n`; NUL beyond capacity().
  [[nodiscard]] constexpr char character(unsigned n) const {
    if (n >= capacity()) return '\0';
    const uint64_t word = words[n / characters_per_word()];
    return static_cast<char>(word >> (8 * (n % characters_per_word())) & 0xffU);
  }
  /// Appends one character; what does not fit is dropped.
  constexpr void append(char c) {
    if (character_count >= capacity()) return;
    const unsigned n = character_count++;
    words[n / characters_per_word()] |= static_cast<uint64_t>(static_cast<uint8_t>(c))
                                        << (8 * (n % characters_per_word()));
  }
  friend constexpr bool operator==(const ConsoleLog&, const ConsoleLog&) = default;
};

}  // namespace ffa
