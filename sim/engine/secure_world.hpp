// SPDX-License-Identifier: BSD-3-Clause
// The software SPMC as a SecureWorld: built from the world's specification, on the machine's
// memory. Simulation makes one by default; replay makes one for the requests that its capture does
// not know.
#pragma once

#include <functional>
#include <memory>

#include "sim/engine/simulation.hpp"

namespace sim {

/// w0 of a call that nobody implements. [SMCCC 1.5 §5.2]
inline constexpr uint64_t smccc_not_supported = 0xffffffff;

/// Told of what the secure world does besides its answers; empty functions are not called.
struct SecureWorldEvents {
  std::function<void()> raise_sri;  ///< the SPMC pends the schedule receiver interrupt
  /// It or an SP gets at memory, by PA.
  std::function<void(uint64_t pa, uint64_t bytes, bool write)> accessed;
  /// An SP that is a program from outside prints, or can't go on.
  std::function<void(const std::string& sp, char c)> print;
  std::function<void(const std::string& text)> report;
};

/// `machine` must outlive the result. A world with spec.spmc.absent gets one that answers SMCCC
/// NOT_SUPPORTED. Throws InputError for an unknown personality or SPs that the model refuses.
std::unique_ptr<SecureWorld> make_secure_world(const WorldSpec& spec, Machine& machine,
                                               SecureWorldEvents events);

}  // namespace sim
