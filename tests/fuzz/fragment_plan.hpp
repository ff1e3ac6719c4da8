// SPDX-License-Identifier: BSD-3-Clause
// One memory transaction of vm1 that is sent twice, each time in other fragments, and then looked
// at through the SP that received it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/fuzz/call_plan.hpp"

namespace fuzz {

struct FragmentPlan {
  Plan plan;
  size_t pieces = 0;  ///< calls of vm1 that send
  size_t looks = 0;   ///< its calls behind them, the last ones
};

struct FragmentPlans {
  /// The second plan may have a transaction of vm2 between its pieces.
  FragmentPlan first, second;
  bool comparable = false;  ///< both are cut behind ranges: they must come to the same
  bool damaged = false;     ///< on purpose; what it says of its head may be wrong
};

/// Byte 0: world (1:0), function (3:2), SMC64 (4), vm2 sends meanwhile (5), the second time cut
/// anywhere (6), damaged (7); 1: receivers; 2-3: how many ranges; 4: their distance in pages;
/// 5: how many of them are put elsewhere, these; the damage; ranges of each piece, 0: as many as
/// fit.
FragmentPlans read_fragments(std::span<const uint8_t> input);

}  // namespace fuzz
