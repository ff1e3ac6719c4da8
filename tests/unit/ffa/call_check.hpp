// SPDX-License-Identifier: BSD-3-Clause
// One check for every call: its registers are the literal ones, they decode to the same call, and
// each single bit of each register is either part of a field, refused, or ignored, as the layout
// says.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <iomanip>
#include <map>
#include <ostream>
#include <vector>

#include "ffa/regs.hpp"
#include "ffa/result.hpp"
#include "ffa/types.hpp"

namespace ffa {

/// Bytes 0 to 15, in order.
inline constexpr Uuid counting_uuid =
    Uuid::from_words(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);

inline void PrintTo(const Regs& regs, std::ostream* out) {
  for (unsigned n = 0; n < regs.x.size(); ++n) {
    if (regs.x[n] != 0) *out << "x" << n << "=0x" << std::hex << regs.x[n] << std::dec << " ";
  }
}

}  // namespace ffa

namespace ffa::test {

inline constexpr uint64_t word = 0xffffffffU;
inline constexpr uint64_t dword = ~uint64_t{0};

/// Bits by register number.
using Masks = std::map<unsigned, uint64_t>;

struct Layout {
  std::vector<uint64_t> registers;  ///< x0, x1, …; the rest is zero
  Masks fields;                     ///< bits that decode() keeps and encode() writes back
  Masks must_be_zero{};             ///< bits that decode() refuses with INVALID_PARAMETERS
  Masks untested{};                 ///< bits with a meaning that does not come back bit by bit
};

inline uint64_t mask_of(const Masks& masks, unsigned n) {
  const auto found = masks.find(n);
  return found == masks.end() ? 0 : found->second;
}

inline Regs make_regs(const std::vector<uint64_t>& values) {
  Regs regs;
  for (unsigned n = 0; n < values.size(); ++n) regs.x[n] = values[n];
  return regs;
}

template <class Call>
void check_bit(const Call& call, const Layout& layout, unsigned n, uint64_t bit) {
  Regs flipped = make_regs(layout.registers);
  flipped.x[n] ^= bit;
  const Result<Call> result = Call::decode(flipped);
  if ((mask_of(layout.must_be_zero, n) & bit) != 0) {
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.error(), Status::invalid_parameters);
    return;
  }
  ASSERT_TRUE(result.ok());
  if ((mask_of(layout.fields, n) & bit) != 0) {
    EXPECT_EQ(result->encode(), flipped);
  } else {
    EXPECT_EQ(*result, call) << "the bit should be ignored";
  }
}

template <class Call>
void check_call(const Call& call, const Layout& layout) {
  const Regs registers = make_regs(layout.registers);
  EXPECT_EQ(call.encode(), registers);
  const Result<Call> decoded = Call::decode(registers);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, call);
  for (unsigned n = 1; n < registers.x.size(); ++n) {
    for (unsigned position = 0; position < 64; ++position) {
      const uint64_t bit = uint64_t{1} << position;
      if ((mask_of(layout.untested, n) & bit) != 0) continue;
      SCOPED_TRACE(testing::Message() << "x" << n << " bit " << position);
      check_bit(call, layout, n, bit);
      if (testing::Test::HasFailure()) return;  // one wrong bit says enough
    }
  }
}

}  // namespace ffa::test
