// SPDX-License-Identifier: BSD-3-Clause
// What a log says about one crossing of a world boundary. Produced by the formats, consumed by the
// pairing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "ffa/regs.hpp"
#include "sim/trace/event.hpp"

namespace ffa_trace {

/// Which way the registers went: into the callee, back to the caller, or the log doesn't say.
enum class Direction : uint8_t { unknown, call, answer };

/// Whose registers they are. `normal`: a kernel's or hypervisor's; `secure`: the SPMC's.
enum class World : uint8_t { unknown, normal, secure };

struct Row {
  Direction direction = Direction::unknown;
  World world = World::unknown;
  std::optional<uint16_t> cpu;
  std::string task;  ///< who waits for the answer, where the log names it: a task, a return address
  std::string conduit;
  ffa::Regs regs;
  sim::trace::RegisterSet known = 0;  ///< registers that the log holds

  void set(unsigned n, uint64_t value) {
    regs.x[n] = value;
    known |= 1U << n;
  }
};

/// What a format makes of one line.
struct Reading {
  enum class What : uint8_t {
    nothing,
    row,     ///< `row`
    broken,  ///< a row that can't be read whole; `cpu` where that much is sure
    lost     ///< a mark that `lost` entries are missing here, on `cpu` or anywhere
  };
  What what = What::nothing;
  Row row;
  std::optional<uint16_t> cpu;
  uint64_t lost = 0;

  static Reading broken(std::optional<uint16_t> cpu = {}) {
    return {.what = What::broken, .row = {}, .cpu = cpu, .lost = 0};
  }
  static Reading of(Row row) {
    return {.what = What::row, .row = std::move(row), .cpu = {}, .lost = 0};
  }
};

}  // namespace ffa_trace
