// SPDX-License-Identifier: BSD-3-Clause
// A memory transaction descriptor read for what checkers need: who sends which pages. By an offset
// table of its own, as an oracle beside the mediator's parser and the SPMC model's. [DEN0140 §1.11]
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace sim::check {

/// Bits of the descriptor's flags and attributes. [DEN0140 1.2 §1.11]
constexpr uint32_t zero_flag = 1;
constexpr uint16_t ns_attribute = 1U << 6;

struct PageRun {
  uint64_t address = 0;
  uint64_t pages = 0;
  friend bool operator==(const PageRun&, const PageRun&) = default;
};

struct ReceiverAccess {
  uint16_t receiver = 0;
  uint8_t permissions = 0;
};

struct Descriptor {
  uint16_t sender = 0;
  uint16_t attributes = 0;
  uint32_t flags = 0;
  std::vector<ReceiverAccess> accesses;
  uint32_t total_pages = 0;
  uint32_t range_count = 0;     ///< as the composite says
  std::vector<PageRun> ranges;  ///< those whose 16 bytes are there and do not lie before `from`
};

/// `version` of whoever wrote it. Nothing: the bytes end before the first range, or the offsets
/// lead outside. `from`: byte before which ranges were read already.
std::optional<Descriptor> read_descriptor(std::span<const uint8_t> bytes, ffa::Version version,
                                          size_t from = 0);

/// True if the descriptor asks to zero the memory before the receivers get it. `bytes` may be cut.
bool asks_to_zero(std::span<const uint8_t> bytes);
/// An FFA_MEM_RECLAIM whose flags ask to zero.
bool is_zeroing_reclaim(const ffa::Regs& in);

/// Neighbours that continue each other joined: two lists of the same pages in the same order become
/// equal.
std::vector<PageRun> joined(const std::vector<PageRun>& runs);

}  // namespace sim::check
