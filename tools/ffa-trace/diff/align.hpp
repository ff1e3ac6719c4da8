// SPDX-License-Identifier: BSD-3-Clause
// Aligns two sequences of numbers: which element of one is which of the other. Used by diff.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ffa_trace {

/// Longest stretch without an anchor that is aligned as a whole, with the fewest insertions and
/// deletions. What is longer is aligned in windows of this length.
inline constexpr size_t align_window = 2000;

/// Positions of equal elements, both increasing. Ends that are equal come first, then, in what is
/// longer than a window, elements that occur once in each sequence are anchors. Deterministic.
std::vector<std::pair<size_t, size_t>> align(const std::vector<uint32_t>& a,
                                             const std::vector<uint32_t>& b);

}  // namespace ffa_trace
