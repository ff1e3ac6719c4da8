// SPDX-License-Identifier: BSD-3-Clause
// What an import has seen, and its summary for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ffa_trace {

struct ImportCounts {
  std::string format;
  bool guessed = false;
  uint64_t lines = 0;
  uint64_t rows = 0;         ///< rows that were read whole
  uint64_t calls = 0;        ///< events of the trace
  uint64_t pairs = 0;        ///< of them with an answer
  uint64_t orphans = 0;      ///< answers whose call is not in the log, or not sure
  std::string first_answer;  ///< what a log that has no call has instead: "line 1: FFA_ERROR"
  uint64_t others = 0;       ///< calls of other services than FF-A
  uint64_t repeats = 0;      ///< rows that only repeat the one before
  uint64_t foreign = 0;      ///< whole rows of another format
  uint64_t given_up = 0;
  std::vector<uint64_t> given_up_lines;  ///< the first ones
  uint64_t lost = 0;                     ///< entries that the log says are missing

  void give_up(uint64_t line);
};

/// Several lines, each with its newline.
std::string summary(const ImportCounts& counts, const std::string& name);

}  // namespace ffa_trace
