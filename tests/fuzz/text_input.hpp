// SPDX-License-Identifier: BSD-3-Clause
// What targets that read traces and logs have in common: a stream that says no more than was given,
// and what must hold for each event.
#pragma once

#include <cstdio>
#include <string>

#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/fuzz/target.hpp"

namespace fuzz {

/// A stream that is at its end. Readers take the input as what was read of it already: they read
/// from file descriptors, which bytes in memory have none of.
inline std::FILE* ended_stream() {
  static std::FILE* const stream = std::fopen("/dev/null", "r");
  must(stream != nullptr, "/dev/null can be read");
  return stream;
}

/// An event that was written reads the same.
inline void must_round_trip(const sim::trace::Event& event) {
  const std::string line = sim::trace::to_line(event);
  try {
    const sim::trace::Event again = sim::trace::parse_event(line, "written");
    must(sim::trace::to_line(again) == line, "an event that was written reads the same");
  } catch (const sim::InputError& error) {
    fail(std::string("an event that was written can't be read: ") + error.what() + "\n" + line);
  }
}

}  // namespace fuzz
