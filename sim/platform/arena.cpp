// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/arena.hpp"

#include <algorithm>
#include <new>

namespace sim {

namespace {
constexpr std::align_val_t alignment{64};
constexpr std::byte fresh{0xa5};
constexpr std::byte fence{0x5c};
}  // namespace

void Arena::Release::operator()(std::byte* memory) const { ::operator delete(memory, alignment); }

Arena::Arena(uint64_t bytes)
    : bytes_(bytes),
      memory_(static_cast<std::byte*>(::operator new(bytes + 2 * border, alignment))) {
  std::fill_n(memory_.get(), bytes_ + 2 * border, fence);
  std::fill_n(memory_.get() + border, bytes_, fresh);
}

bool Arena::border_intact() const {
  const auto is_fence = [](std::byte value) { return value == fence; };
  const std::byte* const behind = memory_.get() + border + bytes_;
  return std::all_of(memory_.get(), memory_.get() + border, is_fence) &&
         std::all_of(behind, behind + border, is_fence);
}

}  // namespace sim
