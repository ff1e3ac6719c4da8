// SPDX-License-Identifier: BSD-3-Clause
// The trace reader: any bytes are a trace or an InputError; an event that was read, written and
// read again is the same event.
#include <string>

#include "tests/fuzz/text_input.hpp"

namespace {

/// How many events there were in front of the end, or of what is wrong.
size_t read_all(const std::string& text) {
  size_t events = 0;
  try {
    sim::trace::Reader reader{sim::trace::LineReader{"input", fuzz::ended_stream(), text}};
    while (const auto event = reader.next()) {
      fuzz::must_round_trip(*event);
      ++events;
    }
  } catch (const sim::InputError&) {
    return events;  // said so
  }
  return events;
}

/// A target that reads nothing would never find anything.
bool reads_events() {
  sim::trace::Event event;
  event.seq = 1;
  event.seq_ret = 2;
  return read_all(sim::trace::to_line(event) + "\n") == 1;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool reads = reads_events();
  fuzz::must(reads, "a line of one event is read");
  read_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
