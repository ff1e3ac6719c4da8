// SPDX-License-Identifier: BSD-3-Clause
// SPs that work for a while on stacks of their own, where interrupts of the normal world stop them
// between any two instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "spmc-model/spmc.hpp"

namespace ports::qemu {

/// vectors.S knows the offsets.
struct SpContext {
  std::array<uint64_t, 31> x{};
  uint64_t sp = 0;    // 248
  uint64_t elr = 0;   // 256
  uint64_t spsr = 0;  // 264
};

/// What an SP calculates: the SPMC says how far, the SP how far it has come.
struct SpTask {
  uint64_t seed = 0;
  volatile uint64_t limit = 0;   ///< rounds, all in all
  volatile uint64_t rounds = 0;  ///< done
  uint64_t value = 0;            ///< at the end: depends on every round
};

class SpWorkers {
 public:
  /// True: an interrupt has stopped the SP; false: it has done all that it had to do. Ends the
  /// machine where an SP that goes on does not find its registers as it left them.
  bool run(const spmc_model::SpWork& work);

 private:
  static constexpr size_t stack_bytes = 1024;
  struct Worker {
    bool stopped = false;
    ffa::EndpointId sp{0};
    uint16_t context = 0;
    SpContext registers{};
    SpTask task{};
    alignas(16) std::array<std::byte, stack_bytes> stack{};
  };
  Worker& place_for(const spmc_model::SpWork& work);

  std::array<Worker, 32> workers_{};
};

}  // namespace ports::qemu
