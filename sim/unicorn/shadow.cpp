// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/shadow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sim::unicorn {
namespace {

constexpr uint64_t begin = stacks_begin;
constexpr uint64_t end = heap_begin + heap_bytes;

}  // namespace

Shadow::Shadow() : states_(end - begin) {}

uint8_t* Shadow::at(uint64_t address, uint64_t bytes) const {
  if (address < begin || address >= end || bytes > end - address) return nullptr;
  return reinterpret_cast<uint8_t*>(states_.data()) + (address - begin);
}

void Shadow::set(uint64_t address, uint64_t bytes, ByteState state) {
  if (uint8_t* const states = at(address, bytes))
    std::memset(states, static_cast<int>(state), bytes);
}

// A load of which some bytes were written counts as written: compilers copy objects with the gaps
// between their members, and what gets out of a gap shows in the traces.
std::optional<Finding> Shadow::load(uint64_t address, uint32_t bytes, bool& fresh) const {
  const uint8_t* const states = at(address, bytes);
  if (states == nullptr) return std::nullopt;
  if (std::find(states, states + bytes, 0) != states + bytes)
    return Finding{"U01", fmt::format("{} bytes read at {:#x}, where nothing is", bytes, address)};
  fresh = std::all_of(states, states + bytes, [](uint8_t state) {
    return state == static_cast<uint8_t>(ByteState::fresh);
  });
  return std::nullopt;
}

std::optional<Finding> Shadow::store(uint64_t address, uint32_t bytes, bool fresh) {
  uint8_t* const states = at(address, bytes);
  if (states == nullptr) return std::nullopt;
  const bool its_own = std::find(states, states + bytes, 0) == states + bytes;
  if (!its_own)
    return Finding{"U01",
                   fmt::format("{} bytes written at {:#x}, where nothing is", bytes, address)};
  std::memset(states, static_cast<int>(fresh ? ByteState::fresh : ByteState::written), bytes);
  return std::nullopt;
}

}  // namespace sim::unicorn
