// SPDX-License-Identifier: BSD-3-Clause
// Whether a program's own translation maps every address to itself, so that it may be left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/endpoint/cpu.hpp"

namespace sim::endpoint {

/// The registers that say where stage 1 of EL1 lies.
struct Stage1 {
  uint64_t tcr = 0;
  uint64_t ttbr0 = 0;
  uint64_t ttbr1 = 0;
};

/// Walks all tables. Why leaving stage 1 out would make a difference, in words; nothing: it is
/// flat. Access rights and memory types are not looked at. [DDI0487 D8.3]
std::optional<std::string> why_not_flat(AddressSpace& memory, const Stage1& stage1);

}  // namespace sim::endpoint
