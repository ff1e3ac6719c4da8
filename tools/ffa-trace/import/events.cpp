// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/events.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "sim/engine/input_error.hpp"
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
  const auto counts = import_log(log, {}, [&](const sim::trace::Event& event) {
    if (std::exchange(first, false)) sink.begin(&header);
    sink.take(event);
  });
  std::fflush(stdout);
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
  const int first = std::fgetc(stream.get());
  if (first == EOF || first == '{') {
    (void)std::ungetc(first, stream.get());
    sim::trace::Reader reader(sim::trace::LineReader(name, stream.get()));
    read_trace(reader, sink);
    return;
  }
  read_log({name, stream.get(), std::string(1, static_cast<char>(first))}, sink);
}

}  // namespace ffa_trace
