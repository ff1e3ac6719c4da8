// SPDX-License-Identifier: BSD-3-Clause
// Writes traces in their canonical form, one JSON object a line: fixed key order, lower-case hex,
// nothing that is empty. Used by whoever produces events. The form is docs/trace-format.md.
#pragma once

#include <string>

#include "sim/trace/event.hpp"

namespace sim::trace {

/// One line without its newline.
std::string to_line(const Header& header);
std::string to_line(const Event& event);

/// "guest", "spmc", "lifecycle", "irq" or "linux".
const char* side_name(Side side);

/// Lower-case hex digits, two a byte.
std::string to_hex(const std::vector<uint8_t>& bytes);

/// Writes a whole trace, events in `seq` order. The file appears complete or not at all. Throws
/// InputError(file, reason) where it can't be written.
void write_trace(const std::string& file, const Trace& trace);

}  // namespace sim::trace
