// SPDX-License-Identifier: BSD-3-Clause
// Direct messages between VMs, as one vCPU sees them: the request that it made and the one that it
// works on. Plain facts; handlers/vm_dialogue.hpp moves them. [DEN0077A 1.2 §8.4, §15.2]
//
//   asks:    nothing -request-> waits -response-> nothing
//            waits -FFA_INTERRUPT, FFA_YIELD-> stopped -FFA_RUN-> waits
//            stopped -response-> answered -FFA_RUN-> nothing
//   serves:  nothing -FFA_MSG_WAIT-> waits -request-> works -response-> waits
//            works -FFA_YIELD-> stopped -FFA_RUN of the client-> works
#pragma once

#include <cstdint>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// The two pairs of direct calls: REQ and RESP, REQ2 and RESP2. A request is answered in kind.
enum class DirectKind : uint8_t { plain, extended };

/// A vCPU on the other side. The next VM with its id is another one.
struct Partner {
  ffa::EndpointId vm{};
  uint32_t incarnation = 0;
  ffa::VcpuId vcpu{};
  friend constexpr bool operator==(const Partner&, const Partner&) = default;
};

struct VmDialogue {
  enum class Asks : uint8_t { nothing, waits, stopped, answered };
  enum class Serves : uint8_t { nothing, waits, works, stopped };

  Asks asks = Asks::nothing;
  Serves serves = Serves::nothing;
  DirectKind kind = DirectKind::plain;  ///< of the request that it works on
  Partner server{};                     ///< whom it asks
  Partner client{};                     ///< for whom it works
  bool has_reply = false;               ///< `reply` ends the call that waits
  ffa::Regs reply{};                    ///< also the response, while `answered`

  /// True if its call waits, and nothing has come that would end it.
  [[nodiscard]] bool takes_request() const { return serves == Serves::waits; }
  /// True if it has a request of `client`.
  [[nodiscard]] bool has_request() const {
    return serves == Serves::works || serves == Serves::stopped;
  }
};

}  // namespace mediator
