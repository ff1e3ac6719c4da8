// SPDX-License-Identifier: BSD-3-Clause
// Which registers of the guest a call changes, and to what. [DEN0077A 1.2 §11.2, SMCCC 1.3 §2.6]
#pragma once

#include <cstdint>

#include "ffa/regs.hpp"
#include "ffa/reply.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// Makes the guest's registers before its FF-A call those after it: `reply` built from all zero,
/// `version` of the VM (raw 0 before negotiation).
///
/// x0-x7 are the reply's, bits 63:32 of x1-x7 only where the reply's own id is an SMC64 one. x8-x17
/// keep their values for a VM below 1.2, and for an SMC32 call unless it ends with a message that
/// fills them; otherwise they are the reply's, so zero unless the ABI returns them.
[[gnu::always_inline]] constexpr void put_reply(ffa::Regs& guest, const ffa::Regs& reply,
                                                ffa::Version version) {
  const bool wide = ffa::FunctionId{reply.x[0]}.is_smc64();
  const bool message = ffa::is_function(reply, ffa::Fid::msg_send_direct_req2) ||
                       ffa::is_function(reply, ffa::Fid::msg_send_direct_resp2);
  const bool extended = version >= ffa::v1_2 && (message || ffa::FunctionId{guest.x[0]}.is_smc64());
  const uint64_t mask = wide ? ~uint64_t{0} : ~uint32_t{0};
  guest.x[0] = reply.w(0);
  guest.x[1] = reply.x[1] & mask;
  guest.x[2] = reply.x[2] & mask;
  guest.x[3] = reply.x[3] & mask;
  guest.x[4] = reply.x[4] & mask;
  guest.x[5] = reply.x[5] & mask;
  guest.x[6] = reply.x[6] & mask;
  guest.x[7] = reply.x[7] & mask;
  if (!extended) return;
  // Written out, so that what a reply is made of never lies in memory.
  guest.x[8] = reply.x[8];
  guest.x[9] = reply.x[9];
  guest.x[10] = reply.x[10];
  guest.x[11] = reply.x[11];
  guest.x[12] = reply.x[12];
  guest.x[13] = reply.x[13];
  guest.x[14] = reply.x[14];
  guest.x[15] = reply.x[15];
  guest.x[16] = reply.x[16];
  guest.x[17] = reply.x[17];
}

/// put_reply() to a copy of the registers before the call.
constexpr ffa::Regs guest_registers(ffa::Regs in, const ffa::Regs& reply, ffa::Version version) {
  put_reply(in, reply, version);
  return in;
}

}  // namespace mediator
