// SPDX-License-Identifier: BSD-3-Clause
// One VM_CREATED or VM_DESTROYED message to one SP: what to send next, and what an answer means. No
// loop stands here, so that a teardown can stop between any two SMCs. [DEN0077A 1.2 §18.3]
#pragma once

#include <cstdint>

#include "core/spmc_answer.hpp"
#include "ffa/calls/cpu_cycle.hpp"
#include "ffa/calls/framework.hpp"
#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// How far one message is.
struct VmMessage {
  uint32_t deferrals = 0;    ///< answers so far that ask for patience
  bool interrupted = false;  ///< the SP has begun and was interrupted: FFA_RUN goes on
  ffa::VcpuId vcpu{};        ///< its execution context, where interrupted
};

/// What an answer means. `again`: send next_smc() once more.
enum class VmMessageStep : uint8_t { accepted, again, refused };
struct VmMessageResult {
  VmMessageStep step = VmMessageStep::refused;
  ffa::Status status = ffa::Status::success;  ///< why, where not accepted
};

/// The registers to send: the message, or FFA_RUN.
template <ffa::FrameworkMessage request>
constexpr ffa::Regs next_smc(const VmMessage& message, ffa::EndpointId sp, ffa::EndpointId vm,
                             ffa::Handle information) {
  if (message.interrupted) return ffa::Run{sp, message.vcpu}.encode();
  return ffa::VmAvailabilityRequest<request>{ffa::hypervisor_id, sp, information, vm}.encode();
}

/// RETRY, BUSY and INTERRUPTED ask for the same again.
constexpr bool asks_for_patience(ffa::Status status) {
  return status == ffa::Status::retry || status == ffa::Status::busy ||
         status == ffa::Status::interrupted;
}

/// Sorts the answer and moves `message` on. After `patience` deferrals the next one is a refusal.
template <ffa::FrameworkMessage response>
constexpr VmMessageResult take_answer(VmMessage& message, const ffa::Regs& answer,
                                      ffa::EndpointId sp, uint32_t patience) {
  const bool was_interrupted = message.interrupted;
  message.interrupted = false;
  ffa::Status status = ffa::Status::invalid_parameters;
  switch (kind_of(answer)) {
    case AnswerKind::direct_resp: {
      const auto decoded = ffa::VmAvailabilityResponse<response>::decode(answer);
      const bool right = decoded.ok() && !ffa::FunctionId{answer.x[0]}.is_smc64() &&
                         decoded->sender == sp && decoded->receiver == ffa::hypervisor_id;
      if (!right) return {VmMessageStep::refused, status};
      if (decoded->status == ffa::Status::success)
        return {VmMessageStep::accepted, decoded->status};
      status = decoded->status;
      break;
    }
    case AnswerKind::interrupt:
    case AnswerKind::yield:
      message.interrupted = true;
      message.vcpu = ffa::VcpuId{static_cast<uint16_t>(answer.w(1))};
      status = ffa::Status::interrupted;
      break;
    case AnswerKind::error:
      status = ffa::error_status(answer);
      message.interrupted = was_interrupted && asks_for_patience(status);  // it still waits
      break;
    case AnswerKind::success:
    case AnswerKind::direct_resp2:
    case AnswerKind::mem_frag_rx:
    case AnswerKind::mem_frag_tx:
    case AnswerKind::mem_retrieve_resp:
    case AnswerKind::other:
      return {VmMessageStep::refused, status};
  }
  if (!asks_for_patience(status)) return {VmMessageStep::refused, status};
  if (message.deferrals >= patience) return {VmMessageStep::refused, status};
  ++message.deferrals;
  return {VmMessageStep::again, status};
}

}  // namespace mediator
