// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/guess.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

constexpr uint64_t rows_wanted = 8;
constexpr size_t most_held_bytes = size_t{8} << 20;

struct Candidate {
  const FormatInfo* info;
  std::unique_ptr<Format> format;
  uint64_t rows = 0;
};

uint64_t most_rows(const std::vector<Candidate>& candidates) {
  uint64_t most = 0;
  for (const Candidate& candidate : candidates) most = std::max(most, candidate.rows);
  return most;
}

/// The most specific format that reads at least half as many rows as the best one: a general format
/// also reads the rows of special ones.
const FormatInfo* best(const std::vector<Candidate>& candidates) {
  const uint64_t most = most_rows(candidates);
  for (const Candidate& candidate : candidates) {
    if (candidate.rows != 0 && 2 * candidate.rows >= most) return candidate.info;
  }
  return nullptr;
}

}  // namespace

Guess guess_format(LogLines& log) {
  std::vector<Candidate> candidates;
  for (const FormatInfo& info : all_formats()) {
    candidates.push_back({.info = &info, .format = info.make(), .rows = 0});
  }
  Guess guess;
  size_t held_bytes = 0;
  LogPiece piece;
  while (log.next(piece)) {
    for (Candidate& candidate : candidates) {
      const Reading reading = candidate.format->take(piece.view());
      if (reading.what == Reading::What::row && piece.clean) ++candidate.rows;
    }
    if (guess.suspect == 0 && names_function(piece.text)) guess.suspect = piece.number;
    held_bytes += piece.text.size() + sizeof(LogPiece);
    guess.held.push_back(std::move(piece));
    const uint64_t most = most_rows(candidates);
    if (most >= rows_wanted || (most != 0 && held_bytes > most_held_bytes)) break;
    while (held_bytes > most_held_bytes) {
      held_bytes -= guess.held.front().text.size() + sizeof(LogPiece);
      guess.held.pop_front();
    }
  }
  guess.format = best(candidates);
  return guess;
}

}  // namespace ffa_trace
