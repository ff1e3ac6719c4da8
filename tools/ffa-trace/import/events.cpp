// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/events.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "sim/engine/program_end.hpp"
#include "sim/trace/reader.hpp"
#include "tools/ffa-trace/import/importer.hpp"

namespace ffa_trace {
namespace {

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) (void)std::fclose(file);
  }
};

void read_trace(sim::trace::Reader& reader, const EventSink& sink) {
  sink.begin(reader.header() ? &*reader.header() : nullptr);
  while (const auto event = reader.next()) sink.take(*event);
}

void read_log(LogLines log, const EventSink& sink) {
  sim::trace::Header header;
  header.source = "ffa-trace import";
  header.name = log.name();
  bool first = true;
  const auto counts = import_log(log, {.format = "", .pattern = "", .or_trace = true},
                                 [&](const sim::trace::Event& event) {
                                   if (std::exchange(first, false)) sink.begin(&header);
                                   sink.take(event);
                                 });
  sim::flush_standard_output();
  fmt::print(stderr, "{}", summary(counts, log.name()));
}

}  // namespace

void read_events(const std::string& file, const EventSink& sink) {
  const bool standard = file == "-";
  const std::string name = standard ? "standard input" : file;
  const std::unique_ptr<std::FILE, Close> stream(standard ? stdin : std::fopen(file.c_str(), "rb"));
  if (!stream) {
    sim::trace::Reader reader(file);  // says why
    return;
  }
  (void)std::setvbuf(stream.get(), nullptr, _IONBF, 0);  // one byte is read here, no more
  if (standard) (void)std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  const int byte = std::fgetc(stream.get());
  const std::string first = byte == EOF ? std::string() : std::string(1, static_cast<char>(byte));
  if (byte == EOF || byte == '{') {
    sim::trace::Reader reader(sim::trace::LineReader(name, stream.get(), first));
    read_trace(reader, sink);
  } else {
    read_log({name, stream.get(), first}, sink);
  }
}

}  // namespace ffa_trace
