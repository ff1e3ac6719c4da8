// SPDX-License-Identifier: BSD-3-Clause
// Situations that a campaign must have met, or it has shown little: named, and told from a trace
// alone. docs/explore.md, "Sometimes".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sim/trace/event.hpp"

namespace sim::check {

/// Marks as a set of bits; bit n is that of sometimes_names()[n].
using Sometimes = uint32_t;

const std::vector<std::string>& sometimes_names();

/// What happened at some time in the trace of one run, whole and in the order of `seq`.
Sometimes sometimes_met(std::span<const trace::Event> events);

/// The names of the marks in the set.
std::vector<std::string> names_of(Sometimes marks);

}  // namespace sim::check
