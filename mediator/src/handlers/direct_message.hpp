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
  return call.reply(response->encode());
}

/// The same for REQ2. Its caller reads 64-bit registers, which it gets as they came.
template <Platform P>
[[gnu::always_inline]] inline Reply direct_response2(CallContext<P>& call, ffa::Regs& answer,
                                                     ffa::EndpointId receiver) {
  const auto response = ffa::MsgSendDirectResp2::decode(answer);
  const bool matches =
      response.ok() && response->sender == receiver && response->receiver == call.vm.id();
  if (!matches) return relay(ffa::Status::aborted);
  answer.x[0] = ffa::fid64(ffa::Fid::msg_send_direct_resp2);
  answer.x[1] = answer.w(1);
  return call.reply(answer);
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

/// What the guest sees of an answer that is no response.
template <Platform P>
[[gnu::noinline]] Reply other_direct_answer(CallContext<P>& call, const ffa::Regs& answer,
                                            ffa::EndpointId receiver, DirectKind kind,
                                            OutstandingRequest before) {
  OutstandingRequest& request = call.vcpu_state().request;
  switch (kind_of(answer)) {
    case AnswerKind::interrupt:
      return call.reply(
          ffa::Interrupt{receiver, suspend(call, answer, receiver, kind), 0}.encode());
    case AnswerKind::yield:
      return call.reply(ffa::Yield{receiver, suspend(call, answer, receiver, kind),
                                   ffa::codec::dword_at(answer, 2)}
                            .encode());
    case AnswerKind::error:
      // The SP could not go on right now, so its request still waits.
      if (before.active && asks_for_patience(ffa::error_status(answer))) request = before;
      if (ffa::error_status(answer) == ffa::Status::aborted) note_aborted(call.mediator, receiver);
      return relay(ffa::error_status(answer));
    case AnswerKind::direct_resp:
    case AnswerKind::direct_resp2:
    case AnswerKind::success:
    case AnswerKind::mem_frag_rx:
    case AnswerKind::mem_frag_tx:
    case AnswerKind::mem_retrieve_resp:
    case AnswerKind::other:
      return relay(ffa::Status::aborted);
  }
  return relay(ffa::Status::aborted);
}

/// What the guest sees of an answer to its request or to FFA_RUN.
template <Platform P>
[[gnu::always_inline]] inline Reply direct_answer(CallContext<P>& call, ffa::Regs& answer,
                                                  ffa::EndpointId receiver, DirectKind kind) {
  OutstandingRequest& request = call.vcpu_state().request;
  OutstandingRequest before;
  if (request.active) [[unlikely]] {
    before = request;
    request = {};
  }
  if (kind == DirectKind::plain && ffa::is_function(answer, ffa::Fid::msg_send_direct_resp)) {
    return direct_response(call, answer, receiver);
  }
  if (kind == DirectKind::extended && ffa::is_function(answer, ffa::Fid::msg_send_direct_resp2)) {
    return direct_response2(call, answer, receiver);
  }
  return other_direct_answer(call, answer, receiver, kind, before);
}

/// Who may send to whom, for either kind of request.
template <Platform P>
[[gnu::always_inline]] inline Outcome<void> check_direct_ids(CallContext<P>& call) {
  const ffa::EndpointId sender{ffa::codec::high16(call.regs.w(1))};
  const ffa::EndpointId receiver{ffa::codec::low16(call.regs.w(1))};
  FFA_CHECK(call.rules.require(Rule::dmsg_sender, sender == call.vm.id()));
  FFA_CHECK(call.rules.require(Rule::dmsg_self, receiver != sender));
  return {};
}

/// True if the UUID in two registers names a service of the SP.
template <Platform P>
[[gnu::noinline]] bool serves(CallContext<P>& call, const Partition& sp, uint64_t low,
                              uint64_t high) {
  return call.mediator.partitions.serves(sp, ffa::Uuid::from_dwords(low, high));
}

/// A request to another VM, or to nobody.
template <Platform P>
[[gnu::noinline]] Reply send_request_to_vm(CallContext<P>& call, ffa::EndpointId receiver,
                                           DirectKind kind, const ffa::Regs& request) {
  const auto vm = reachable_vm(call, receiver);
  FFA_CHECK(call.rules.require(Rule::dmsg_receiver, vm.has_value()));
  if (kind == DirectKind::extended) {
    const auto uuid = ffa::Uuid::from_dwords(request.x[2], request.x[3]);
    FFA_CHECK(call.rules.require(Rule::dmsg_uuid, uuid.is_nil() || vm->uuid == uuid));
  }
  FFA_CHECK(call.rules.require(Rule::dmsg_one, !call.vcpu_state().request.active));
  return ask_vm(call, receiver, kind, request);
}

/// Sends a request on: to the SP through the SPMC, or to the VM. `request`, whose function
/// is `id`, is the answer's place, too.
template <Platform P>
[[gnu::always_inline]] inline Reply send_request(CallContext<P>& call, ffa::EndpointId receiver,
                                                 DirectKind kind, uint32_t id, ffa::Regs& request) {
  const Partition* const sp = reachable_sp(call, receiver);
  if (sp == nullptr) [[unlikely]]
    return send_request_to_vm(call, receiver, kind, request);
  call.rules.accept(Rule::dmsg_receiver);
  const bool extended = kind == DirectKind::extended;
  const bool takes = extended ? sp->properties.receives_direct_requests2()
                              : sp->properties.receives_direct_requests();
  const bool forwarded = call.mediator.spmc.features.has(id);
  FFA_CHECK(call.rules.require(Rule::dmsg_receives, takes && forwarded));
  if (extended) {
    const bool nil = (request.x[2] | request.x[3]) == 0;
    const bool served = nil || serves(call, *sp, request.x[2], request.x[3]);
    FFA_CHECK(call.rules.require(Rule::dmsg_uuid, served));
  }
  FFA_CHECK(call.rules.require(Rule::dmsg_one, !call.vcpu_state().request.active));
  call.mediator.platform.smc(call.vm.id(), request);
  return direct_answer(call, request, receiver, kind);
}

template <Platform P>
Reply msg_send_direct_req(CallContext<P>& call) {
  const uint32_t flags = call.regs.w(2);
  FFA_CHECK(check_direct_ids(call));
  FFA_CHECK(call.rules.require(Rule::dmsg_framework, (flags & ffa::framework_message_bit) == 0));
  FFA_CHECK(call.rules.require(Rule::dmsg_flags, flags == 0));
  const auto message = ffa::MsgSendDirectReq::decode(call.regs);
  ffa::Regs request = message->encode();
  const uint32_t id = ffa::FunctionId{call.regs.x[0]}.raw;
  return send_request(call, message->receiver, DirectKind::plain, id, request);
}

/// Every register but w0 and w1 goes on as it is.
template <Platform P>
Reply msg_send_direct_req2(CallContext<P>& call) {
  FFA_CHECK(check_direct_ids(call));
  ffa::Regs request = ffa::copy_of(call.regs);
  constexpr uint32_t id = ffa::fid64(ffa::Fid::msg_send_direct_req2);
  request.x[0] = id;
  request.x[1] = call.regs.w(1);
  const ffa::EndpointId receiver = ffa::codec::receiver_of(request);
  return send_request(call, receiver, DirectKind::extended, id, request);
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
  ffa::Regs answer = call.smc(target.encode());
  return direct_answer(call, answer, target.endpoint, request.kind);
}

}  // namespace mediator
