// SPDX-License-Identifier: BSD-3-Clause
// The import of logs: any bytes are a log or an InputError; events come in order, are counted, and
// read the same when they were written.
// Input: byte 0: which format, behind the last one: guessed; the log.
#include <string>

#include "tests/fuzz/text_input.hpp"
#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/importer.hpp"

namespace {

/// How many events there were; 0, too, for what is no log.
size_t import_all(const std::string& text, const std::string& format) {
  size_t events = 0;
  uint64_t last = 0;
  const auto sink = [&](const sim::trace::Event& event) {
    fuzz::must(event.seq > last, "events come in order");
    last = event.seq;
    fuzz::must_round_trip(event);
    ++events;
  };
  try {
    ffa_trace::LogLines log{"input", fuzz::ended_stream(), text};
    ffa_trace::import_log(log, {.format = format, .pattern = {}}, sink);
  } catch (const sim::InputError&) {
    return events;
  }
  return events;
}

/// A target that reads nothing would never find anything.
bool imports_a_pair() {
  return import_all(
             "NOTICE:  SPMD: 0x84000085 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n"
             "NOTICE:  SPMD ret: 0x84000061 0x0 0xffff 0x0 0x0 0x0 0x0 0x0\n"
             "NOTICE:  SPMD: 0x84000069 0x0 0x0 0x0 0x0 0x0 0x0 0x0\n"
             "NOTICE:  SPMD ret: 0x84000061 0x0 0x8000 0x0 0x0 0x0 0x0 0x0\n",
             "") != 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool imports = imports_a_pair();
  fuzz::must(imports, "two pairs of rows are imported");
  const auto formats = ffa_trace::all_formats();
  fuzz::Input input{{data, size}};
  const uint8_t which = input.byte();
  const auto rest = input.bytes(input.left());
  import_all({reinterpret_cast<const char*>(rest.data()), rest.size()},
             which < formats.size() ? formats[which].name : "");
  return 0;
}
