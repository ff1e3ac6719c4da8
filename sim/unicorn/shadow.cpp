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

// A load of which some bytes were written is no finding: compilers copy objects with the gaps
// between their members, and what gets out of a gap shows in the traces. Nor is one of the value
// of a std::optional that has none, whose flag lies right behind it: it is copied as a whole.
std::optional<Finding> Shadow::load(uint64_t address, uint32_t bytes, bool copies,
                                    std::optional<std::byte> next) {
  const uint8_t* const states = at(address, bytes);
  copied_.bytes = copies && states != nullptr ? bytes : 0;
  if (states == nullptr) return std::nullopt;
  const auto is = [](ByteState state) {
    return [state](uint8_t value) { return value == static_cast<uint8_t>(state); };
  };
  if (std::any_of(states, states + bytes, is(ByteState::not_its_own)))
    return Finding{"U01", fmt::format("{} bytes read at {:#x}, where nothing is", bytes, address)};
  if (copies) {
    std::copy_n(states, bytes, copied_.states.begin());
    return std::nullopt;
  }
  const bool empty = next == std::byte{0} && is(ByteState::written)(states[bytes]);
  if (!empty && std::all_of(states, states + bytes, is(ByteState::fresh)))
    return Finding{"U02", fmt::format("{} bytes read at {:#x}, never written", bytes, address)};
  return std::nullopt;
}

std::optional<Finding> Shadow::store(uint64_t address, uint32_t bytes, bool copies) {
  uint8_t* const states = at(address, bytes);
  if (states == nullptr) return std::nullopt;
  const bool its_own = std::find(states, states + bytes, 0) == states + bytes;
  if (!its_own)
    return Finding{"U01",
                   fmt::format("{} bytes written at {:#x}, where nothing is", bytes, address)};
  if (copies && copied_.bytes == bytes) {
    std::copy_n(copied_.states.begin(), bytes, states);
  } else {
    std::memset(states, static_cast<int>(ByteState::written), bytes);
  }
  return std::nullopt;
}

}  // namespace sim::unicorn
