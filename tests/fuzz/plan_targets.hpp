// SPDX-License-Identifier: BSD-3-Clause
// Targets whose inputs are calls, and what calls these are.
#pragma once

#include <cstdint>
#include <span>

#include "tests/fuzz/call_plan.hpp"
#include "tests/fuzz/fragment_plan.hpp"

namespace fuzz {

struct PlanTarget {
  const char* name;
  Plan (*read)(std::span<const uint8_t>);
};
inline constexpr PlanTarget plan_targets[] = {
    {"calls", read_plan},
    {"single_call", read_single_call},
    {"descriptor", read_descriptor_call},
    {"fragment", [](std::span<const uint8_t> bytes) { return read_fragments(bytes).first.plan; }},
    {"fragment:2",
     [](std::span<const uint8_t> bytes) { return read_fragments(bytes).second.plan; }}};

}  // namespace fuzz
