// SPDX-License-Identifier: BSD-3-Clause
// What lies in a TX or RX buffer, field by field, each with its place: for the hex dumps of the
// HTML report. Never refuses; what no field names is left to the dump.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ffa/types.hpp"
#include "sim/trace/event.hpp"

namespace sim::report {

struct BufferField {
  size_t offset = 0;  ///< bytes, from the start of the buffer
  size_t size = 0;
  std::string name;    ///< "access 0: permissions"
  std::string value;   ///< "0x2, read-write"
  bool wrong = false;  ///< reserved and not zero, or it leads out of the buffer
};

/// Of `event.tx`, by the call; `spoken`: the version between caller and callee.
std::vector<BufferField> tx_fields(const trace::Event& event, ffa::Version spoken);
/// Of `event.rx`, by call and answer.
std::vector<BufferField> rx_fields(const trace::Event& event, ffa::Version spoken);

}  // namespace sim::report
