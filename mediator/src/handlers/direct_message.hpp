// SPDX-License-Identifier: BSD-3-Clause
// FFA_MSG_SEND_DIRECT_REQ and REQ2 from a VM to an SP or another VM, and FFA_RUN to go on where the
// receiver was interrupted or yielded. A vCPU has one unfinished request at most, and only it may
// resume it. [DEN0077A 1.2 §15.2-15.5, §14.3, §8.4]
#pragma once

#include "core/call_table.hpp"
#include "core/spmc_answer.hpp"
#include "core/vm_message.hpp"
#include "ffa/calls.hpp"
#include "handlers/aborted_partition.hpp"
#include "handlers/access.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_dialogue.hpp"

namespace mediator {

/// A response goes to whom it answers; nothing else passes for one.
template <Platform P>
[[gnu::always_inline]] inline Reply direct_response(CallContext<P>& call, const ffa::Regs& answer,
                                                    ffa::EndpointId receiver) {
  const auto response = ffa::MsgSendDirectResp::decode(answer);
  const bool matches = response.ok() && !response->is_framework() && response->sender == receiver &&
                       response->receiver == call.vm.id();
  if (!matches) return relay(ffa::Status::aborted);
  const bool narrow = response->convention == ffa::Convention::smc32;
  const bool readable = call.vm.config.aarch64 || narrow;
  FFA_CHECK(call.rules.require(Rule::dmsg_answer_width, readable));
  return response->encode();
}

/// The same for REQ2. Its caller reads 64-bit registers.
template <Platform P>
Reply direct_response2(CallContext<P>& call, const ffa::Regs& answer, ffa::EndpointId receiver) {
  const auto response = ffa::MsgSendDirectResp2::decode(answer);
  const bool matches =
      response.ok() && response->sender == receiver && response->receiver == call.vm.id();
  if (!matches) return relay(ffa::Status::aborted);
  return response->encode();
}

/// The SP stopped before it answered: this vCPU may go on with FFA_RUN. Whatever w1 says, the
/// target shown is a context of the partition that was called.
template <Platform P>
ffa::VcpuId suspend(CallContext<P>& call, const ffa::Regs& answer, ffa::EndpointId receiver,
                    DirectKind kind) {
  const ffa::VcpuId context{ffa::codec::low16(answer.w(1))};
  call.vcpu_state().request = {true, receiver, context, kind};
  return context;
}

/// What the guest sees of an answer to its request or to FFA_RUN.
template <Platform P>
Reply direct_answer(CallContext<P>& call, const ffa::Regs& answer, ffa::EndpointId receiver,
                    DirectKind kind) {
  OutstandingRequest& request = call.vcpu_state().request;
  const bool resumed = request.active;
  const OutstandingRequest before = request;
  request = {};
  switch (kind_of(answer)) {
    case AnswerKind::direct_resp:
      if (kind != DirectKind::plain) return relay(ffa::Status::aborted);
      return direct_response(call, answer, receiver);
    case AnswerKind::direct_resp2:
      if (kind != DirectKind::extended) return relay(ffa::Status::aborted);
      return direct_response2(call, answer, receiver);
    case AnswerKind::interrupt:
      return ffa::Interrupt{receiver, suspend(call, answer, receiver, kind), 0}.encode();
    case AnswerKind::yield:
      return ffa::Yield{receiver, suspend(call, answer, receiver, kind),
                        ffa::codec::dword_at(answer, 2)}
          .encode();
    case AnswerKind::error:
      // The SP could not go on right now, so its request still waits.
      if (resumed && asks_for_patience(ffa::error_status(answer))) request = before;
      if (ffa::error_status(answer) == ffa::Status::aborted) note_aborted(call.mediator, receiver);
      return relay(ffa::error_status(answer));
    case AnswerKind::success:
    case AnswerKind::mem_frag_rx:
    case AnswerKind::mem_frag_tx:
    case AnswerKind::mem_retrieve_resp:
    case AnswerKind::other:
      return relay(ffa::Status::aborted);
  }
  return relay(ffa::Status::aborted);
}

/// Who may send to whom, for either kind of request.
template <Platform P>
Outcome<void> check_direct_ids(CallContext<P>& call) {
  const ffa::EndpointId sender{ffa::codec::high16(call.regs.w(1))};
  const ffa::EndpointId receiver{ffa::codec::low16(call.regs.w(1))};
  FFA_CHECK(call.rules.require(Rule::dmsg_sender, sender == call.vm.id()));
  FFA_CHECK(call.rules.require(Rule::dmsg_self, receiver != sender));
  return {};
}

/// Sends a request on: to the SP through the SPMC, or to the VM.
template <Platform P>
Reply send_request(CallContext<P>& call, ffa::EndpointId receiver, DirectKind kind,
                   const ffa::Regs& request) {
  const Partition* const sp = reachable_sp(call, receiver);
  const auto vm = sp == nullptr ? reachable_vm(call, receiver) : std::nullopt;
  FFA_CHECK(call.rules.require(Rule::dmsg_receiver, sp != nullptr || vm.has_value()));
  const bool extended = kind == DirectKind::extended;
  if (sp != nullptr) {
    const bool takes = extended ? sp->properties.receives_direct_requests2()
                                : sp->properties.receives_direct_requests();
    const bool forwarded = call.mediator.spmc.features.has(static_cast<uint32_t>(request.x[0]));
    FFA_CHECK(call.rules.require(Rule::dmsg_receives, takes && forwarded));
  }
  if (extended) {
    const auto uuid = ffa::Uuid::from_dwords(request.x[2], request.x[3]);
    const bool served =
        sp != nullptr ? call.mediator.partitions.serves(*sp, uuid) : vm->uuid == uuid;
    FFA_CHECK(call.rules.require(Rule::dmsg_uuid, uuid.is_nil() || served));
  }
  FFA_CHECK(call.rules.require(Rule::dmsg_one, !call.vcpu_state().request.active));
  if (sp == nullptr) return ask_vm(call, receiver, kind, request);
  return direct_answer(call, call.smc(request), receiver, kind);
}

template <Platform P>
[[gnu::flatten]] Reply msg_send_direct_req(CallContext<P>& call) {
  const uint32_t flags = call.regs.w(2);
  FFA_CHECK(check_direct_ids(call));
  FFA_CHECK(call.rules.require(Rule::dmsg_framework, (flags & ffa::framework_message_bit) == 0));
  FFA_CHECK(call.rules.require(Rule::dmsg_flags, flags == 0));
  const auto request = ffa::MsgSendDirectReq::decode(call.regs);
  return send_request(call, request->receiver, DirectKind::plain, request->encode());
}

template <Platform P>
[[gnu::flatten]] Reply msg_send_direct_req2(CallContext<P>& call) {
  FFA_CHECK(check_direct_ids(call));
  const auto request = ffa::MsgSendDirectReq2::decode(call.regs);
  return send_request(call, request->receiver, DirectKind::extended, request->encode());
}

template <Platform P>
Reply run(CallContext<P>& call) {
  const ffa::Run target = ffa::Run::decode(call.regs).value();
  const bool is_sp = reachable_sp(call, target.endpoint) != nullptr;
  const bool known = is_sp || reachable_vm(call, target.endpoint);
  const OutstandingRequest request = call.vcpu_state().request;
  const bool own =
      request.active && request.receiver == target.endpoint && request.context == target.vcpu;
  // A VM that died meanwhile is gone, but what became of the request is still to be told.
  FFA_CHECK(call.rules.require(Rule::run_endpoint, known || own));
  FFA_CHECK(call.rules.require(Rule::run_own, own));
  if (!target.endpoint.is_secure()) return run_vm(call);
  return direct_answer(call, call.smc(target.encode()), target.endpoint, request.kind);
}

}  // namespace mediator
