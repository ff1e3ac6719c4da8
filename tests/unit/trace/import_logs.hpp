// SPDX-License-Identifier: BSD-3-Clause
// Imports logs in memory. The samples are tests/data/logs; its README says where they come from.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/engine/input_error.hpp"
#include "sim/trace/event.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/decode/decoder.hpp"
#include "tools/ffa-trace/import/importer.hpp"

namespace test {

inline const char* const samples_with_calls[] = {
    "ftrace-kprobe-boot.txt",  "ftrace-kprobe-concurrent.txt",
    "tfa-console-verbose.log", "tfa-hexrows-plain.log",
    "tfa-hexrows-named.log",   "optee-secure-uart-level4-handpatch.log",
    "qemu-int-cpu.log"};

inline std::string sample(const std::string& name) {
  return read_file(TEST_DATA_DIR "/logs/" + name);
}

/// Lines `first` to `last` of a sample, counted from 1.
inline std::string sample_lines(const std::string& name, size_t first, size_t last) {
  const std::string text = sample(name);
  std::string slice;
  size_t number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    if (number >= first && number <= last) slice += text.substr(at, end - at);
    at = end;
  }
  return slice;
}

struct Imported {
  std::vector<sim::trace::Event> events;
  ffa_trace::ImportCounts counts;
  std::string error;  ///< what an InputError said
};

inline Imported import_text(const std::string& text,
                            const ffa_trace::ImportSettings& settings = {}) {
  Imported imported;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> empty(std::fopen("/dev/null", "rb"),
                                                              &std::fclose);
  try {
    ffa_trace::LogLines log("log", empty.get(), text);
    imported.counts = ffa_trace::import_log(
        log, settings, [&](const sim::trace::Event& event) { imported.events.push_back(event); });
  } catch (const sim::InputError& error) {
    imported.error = error.what();
  }
  return imported;
}

/// The figures of an import in one line, to be compared at a glance.
inline std::string figures(const Imported& imported) {
  if (!imported.error.empty()) return imported.error;
  const ffa_trace::ImportCounts& counts = imported.counts;
  return fmt::format("{}: rows {}, calls {}, pairs {}, orphans {}, given up {}, lost {}",
                     counts.format, counts.rows, counts.calls, counts.pairs, counts.orphans,
                     counts.given_up, counts.lost);
}

/// Every event in words, a line each.
inline std::string words(const Imported& imported) {
  ffa_trace::Decoder decoder;
  std::string text;
  for (const auto& event : imported.events) {
    text += ffa_trace::to_text(event, decoder.decode(event), false, false);
  }
  return text;
}

}  // namespace test
