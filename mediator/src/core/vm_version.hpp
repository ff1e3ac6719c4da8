// SPDX-License-Identifier: BSD-3-Clause
// The version that one VM negotiates: a word that FFA_VERSION sets and the first other call
// freezes, and the rule that FFA_VERSION follows, as a pure function. [DEN0077A 1.2 §13.2]
#pragma once

#include <cstdint>
#include <optional>

#include "ffa/types.hpp"

namespace mediator {

/// Negotiated version and whether it is frozen, in one word so that both are read at once. 0: not
/// negotiated.
class VersionWord {
 public:
  constexpr VersionWord() = default;
  constexpr explicit VersionWord(uint32_t raw) : raw_(raw) {}
  constexpr VersionWord(ffa::Version version, bool frozen)
      : raw_(version.raw() | (frozen ? frozen_bit : 0U)) {}
  [[nodiscard]] constexpr uint32_t raw() const { return raw_; }
  [[nodiscard]] constexpr ffa::Version version() const { return ffa::Version{raw_ & ~frozen_bit}; }
  [[nodiscard]] constexpr bool negotiated() const { return raw_ != 0; }
  [[nodiscard]] constexpr bool frozen() const { return (raw_ & frozen_bit) != 0; }
  friend constexpr bool operator==(VersionWord, VersionWord) = default;

 private:
  static constexpr uint32_t frozen_bit = 1U << 31;
  uint32_t raw_ = 0;
};

/// The version that a request for `requested` makes the caller speak, `own` being the highest
/// offered: the lower of the two. Nothing where they are incompatible: bit 31 set, or another major
/// version.
constexpr std::optional<ffa::Version> agreed_version(ffa::Version requested, ffa::Version own) {
  if ((requested.raw() >> 31) != 0 || requested.major() != own.major()) return std::nullopt;
  return requested < own ? requested : own;
}

/// What FFA_VERSION does: the word afterwards, and whether the caller gets `own` (else -1,
/// NOT_SUPPORTED).
struct Negotiation {
  VersionWord word;
  bool accepted = false;
  friend constexpr bool operator==(const Negotiation&, const Negotiation&) = default;
};

/// A frozen version answers only a request that would lead to it again.
constexpr Negotiation negotiate(VersionWord word, ffa::Version requested, ffa::Version own) {
  const auto agreed = agreed_version(requested, own);
  if (!agreed) return {word, false};
  if (word.frozen()) return {word, *agreed == word.version()};
  return {VersionWord{*agreed, false}, true};
}

}  // namespace mediator
