// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/arena.hpp"

#include <algorithm>

namespace sim {

namespace {
constexpr std::byte fresh{0xa5};
constexpr std::byte fence{0x5c};
}  // namespace

Arena::Arena(uint64_t bytes) : bytes_(bytes), memory_(bytes + 2 * border) {
  std::byte* const begin = memory_.span().data();
  std::fill_n(begin, border, fence);
  std::fill_n(begin + border, bytes_, fresh);
  std::fill_n(begin + border + bytes_, border, fence);
}

bool Arena::border_intact() const {
  const auto is_fence = [](std::byte value) { return value == fence; };
  const std::byte* const begin = memory_.span().data();
  const std::byte* const behind = begin + border + bytes_;
  return std::all_of(begin, begin + border, is_fence) &&
         std::all_of(behind, behind + border, is_fence);
}

}  // namespace sim
