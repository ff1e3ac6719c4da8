// SPDX-License-Identifier: BSD-3-Clause
// A VM as receiver of direct messages: FFA_MSG_WAIT, a request that blocks its sender, the response
// that wakes it, FFA_YIELD and FFA_RUN between the two. A call that waits keeps no stack: it leaves
// the mediator as Dispatch::blocked and is made again. All under message_lock, under which a VM
// that is `live` keeps its context. [DEN0077A 1.2 §14.1-14.3, §15.2-15.5]
#pragma once

#include <optional>

#include "core/vm_dialogue.hpp"
#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "handlers/access.hpp"
#include "handlers/buffers.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The partner's VM, if it still lives.
template <Platform P>
std::optional<VmSlot<P>> find_partner(MediatorState<P>& mediator, const Partner& partner) {
  auto vm = mediator.vms.find(partner.vm);
  const bool same = vm && vm->incarnation == partner.incarnation && vm->life == VmLife::live;
  if (!same) vm.reset();
  return vm;
}

/// The dialogue of a vCPU of a live VM, or nullptr.
template <Platform P>
VmDialogue* find_dialogue(MediatorState<P>& mediator, const Partner& partner)
    FFA_REQ(mediator.message_lock) {
  const auto vm = find_partner(mediator, partner);
  return vm ? &vm->context->vcpus[partner.vcpu.raw()].dialogue : nullptr;
}

/// Ends the call in which a vCPU waits.
template <Platform P>
void end_wait(MediatorState<P>& mediator, VmDialogue& dialogue, const Partner& who,
              const ffa::Regs& reply) FFA_REQ(mediator.message_lock) {
  dialogue.reply = reply;
  dialogue.has_reply = true;
  mediator.platform.wake(who.vm, who.vcpu);
}

/// The end of a request: whoever was interrupted meanwhile learns of it by FFA_RUN.
template <Platform P>
void answer_client(MediatorState<P>& mediator, const Partner& client, const ffa::Regs& reply)
    FFA_REQ(mediator.message_lock) {
  VmDialogue* const asker = find_dialogue(mediator, client);
  if (asker == nullptr) return;
  if (asker->asks == VmDialogue::Asks::stopped) {
    asker->asks = VmDialogue::Asks::answered;
    asker->reply = reply;
    return;
  }
  asker->asks = VmDialogue::Asks::nothing;
  end_wait(mediator, *asker, client, reply);
}

/// The call leaves as Dispatch::blocked, with the registers that it came with.
template <Platform P>
Reply block(CallContext<P>& call) {
  call.vcpu_state().blocked = true;
  return {};
}

template <Platform P>
Partner vcpu_of(const VmContext<P>& vm, size_t vcpu) {
  return {vm.id(), vm.incarnation, ffa::VcpuId{static_cast<uint16_t>(vcpu)}};
}

/// A request to another VM, which the caller may reach. Waits for the response.
template <Platform P>
Reply ask_vm(CallContext<P>& call, ffa::EndpointId receiver, DirectKind kind,
             const ffa::Regs& request) {
  MediatorState<P>& mediator = call.mediator;
  const Guard guard(mediator.message_lock);
  const auto vm = reachable_vm(call, receiver);
  FFA_CHECK(call.rules.require(Rule::dmsg_receiver, vm.has_value()));
  const bool extended = kind == DirectKind::extended;
  const bool narrow = !ffa::FunctionId{request.x[0]}.is_smc64();
  const bool readable =
      (vm->aarch64 || narrow) && (!extended || vm->context->version().version() >= ffa::v1_2);
  FFA_CHECK(call.rules.require(Rule::dmsg_receives, readable));
  const std::span<VcpuState<P>> vcpus = vm->context->vcpus;
  // The vCPU with the caller's number is the first choice, as if each had a processor of its own.
  size_t place = call.vcpu.raw() < vcpus.size() ? call.vcpu.raw() : 0;
  for (size_t n = 0; n < vcpus.size() && !vcpus[place].dialogue.takes_request(); ++n) place = n;
  VmDialogue& server = vcpus[place].dialogue;
  FFA_CHECK(call.rules.require(Rule::dmsg_server_waits, server.takes_request()));
  VmDialogue& own = call.vcpu_state().dialogue;
  own.asks = VmDialogue::Asks::waits;
  own.server = vcpu_of(*vm->context, place);
  server.serves = VmDialogue::Serves::works;
  server.client = vcpu_of(call.vm, call.vcpu.raw());
  server.kind = kind;
  end_wait(mediator, server, own.server, request);
  return block(call);
}

/// What FFA_RUN does about a request to a VM that was stopped.
template <Platform P>
Reply run_vm(CallContext<P>& call) {
  const Guard guard(call.mediator.message_lock);
  VcpuState<P>& vcpu = call.vcpu_state();
  VmDialogue& own = vcpu.dialogue;
  vcpu.request = {};
  if (own.asks == VmDialogue::Asks::answered) {
    own.asks = VmDialogue::Asks::nothing;
    return call.reply(own.reply);
  }
  own.asks = VmDialogue::Asks::waits;
  VmDialogue* const server = find_dialogue(call.mediator, own.server);
  if (server != nullptr && server->serves == VmDialogue::Serves::stopped) {
    server->serves = VmDialogue::Serves::works;
    end_wait(call.mediator, *server, own.server, ffa::success32());
  }
  return block(call);
}

/// Sends a response on and waits for the next request.
template <Platform P>
Reply respond(CallContext<P>& call, ffa::EndpointId sender, ffa::EndpointId receiver,
              DirectKind kind, const ffa::Regs& response) {
  const Guard guard(call.mediator.message_lock);
  VcpuState<P>& vcpu = call.vcpu_state();
  VmDialogue& own = vcpu.dialogue;
  const bool works = own.serves == VmDialogue::Serves::works;
  FFA_CHECK(call.rules.require(Rule::resp_sender, sender == call.vm.id()));
  FFA_CHECK(call.rules.require(Rule::resp_asked, works));
  FFA_CHECK(call.rules.require(Rule::resp_receiver, receiver == own.client.vm));
  FFA_CHECK(call.rules.require(Rule::resp_kind, kind == own.kind));
  FFA_CHECK(call.rules.require(Rule::own_request_over, !vcpu.request.active));
  const auto client = find_partner(call.mediator, own.client);
  const bool narrow = !ffa::FunctionId{response.x[0]}.is_smc64();
  const bool readable = narrow || !client || client->aarch64;
  FFA_CHECK(call.rules.require(Rule::resp_width, readable));
  answer_client(call.mediator, own.client, response);
  own.serves = VmDialogue::Serves::waits;
  return block(call);
}

template <Platform P>
Reply msg_send_direct_resp(CallContext<P>& call) {
  const auto response = ffa::MsgSendDirectResp::decode(call.regs);
  const bool partition_message = response.ok() && !response->is_framework();
  FFA_CHECK(call.rules.require(Rule::resp_flags, partition_message));
  return respond(call, response->sender, response->receiver, DirectKind::plain, response->encode());
}

template <Platform P>
Reply msg_send_direct_resp2(CallContext<P>& call) {
  const auto response = ffa::MsgSendDirectResp2::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::resp_flags, response.ok()));
  return respond(call, response->sender, response->receiver, DirectKind::extended,
                 response->encode());
}

/// RX is given back unless the caller keeps it, whoever owns it then.
template <Platform P>
Reply msg_wait(CallContext<P>& call) {
  const auto wait = ffa::MsgWait::decode(call.regs);
  const bool flags_known = wait.ok() && (call.version >= ffa::v1_2 || !wait->retain_rx);
  FFA_CHECK(call.rules.require(Rule::wait_reserved, flags_known));
  VcpuState<P>& vcpu = call.vcpu_state();
  {
    const Guard guard(call.mediator.message_lock);
    const bool idle = vcpu.dialogue.serves == VmDialogue::Serves::nothing;
    FFA_CHECK(call.rules.require(Rule::wait_idle, idle));
    FFA_CHECK(call.rules.require(Rule::own_request_over, !vcpu.request.active));
  }
  // Before anybody can see that it waits: RX must not go with a message that has woken it.
  if (!wait->retain_rx) drop_rx(call);
  const Guard guard(call.mediator.message_lock);
  vcpu.dialogue.serves = VmDialogue::Serves::waits;
  return block(call);
}

/// The client sees it, and goes on by FFA_RUN; so does the caller then.
template <Platform P>
Reply yield(CallContext<P>& call) {
  const auto timeout = ffa::Yield::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::yield_reserved, timeout.ok() && call.regs.w(1) == 0));
  const Guard guard(call.mediator.message_lock);
  VcpuState<P>& vcpu = call.vcpu_state();
  VmDialogue& own = vcpu.dialogue;
  const bool works = own.serves == VmDialogue::Serves::works;
  FFA_CHECK(call.rules.require(Rule::yield_works, works));
  FFA_CHECK(call.rules.require(Rule::own_request_over, !vcpu.request.active));
  VmDialogue* const client = find_dialogue(call.mediator, own.client);
  if (client != nullptr && client->asks == VmDialogue::Asks::waits) {
    client->asks = VmDialogue::Asks::stopped;
    end_wait(call.mediator, *client, own.client,
             ffa::Yield{call.vm.id(), call.vcpu, timeout->timeout}.encode());
  }
  own.serves = VmDialogue::Serves::stopped;
  return block(call);
}

/// A message lies in the VM's RX buffer: one of its vCPUs that wait may look.
template <Platform P>
void run_one_waiting(MediatorState<P>& mediator, VmContext<P>& vm) FFA_REQ(mediator.message_lock) {
  for (size_t n = 0; n < vm.vcpus.size(); ++n) {
    VmDialogue& dialogue = vm.vcpus[n].dialogue;
    if (!dialogue.takes_request()) continue;
    dialogue.serves = VmDialogue::Serves::nothing;
    const Partner who = vcpu_of(vm, n);
    return end_wait(mediator, dialogue, who, ffa::Run{who.vm, who.vcpu}.encode());
  }
}

/// The same call of a blocked vCPU, made again: the reply that has come; FFA_INTERRUPT where the
/// vCPU was woken by something else; nothing where it has to go on waiting.
template <Platform P>
std::optional<ffa::Regs> resume_call(MediatorState<P>& mediator, VcpuState<P>& vcpu) {
  const Guard guard(mediator.message_lock);
  VmDialogue& own = vcpu.dialogue;
  if (!own.has_reply && own.asks == VmDialogue::Asks::waits) {
    own.asks = VmDialogue::Asks::stopped;
    own.reply = ffa::Interrupt{own.server.vm, own.server.vcpu, 0}.encode();
  } else if (!own.has_reply && own.serves == VmDialogue::Serves::waits) {
    own.serves = VmDialogue::Serves::nothing;
    own.reply = ffa::Interrupt{}.encode();
  } else if (!own.has_reply) {
    return std::nullopt;
  }
  // A response that overtook the interruption is all that the vCPU sees.
  if (own.asks == VmDialogue::Asks::answered) own.asks = VmDialogue::Asks::nothing;
  const bool stopped = own.asks == VmDialogue::Asks::stopped;
  vcpu.request = {stopped, own.server.vm, own.server.vcpu, DirectKind::plain};
  own.has_reply = false;
  vcpu.blocked = false;
  return own.reply;
}

/// A VM that ends: who waits for it is told, whom it asked works for nobody.
template <Platform P>
void end_dialogues(MediatorState<P>& mediator, VmContext<P>& vm) {
  const Guard guard(mediator.message_lock);
  const ffa::Regs aborted = ffa::reply(ffa::Status::aborted);
  for (size_t n = 0; n < vm.vcpus.size(); ++n) {
    VmDialogue& own = vm.vcpus[n].dialogue;
    if (own.has_request()) answer_client(mediator, own.client, aborted);
    VmDialogue* const server = find_dialogue(mediator, own.server);
    // It may have answered while this VM was ending, and work for somebody else.
    if (server != nullptr && server->has_request() && server->client == vcpu_of(vm, n)) {
      if (server->serves == VmDialogue::Serves::stopped) {
        end_wait(mediator, *server, own.server, aborted);
      }
      server->serves = VmDialogue::Serves::nothing;
    }
    own = {};
  }
}

}  // namespace mediator
