// SPDX-License-Identifier: BSD-3-Clause
// The registers that cross a world boundary, and the parts of a function identifier.
// [SMCCC 1.3 §2, DEN0077A 1.2 §11]
#pragma once

#include <array>
#include <cstdint>

namespace ffa {

/// x0-x17 of one SMC or HVC, in or out.
struct Regs {
  std::array<uint64_t, 18> x{};
  [[nodiscard]] constexpr uint32_t w(unsigned n) const { return static_cast<uint32_t>(x[n]); }
  friend constexpr bool operator==(const Regs&, const Regs&) = default;
};
/// A copy, register by register: without SIMD registers a compiler calls memcpy() for it otherwise.
[[gnu::always_inline]] constexpr Regs copy_of(const Regs& r) {
  return {{r.x[0], r.x[1], r.x[2], r.x[3], r.x[4], r.x[5], r.x[6], r.x[7], r.x[8], r.x[9], r.x[10],
           r.x[11], r.x[12], r.x[13], r.x[14], r.x[15], r.x[16], r.x[17]}};
}

/// Which half of the registers a call uses: SMC32 arguments are w0-w7, SMC64 arguments x0-x17.
enum class Convention : uint8_t { smc32, smc64 };

/// One function identifier in w0. Bit 16 is the SMCCC 1.3 SVE hint and is not part of the function.
struct FunctionId {
  uint32_t raw;
  constexpr explicit FunctionId(uint64_t x0) : raw(static_cast<uint32_t>(x0) & ~sve_hint) {}
  [[nodiscard]] constexpr bool is_fast() const { return (raw >> 31) != 0; }
  [[nodiscard]] constexpr bool is_smc64() const { return ((raw >> 30) & 1U) != 0; }
  [[nodiscard]] constexpr Convention convention() const {
    return is_smc64() ? Convention::smc64 : Convention::smc32;
  }
  [[nodiscard]] constexpr uint32_t owner() const { return (raw >> 24) & 0x3fU; }
  [[nodiscard]] constexpr uint32_t number() const { return raw & 0xffffU; }
  /// Fast call of the standard secure service with a number that FF-A has claimed: 0x60-0xff.
  [[nodiscard]] constexpr bool in_ffa_range() const {
    return (raw & 0xbfffff00U) == 0x84000000U && number() >= 0x60;
  }
  static constexpr uint32_t sve_hint = 1U << 16;
};

}  // namespace ffa
