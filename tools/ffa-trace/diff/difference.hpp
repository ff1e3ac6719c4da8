// SPDX-License-Identifier: BSD-3-Clause
// Compares two traces by meaning. docs/ffa-trace.md, "diff".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/trace/event.hpp"
#include "tools/ffa-trace/diff/meaning.hpp"

namespace ffa_trace {

struct TraceDifference {
  enum class Kind : uint8_t { changed, only_a, only_b } kind = Kind::changed;
  struct FieldPair {
    std::string name;
    std::string a;
    std::string b;
  };
  std::string who;  ///< "vm1", "spmc for 1", "host"
  std::string function;
  std::string words;   ///< of what stands in one trace only: the call and its reply
  uint64_t seq_a = 0;  ///< 0 where it is not there
  uint64_t seq_b = 0;
  std::vector<FieldPair> fields;  ///< that differ
};

struct DiffResult {
  uint64_t events_a = 0;
  uint64_t events_b = 0;
  uint64_t same = 0;                         ///< calls; a transaction in fragments is one
  std::vector<TraceDifference> differences;  ///< in the order of A
  std::vector<std::string> not_compared;     ///< sides that one trace lacks, in words
};

DiffResult compare_traces(const std::vector<sim::trace::Event>& a,
                          const std::vector<sim::trace::Event>& b, Ignored ignored);

}  // namespace ffa_trace
