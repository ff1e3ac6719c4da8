// SPDX-License-Identifier: BSD-3-Clause
// FFA_MSG_SEND_DIRECT_REQ from a VM to an SP, and FFA_RUN to go on where the SP was interrupted or
// yielded. A vCPU has one unfinished request at most, and only it may resume it. [DEN0077A 1.2
// §15.2, §14.3, §8.4]
#pragma once

#include "core/call_table.hpp"
#include "core/spmc_answer.hpp"
#include "core/vm_message.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"

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

/// The SP stopped before it answered: this vCPU may go on with FFA_RUN. Whatever w1 says, the
/// target shown is a context of the partition that was called.
template <Platform P>
ffa::VcpuId suspend(CallContext<P>& call, const ffa::Regs& answer, ffa::EndpointId receiver) {
  const ffa::VcpuId context{ffa::codec::low16(answer.w(1))};
  call.vcpu_state().request = {true, receiver, context};
  return context;
}

/// What the guest sees of an answer to its request or to FFA_RUN.
template <Platform P>
Reply direct_answer(CallContext<P>& call, const ffa::Regs& answer, ffa::EndpointId receiver) {
  OutstandingRequest& request = call.vcpu_state().request;
  const bool resumed = request.active;
  const OutstandingRequest before = request;
  request = {};
  switch (kind_of(answer)) {
    case AnswerKind::direct_resp:
      return direct_response(call, answer, receiver);
    case AnswerKind::interrupt:
      return ffa::Interrupt{receiver, suspend(call, answer, receiver), 0}.encode();
    case AnswerKind::yield:
      return ffa::Yield{receiver, suspend(call, answer, receiver), ffa::codec::dword_at(answer, 2)}
          .encode();
    case AnswerKind::error:
      // The SP could not go on right now, so its request still waits.
      if (resumed && asks_for_patience(ffa::error_status(answer))) request = before;
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

/// True if the caller may know that there is such a VM: it shows itself.
template <Platform P>
bool is_visible_vm(CallContext<P>& call, ffa::EndpointId id) {
  const auto vm = call.mediator.vms.find(id);
  return vm && is_listed(call, *vm);
}

template <Platform P>
[[gnu::flatten]] Reply msg_send_direct_req(CallContext<P>& call) {
  const ffa::EndpointId sender{ffa::codec::high16(call.regs.w(1))};
  const ffa::EndpointId receiver{ffa::codec::low16(call.regs.w(1))};
  const uint32_t flags = call.regs.w(2);
  FFA_CHECK(call.rules.require(Rule::dmsg_sender, sender == call.vm.id()));
  FFA_CHECK(call.rules.require(Rule::dmsg_self, receiver != sender));
  FFA_CHECK(call.rules.require(Rule::dmsg_framework, (flags & ffa::framework_message_bit) == 0));
  FFA_CHECK(call.rules.require(Rule::dmsg_flags, flags == 0));
  const Partition* const sp = call.mediator.partitions.find(receiver);
  const bool visible = sp != nullptr || is_visible_vm(call, receiver);
  FFA_CHECK(call.rules.require(Rule::dmsg_receiver, visible));
  const bool receives = sp != nullptr && sp->properties.receives_direct_requests();
  FFA_CHECK(call.rules.require(Rule::dmsg_receives, receives));
  FFA_CHECK(call.rules.require(Rule::dmsg_one, !call.vcpu_state().request.active));
  const auto request = ffa::MsgSendDirectReq::decode(call.regs);
  return direct_answer(call, call.smc(request->encode()), receiver);
}

template <Platform P>
Reply run(CallContext<P>& call) {
  const ffa::Run target = ffa::Run::decode(call.regs).value();
  const bool is_sp = call.mediator.partitions.find(target.endpoint) != nullptr;
  FFA_CHECK(call.rules.require(Rule::run_endpoint, is_sp));
  const OutstandingRequest& request = call.vcpu_state().request;
  const bool own =
      request.active && request.receiver == target.endpoint && request.context == target.vcpu;
  FFA_CHECK(call.rules.require(Rule::run_own, own));
  return direct_answer(call, call.smc(target.encode()), target.endpoint);
}

}  // namespace mediator
