// SPDX-License-Identifier: BSD-3-Clause
// The trace reader: any bytes are a trace or an InputError; an event that was read, written and
// read again is the same event.
#include <cstdio>
#include <memory>
#include <string>

#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "sim/trace/writer.hpp"
#include "tests/fuzz/target.hpp"

namespace {

void round_trip(const sim::trace::Event& event) {
  const std::string line = sim::trace::to_line(event);
  try {
    const sim::trace::Event again = sim::trace::parse_event(line, "written");
    fuzz::must(sim::trace::to_line(again) == line, "an event that was written reads the same");
  } catch (const sim::InputError& error) {
    fuzz::fail(std::string("an event that was written can't be read: ") + error.what());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return -1;  // a stream can't be made of nothing
  // fmemopen() wants bytes that it may write.
  std::string bytes(reinterpret_cast<const char*>(data), size);
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> stream(fmemopen(bytes.data(), size, "r"));
  if (stream == nullptr) return -1;
  try {
    sim::trace::Reader reader{sim::trace::LineReader{"input", stream.get(), ""}};
    while (const auto event = reader.next()) round_trip(*event);
  } catch (const sim::InputError&) {
    return 0;  // said so
  }
  return 0;
}
