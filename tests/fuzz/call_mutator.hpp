// SPDX-License-Identifier: BSD-3-Clause
// Changes inputs of the target `calls` operation by operation: what stands behind a change keeps
// its meaning, which a change of single bytes would shift.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fuzz {

/// SplitMix64: the same numbers everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  size_t below(size_t bound) { return bound == 0 ? 0 : next() % bound; }

 private:
  uint64_t state_;
};

/// An input of `calls` in its parts.
struct CallBytes {
  uint8_t world = 0;
  std::vector<std::vector<uint8_t>> ordered;
  std::vector<std::vector<uint8_t>> unordered;
  std::vector<uint8_t> decisions;
};

CallBytes take_apart(std::span<const uint8_t> input);
std::vector<uint8_t> put_together(const CallBytes& parts);

/// One change: operations, or one of them, or the world, or the decisions.
void mutate(CallBytes& parts, Random& random);
/// The beginning of one, then what another ends with.
CallBytes cross(const CallBytes& one, const CallBytes& other, Random& random);

}  // namespace fuzz
