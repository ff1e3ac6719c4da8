// SPDX-License-Identifier: BSD-3-Clause
// Which registers of the guest a call changes, and to what. [DEN0077A 1.2 §11.2, SMCCC 1.3 §2.6]
#pragma once

#include <cstdint>

#include "ffa/regs.hpp"
#include "ffa/reply.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// The registers as the guest sees them after its FF-A call: `in` before the call, `reply` built
/// from all zero, `version` of the VM (raw 0 before negotiation).
///
/// x0-x7 are the reply's, bits 63:32 of x1-x7 only where the reply's own id is an SMC64 one. x8-x17
/// keep their values for a VM below 1.2, and for an SMC32 call unless it ends with a message that
/// fills them; otherwise they are the reply's, so zero unless the ABI returns them.
constexpr ffa::Regs guest_registers(const ffa::Regs& in, const ffa::Regs& reply,
                                    ffa::Version version) {
  const bool wide = ffa::FunctionId{reply.x[0]}.is_smc64();
  const bool message = ffa::is_function(reply, ffa::Fid::msg_send_direct_req2) ||
                       ffa::is_function(reply, ffa::Fid::msg_send_direct_resp2);
  const bool extended = version >= ffa::v1_2 && (message || ffa::FunctionId{in.x[0]}.is_smc64());
  ffa::Regs out = in;
  out.x[0] = reply.w(0);
  for (unsigned n = 1; n < 8; ++n) out.x[n] = wide ? reply.x[n] : reply.w(n);
  for (unsigned n = 8; extended && n < out.x.size(); ++n) out.x[n] = reply.x[n];
  return out;
}

}  // namespace mediator
