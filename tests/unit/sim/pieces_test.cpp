// SPDX-License-Identifier: BSD-3-Clause
#include "sim/machine/pieces.hpp"

#include <gtest/gtest.h>

#include <array>
#include <tuple>
#include <vector>

namespace sim {
namespace {

using Piece = std::tuple<uint64_t, uint64_t, int>;

std::vector<Piece> walk(const Pieces<int>& pieces, uint64_t begin, uint64_t end) {
  std::vector<Piece> result;
  pieces.for_each(begin, end, [&](uint64_t b, uint64_t e, int v) { result.emplace_back(b, e, v); });
  return result;
}

TEST(Pieces, OverlappingUpdatesSplitAndJoin) {
  Pieces<int> pieces{0};
  const auto more = [](int v) { return v + 1; };
  pieces.update(10, 20, more);
  pieces.update(15, 30, more);
  EXPECT_EQ(walk(pieces, 0, 40),
            (std::vector<Piece>{{0, 10, 0}, {10, 15, 1}, {15, 20, 2}, {20, 30, 1}, {30, 40, 0}}));
  pieces.update(10, 15, more);
  pieces.update(20, 30, more);
  EXPECT_EQ(walk(pieces, 12, 28), (std::vector<Piece>{{12, 28, 2}}));
  EXPECT_EQ(pieces.at(9), 0);
  EXPECT_EQ(pieces.at(29), 2);
  EXPECT_EQ(pieces.at(30), 0);
}

// Every pair of intervals in a small space, against a plain array.
TEST(Pieces, EqualAnArrayForEveryPairOfUpdates) {
  constexpr uint64_t size = 7;
  for (uint64_t a = 0; a <= size; ++a) {
    for (uint64_t b = a; b <= size; ++b) {
      for (uint64_t c = 0; c <= size; ++c) {
        for (uint64_t d = c; d <= size; ++d) {
          Pieces<int> pieces{5};
          std::array<int, size> plain;
          plain.fill(5);
          pieces.assign(a, b, 3);
          pieces.update(c, d, [](int v) { return v + 2; });
          for (uint64_t n = a; n < b; ++n) plain[n] = 3;
          for (uint64_t n = c; n < d; ++n) plain[n] += 2;
          for (uint64_t n = 0; n < size; ++n) ASSERT_EQ(pieces.at(n), plain[n]) << a << b << c << d;
        }
      }
    }
  }
}

}  // namespace
}  // namespace sim
