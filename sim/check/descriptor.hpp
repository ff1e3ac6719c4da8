// SPDX-License-Identifier: BSD-3-Clause
// A memory transaction descriptor read for what checkers need: who sends which pages. By an offset
// table of its own, as an oracle beside the mediator's parser and the SPMC model's. [DEN0140 §1.11]
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ffa/types.hpp"

namespace sim::check {

struct PageRun {
  uint64_t address = 0;
  uint64_t pages = 0;
};

struct Descriptor {
  uint16_t sender = 0;
  uint32_t total_pages = 0;
  uint32_t range_count = 0;     ///< as the composite says
  std::vector<PageRun> ranges;  ///< those whose 16 bytes are there and do not lie before `from`
};

/// `version` of whoever wrote it. Nothing: the bytes end before the first range, or the offsets
/// lead outside. `from`: byte before which ranges were read already.
std::optional<Descriptor> read_descriptor(std::span<const uint8_t> bytes, ffa::Version version,
                                          size_t from = 0);

/// Neighbours that continue each other joined: two lists of the same pages in the same order become
/// equal.
std::vector<PageRun> joined(const std::vector<PageRun>& runs);

}  // namespace sim::check
