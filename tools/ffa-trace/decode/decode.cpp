// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace decode: every event in words, streamed.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "tools/ffa-trace/commands.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"
#include "tools/ffa-trace/import/events.hpp"

namespace ffa_trace {
namespace {

void print_header(const sim::trace::Header& header) {
  fmt::print("trace of {}{}{}{}{}\n", header.source, header.name.empty() ? "" : ", ", header.name,
             header.seed.empty() ? "" : ", seed ", header.seed);
}

bool wants_colour(const std::string& color) {
  if (color != "auto") return color == "always";
  const char* const no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

void decode_file(const std::string& file, const DecodeOptions& options) {
  const bool colour = wants_colour(options.color);
  Decoder decoder;
  const auto begin = [&](const sim::trace::Header* header) {
    if (options.json) return;
    if (options.files.size() > 1) fmt::print("== {}\n", file);
    if (header != nullptr) print_header(*header);
  };
  const auto take = [&](const sim::trace::Event& event) {
    const Decoded decoded = decoder.decode(event);
    if (options.json) {
      fmt::print("{}\n", to_json(event, decoded));
    } else {
      fmt::print("{}", to_text(event, decoded, options.full, colour));
    }
  };
  read_events(file, {.begin = begin, .take = take});
}

}  // namespace

int decode(const DecodeOptions& options) {
  if (options.files.empty()) decode_file("-", options);
  for (const std::string& file : options.files) decode_file(file, options);
  return 0;
}

}  // namespace ffa_trace
