// SPDX-License-Identifier: BSD-3-Clause
// What the monitor at EL3 does for FF-A besides relaying: the SPMD's own answers. Once per machine;
// on several CPUs used by the one that may enter the secure world. [DEN0077A 1.2 §8, §13.2, §13.10,
// §13.11, §18.3]
#pragma once

#include <cstdint>
#include <optional>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace el3 {

/// Where a call goes on.
enum class Next : uint8_t {
  caller,   ///< the registers hold the answer
  other,    ///< the registers are for the other world
  nowhere,  ///< no answer to what the SPMD has asked: an SPMC that can't be used
};

class Spmd {
 public:
  /// A call of the normal world. FFA_VERSION becomes a framework message to the SPMC; FFA_ID_GET
  /// and FFA_SPM_ID_GET are answered here. A secure sender would be the SPMD itself:
  /// INVALID_PARAMETERS.
  Next from_normal(ffa::Regs& regs);
  /// A call or an answer of the secure world. x8-x17 of the normal world's FFA_VERSION stay.
  Next from_secure(ffa::Regs& regs);

 private:
  ffa::EndpointId spmc_{0};           ///< as S-EL1 has said it; 0: there is no SPMC
  bool relays_ids_ = false;           ///< it answers them itself, or lacks them
  std::optional<ffa::Regs> asked_{};  ///< the normal world's FFA_VERSION that the SPMC works on
};

}  // namespace el3
