// SPDX-License-Identifier: BSD-3-Clause
// What is watched while the image runs, and what a call of it costs. docs/unicorn.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sim::unicorn {

/// `cheap`: what costs next to nothing. `all`: each load and store besides.
enum class Monitoring : uint8_t { none, cheap, all };

/// More than ports::unicorn::Op has.
constexpr size_t most_operations = 64;

/// Of one call. Operations by their numbers in ports::unicorn::Op; the world switch stands at 0.
struct CallCounts {
  uint64_t instructions = 0;  ///< from the entry of the call handler to its return
  uint64_t vectors = 0;       ///< that keep and bring back the guest's registers
  uint64_t bytes = 0;         ///< of foreign memory, in and out
  std::array<uint64_t, most_operations> operations{};
  [[nodiscard]] uint64_t all_operations() const {
    uint64_t sum = 0;
    for (const uint64_t count : operations) sum += count;
    return sum;
  }
};

/// Told when a guest's call has returned: its x0, and what it cost.
using CountSink = std::function<void(uint64_t fid, const CallCounts&)>;
/// Told of each basic block of a guest's call: where it begins, and its instructions.
using BlockSink = std::function<void(uint64_t address, uint64_t instructions)>;

}  // namespace sim::unicorn
