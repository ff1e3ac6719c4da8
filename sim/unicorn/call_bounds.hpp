// SPDX-License-Identifier: BSD-3-Clause
// How many instructions a guest's call may take (U04). The figures are declared: a call that needs
// more than its class has is a finding, whatever has made it slower. docs/unicorn.md.
#pragma once

#include <cstdint>

#include "sim/unicorn/monitoring.hpp"

namespace sim::unicorn {

struct CallBound {
  const char* calls;  ///< for people
  uint64_t least;
  uint64_t for_an_operation;
  uint64_t for_a_byte;  ///< of foreign memory

  [[nodiscard]] uint64_t instructions(const CallCounts& counts) const {
    return least + for_an_operation * counts.all_operations() + for_a_byte * counts.bytes;
  }
};

/// `fid`: w0 of the call.
const CallBound& bound_of(uint32_t fid);

}  // namespace sim::unicorn
