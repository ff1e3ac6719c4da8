// SPDX-License-Identifier: BSD-3-Clause
// How the host pages of a region lie: contiguous, scattered or reversed, in pages or in blocks. A
// pure function of the region and of what is free. Used by Machine.
#pragma once

#include <optional>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/machine/page_allocator.hpp"
#include "sim/machine/stage2.hpp"

namespace sim {

/// The runs of a region, its pages taken from `pool`, or from region.pa where that is given (then
/// `pool` is not asked). Nothing: the pool has not enough pages left. `none` regions have no runs.
std::optional<std::vector<Stage2::Run>> lay_out(const RegionSpec& region, PageAllocator& pool);

}  // namespace sim
