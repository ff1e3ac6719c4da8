// SPDX-License-Identifier: BSD-3-Clause
// The captures that the repository carries, and files that a test writes.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "sim/trace/event.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/temp_folder.hpp"

namespace test {

inline std::string capture(const std::string& name) {
  return std::string(SOURCE_DIR "/scenarios/captured/") + name + ".jsonl";
}

inline std::vector<sim::trace::Event> events_of(const std::string& name) {
  return sim::trace::read_trace(capture(name)).events;
}

/// The event with this number. Throws std::out_of_range if there is none.
inline sim::trace::Event& event_at(std::vector<sim::trace::Event>& events, uint64_t seq) {
  for (sim::trace::Event& event : events) {
    if (event.seq == seq) return event;
  }
  throw std::out_of_range("no event " + std::to_string(seq));
}

/// Registers, x0 first.
inline ffa::Regs regs(std::initializer_list<uint64_t> values) {
  ffa::Regs result;
  std::copy(values.begin(), values.end(), result.x.begin());
  return result;
}

inline std::vector<std::string> all_captures() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_DIR "/scenarios/captured")) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

inline std::string read_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A file in the test program's own folder with these contents.
inline std::string write_file(const std::string& name, const std::string& contents) {
  const std::string file = temp_folder().file(name);
  std::ofstream stream(file, std::ios::binary);
  stream << contents;
  return file;
}

inline bool same(const sim::trace::Event& a, const sim::trace::Event& b) {
  return a.seq == b.seq && a.seq_ret == b.seq_ret && a.side == b.side && a.vm == b.vm &&
         a.vcpu == b.vcpu && a.pcpu == b.pcpu && a.vcpu_ret == b.vcpu_ret && a.in == b.in &&
         a.out == b.out && a.tx == b.tx && a.rx == b.rx && a.p2m == b.p2m &&
         a.conduit == b.conduit && a.rule == b.rule && a.accepted == b.accepted && a.op == b.op &&
         a.in_known == b.in_known && a.out_known == b.out_known && a.has_vcpu == b.has_vcpu &&
         a.world == b.world && a.result == b.result && a.stimulus == b.stimulus;
}

}  // namespace test
