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
  uint32_t stops = 0;        ///< times so far that the SP was interrupted or yielded
  bool interrupted = false;  ///< the SP has begun and was interrupted: FFA_RUN goes on
  ffa::VcpuId vcpu{};        ///< its execution context, where interrupted
};

/// What an answer means. `again`: send next_smc() once more. `refused`: nothing has changed there.
/// `unclear`: what the SP has done can't be known.
enum class VmMessageStep : uint8_t { accepted, again, refused, unclear };
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

/// An SP that is stopped has got on: so many times count as one refusal.
inline constexpr uint64_t stops_per_refusal = 1000;

/// Counts one stop, or one refusal, more. False: `patience` is at its end.
constexpr bool has_patience(VmMessage& message, bool stopped, uint32_t patience) {
  if (stopped) return message.stops++ < (uint64_t{patience} + 1) * stops_per_refusal;
  return message.deferrals++ < patience;
}

/// Sorts what an SP answered. One that does not know a VM that ends has nothing to forget; one that
/// can't take a new VM may know one with this id, whose end it was never told or whose creation it
/// has answered in vain.
template <ffa::FrameworkMessage response>
constexpr VmMessageStep step_of(ffa::Status status) {
  constexpr bool ends = response == ffa::FrameworkMessage::vm_destroyed_response;
  if (status == ffa::Status::success) return VmMessageStep::accepted;
  if (status == ffa::Status::invalid_parameters) {
    return ends ? VmMessageStep::accepted : VmMessageStep::unclear;
  }
  return asks_for_patience(status) ? VmMessageStep::again : VmMessageStep::refused;
}

/// Sorts the answer and moves `message` on. After `patience` deferrals the next one is a refusal.
/// The end of a VM can't be taken back: whatever is said to it but yes, it is told again.
template <ffa::FrameworkMessage response>
constexpr VmMessageResult take_answer(VmMessage& message, const ffa::Regs& answer,
                                      ffa::EndpointId sp, uint32_t patience) {
  using enum VmMessageStep;
  VmMessageResult result{unclear, ffa::Status::invalid_parameters};
  const bool was_interrupted = message.interrupted;
  message.interrupted = false;
  switch (kind_of(answer)) {
    case AnswerKind::direct_resp: {
      const auto decoded = ffa::VmAvailabilityResponse<response>::decode(answer);
      const bool right = decoded.ok() && !ffa::FunctionId{answer.x[0]}.is_smc64() &&
                         decoded->sender == sp && decoded->receiver == ffa::hypervisor_id;
      if (right) result = {step_of<response>(decoded->status), decoded->status};
      break;
    }
    case AnswerKind::interrupt:
    case AnswerKind::yield:
      message.interrupted = true;
      message.vcpu = ffa::VcpuId{static_cast<uint16_t>(answer.w(1))};
      result = {again, ffa::Status::interrupted};
      break;
    case AnswerKind::error:
      result.status = ffa::error_status(answer);
      message.interrupted = was_interrupted && asks_for_patience(result.status);  // it still waits
      if (!was_interrupted) result.step = refused;
      if (asks_for_patience(result.status)) result.step = again;
      break;
    case AnswerKind::success:
    case AnswerKind::direct_resp2:
    case AnswerKind::mem_frag_rx:
    case AnswerKind::mem_frag_tx:
    case AnswerKind::mem_retrieve_resp:
    case AnswerKind::other:
      break;
  }
  constexpr bool ends = response == ffa::FrameworkMessage::vm_destroyed_response;
  if constexpr (ends) {
    if (result.step != accepted) result.step = again;
  }
  const AnswerKind kind = kind_of(answer);
  const bool stopped = kind == AnswerKind::interrupt || kind == AnswerKind::yield;
  if (result.step == again && !has_patience(message, stopped, patience)) {
    result.step = message.interrupted ? unclear : refused;
  }
  return result;
}

}  // namespace mediator
