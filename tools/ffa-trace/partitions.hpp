// SPDX-License-Identifier: BSD-3-Clause
// Partition information as an event returns it: in RX, or in registers. Used by decode and
// diff. [DEN0077A 1.2 §6.2, §13.8, §13.9]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ffa/types.hpp"
#include "sim/trace/event.hpp"

namespace ffa_trace {

struct ListedPartition {
  uint16_t id = 0;
  uint16_t contexts = 0;
  uint32_t properties = 0;
  std::optional<ffa::Uuid> uuid;        ///< since 1.1
  std::optional<ffa::Uuid> image_uuid;  ///< in entries of 48 bytes (1.3)
  uint32_t ffa_version = 0;             ///< likewise
};

/// The entries of a successful FFA_PARTITION_INFO_GET (8, 24 or 48 bytes each) or
/// FFA_PARTITION_INFO_GET_REGS; nothing where the event has none, or they don't fit.
std::vector<ListedPartition> partitions_of(const sim::trace::Event& event);

/// "partition 0x8001, 4 contexts, properties 0x1c3 (…), UUID …".
std::string partition_words(const ListedPartition& partition);

}  // namespace ffa_trace
