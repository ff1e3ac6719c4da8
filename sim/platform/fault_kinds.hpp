// SPDX-License-Identifier: BSD-3-Clause
// What can go wrong in a world: the operations that a fault may strike, and the statuses that each
// of them can have. Used by Faults, by whoever reads kinds of faults, and by checkers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ffa/status.hpp"

namespace sim {

/// Who does the operation that is struck.
enum class FaultPlace : uint8_t {
  machine,  ///< the platform, for the mediator
  secure,   ///< the SPMC
  world     ///< guests and the host
};

struct FaultKind {
  std::string_view op;
  const char* label;  ///< of the decision whether it strikes
  FaultPlace place;
  bool lawful = true;  ///< false: no sound SPMC does so
};

/// All of them.
std::span<const FaultKind> fault_kinds();
/// nullptr: there is no such kind.
const FaultKind* find_fault_kind(std::string_view op);

/// The errors that an operation of this kind may return, of an SMC by its function; empty: it has
/// none, or cannot fail. [DEN0077A 1.2, tables of error codes; mediator/platform.hpp]
std::span<const ffa::Status> legal_statuses(std::string_view op, std::optional<uint32_t> fid);

}  // namespace sim
