// SPDX-License-Identifier: BSD-3-Clause
// Which calls the SPMC answers: found out once at boot, asked on every dispatch and by
// FFA_FEATURES.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"

namespace mediator {

class SpmcFeatures {
 public:
  /// `function_id` is an SMC32 or SMC64 identifier of FF-A; the two widths are two functions.
  constexpr void add(uint32_t function_id) { word(function_id) |= bit(function_id); }
  constexpr void remove(uint32_t function_id) { word(function_id) &= ~bit(function_id); }
  [[nodiscard, gnu::always_inline]] constexpr bool has(uint32_t function_id) const {
    const ffa::FunctionId id{function_id};
    return id.in_ffa_range() && (words_[index(id)] & bit(function_id)) != 0;
  }
  /// True if either width is there.
  [[nodiscard, gnu::always_inline]] constexpr bool has(ffa::Fid fid) const {
    return has(ffa::fid32(fid)) || has(ffa::fid64(fid));
  }

 private:
  static constexpr uint32_t first = 0x60;
  static constexpr size_t index(ffa::FunctionId id) {
    return (id.number() - first) / 32 + (id.is_smc64() ? 5U : 0U);
  }
  static constexpr uint32_t bit(uint32_t function_id) {
    return 1U << ((ffa::FunctionId{function_id}.number() - first) % 32);
  }
  /// `function_id` is in the FF-A range: it comes from ffa/fids.def.
  constexpr uint32_t& word(uint32_t function_id) {
    return words_[index(ffa::FunctionId{function_id})];
  }

  std::array<uint32_t, 10> words_{};  ///< numbers 0x60-0xff, SMC32 then SMC64
};

}  // namespace mediator
