// SPDX-License-Identifier: BSD-3-Clause
// CPU cycle management: who runs next, and the completions that say why a callee stopped.
// [DEN0077A 1.2 chapter 14]
#pragma once

#include "ffa/calls/bare.hpp"
#include "ffa/calls/codec.hpp"

namespace ffa {

/// FFA_MSG_WAIT. w2 bit 0 (1.2) = keep the RX buffer, 31:1 MBZ; all of w2 is MBZ below 1.2, which
/// is the handler's rule; w1, w3-w7 MBZ. Errors: DENIED, BUSY, INVALID_PARAMETERS, NOT_SUPPORTED.
/// [DEN0077A 1.2 §14.1]
struct MsgWait {
  bool retain_rx = false;

  static constexpr Result<MsgWait> decode(const Regs& regs) {
    if (regs.w(1) != 0 || !codec::all_zero(regs, 3, 7)) return codec::must_be_zero;
    if ((regs.w(2) & ~1U) != 0) return codec::must_be_zero;
    return MsgWait{regs.w(2) != 0};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::msg_wait);
    regs.x[2] = retain_rx ? 1 : 0;
    return regs;
  }
  friend constexpr bool operator==(const MsgWait&, const MsgWait&) = default;
};

/// FFA_YIELD. w1 = endpoint << 16 | vCPU (set by the relayer), w2/w3 = timeout hint, low word
/// first, 0 = none; w4-w7 MBZ. A call of an SP, and a completion that its requester sees and
/// answers with FFA_RUN. Errors: DENIED, INVALID_PARAMETERS. [DEN0077A 1.2 §14.2, §6.4]
struct Yield {
  EndpointId endpoint{};
  VcpuId vcpu{};
  uint64_t timeout = 0;

  static constexpr Result<Yield> decode(const Regs& regs) {
    if (!codec::all_zero(regs, 4, 7)) return codec::must_be_zero;
    return Yield{EndpointId{codec::high16(regs.w(1))}, VcpuId{codec::low16(regs.w(1))},
                 codec::dword_at(regs, 2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::yield);
    regs.x[1] = codec::pair(endpoint.raw(), vcpu.raw());
    codec::put_dword(regs, 2, timeout);
    return regs;
  }
  friend constexpr bool operator==(const Yield&, const Yield&) = default;
};

/// FFA_RUN. w1 = endpoint << 16 | vCPU of the execution context to run. Completes with
/// FFA_INTERRUPT, FFA_YIELD, FFA_MSG_WAIT or a direct response. Errors: INVALID_PARAMETERS, DENIED,
/// BUSY, ABORTED, NOT_SUPPORTED. [DEN0077A 1.2 §14.3]
struct Run {
  EndpointId endpoint{};
  VcpuId vcpu{};

  static constexpr Result<Run> decode(const Regs& regs) {
    return Run{EndpointId{codec::high16(regs.w(1))}, VcpuId{codec::low16(regs.w(1))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::run);
    regs.x[1] = codec::pair(endpoint.raw(), vcpu.raw());
    return regs;
  }
  friend constexpr bool operator==(const Run&, const Run&) = default;
};

/// FFA_INTERRUPT. To the normal world: w1 = endpoint << 16 | vCPU of the preempted context, w2 = 0.
/// To an SP: w1 = 0, w2 = interrupt id (0: one is pending). To the SPMC: both 0.
/// [DEN0077A 1.2 §12.3]
struct Interrupt {
  EndpointId endpoint{};
  VcpuId vcpu{};
  uint32_t interrupt_id = 0;

  static constexpr Result<Interrupt> decode(const Regs& regs) {
    return Interrupt{EndpointId{codec::high16(regs.w(1))}, VcpuId{codec::low16(regs.w(1))},
                     regs.w(2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::interrupt);
    regs.x[1] = codec::pair(endpoint.raw(), vcpu.raw());
    regs.x[2] = interrupt_id;
    return regs;
  }
  friend constexpr bool operator==(const Interrupt&, const Interrupt&) = default;
};

/// FFA_NORMAL_WORLD_RESUME, SPMC to SPMD. Errors: DENIED, NOT_SUPPORTED. [DEN0077A 1.2 §14.4]
using NormalWorldResume = BareCall<Fid::normal_world_resume>;
/// FFA_EL3_INTR_HANDLE (1.2), SPMC to SPMD. Error: NOT_SUPPORTED. [DEN0077A 1.2 chapter 14]
using El3IntrHandle = BareCall<Fid::el3_intr_handle>;

/// FFA_SECONDARY_EP_REGISTER (1.1). x1 = entry point of secondary execution contexts.
/// Errors: INVALID_PARAMETERS, DENIED, NOT_SUPPORTED. [DEN0077A 1.2 chapter 14]
struct SecondaryEpRegister {
  Convention convention = Convention::smc64;
  uint64_t entry_point = 0;

  static constexpr Result<SecondaryEpRegister> decode(const Regs& regs) {
    const Convention convention = codec::convention_of(regs);
    return SecondaryEpRegister{convention, codec::argument(regs, 1, convention)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::secondary_ep_register, convention);
    regs.x[1] = codec::narrow(entry_point, convention);
    return regs;
  }
  friend constexpr bool operator==(const SecondaryEpRegister&,
                                   const SecondaryEpRegister&) = default;
};

}  // namespace ffa
