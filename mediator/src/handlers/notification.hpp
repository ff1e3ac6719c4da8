// SPDX-License-Identifier: BSD-3-Clause
// FFA_NOTIFICATION_BIND, UNBIND, SET, GET and INFO_GET of a VM. What SPs send and receive is
// checked, then forwarded to the SPMC, which keeps those bitmaps; what VMs send each other is kept
// here. The hypervisor's own notification is that RX holds an indirect message. [DEN0077A 1.2
// chapter 16]
#pragma once

#include "core/notifications.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "handlers/access.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// Sends a call on and gives the guest the bare outcome.
template <Platform P>
Reply forward_bare(CallContext<P>& call, const ffa::Regs& request) {
  FFA_CHECK(expect_success(call.smc(request)));
  return call.reply(ffa::success32());
}

/// True if the SPMC would take a binding to this SP.
template <Platform P>
bool is_sp_notifier(CallContext<P>& call, ffa::EndpointId id) {
  return reachable_sp(call, id) != nullptr && has_notifications(call.mediator.spmc.features);
}

/// Sends a BIND or UNBIND on and keeps what it did: `record(bindings)`. Rule: `unchanging`.
template <Platform P, class Request, class Record>
Reply change_bindings(CallContext<P>& call, const Request& request, Rule unchanging,
                      Record record) {
  VmContext<P>& vm = call.vm;
  bool begun = false;
  {
    const Guard guard(vm.state_lock);
    begun = vm.bindings.begin_change(request.bitmap);
  }
  FFA_CHECK(call.rules.require(unchanging, begun));
  const auto answer = forward_bare(call, request.encode());
  const Guard guard(vm.state_lock);
  vm.bindings.end_change(request.bitmap);
  if (answer.ok()) record(vm.bindings);
  return answer;
}

template <Platform P>
Reply notification_bind(CallContext<P>& call) {
  const auto bind = ffa::NotificationBind::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_bind_reserved, bind.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_bind_receiver, bind->receiver == call.vm.id()));
  const bool from_sp = is_sp_notifier(call, bind->sender);
  const auto vm = reachable_vm(call, bind->sender);
  FFA_CHECK(call.rules.require(Rule::noti_bind_sender, from_sp || vm));
  FFA_CHECK(call.rules.require(Rule::noti_bind_bitmap, bind->bitmap != 0));
  if (from_sp) {
    return change_bindings(call, *bind, Rule::noti_bind_free,
                           [&](Bindings& bindings) { bindings.bind(bind->sender, bind->bitmap); });
  }
  const Guard guard(call.vm.state_lock);
  VmNotifications& own = call.vm.notifications;
  FFA_CHECK(call.rules.require(Rule::noti_bind_free, own.is_free(bind->bitmap)));
  own.bind({vm->id, vm->incarnation}, bind->bitmap, bind->per_vcpu);
  return call.reply(ffa::success32());
}

/// A VM that is gone can still be named: what was bound to it would stay bound for ever.
template <Platform P>
bool is_vm_notifier(CallContext<P>& call, ffa::EndpointId id) {
  if (reachable_vm(call, id)) return true;
  const Guard guard(call.vm.state_lock);
  return call.vm.notifications.bound_to(id) != 0;
}

template <Platform P>
Reply notification_unbind(CallContext<P>& call) {
  const auto unbind = ffa::NotificationUnbind::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_unbind_reserved, unbind.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_unbind_receiver, unbind->receiver == call.vm.id()));
  const bool from_sp = is_sp_notifier(call, unbind->sender);
  const bool known = from_sp || is_vm_notifier(call, unbind->sender);
  FFA_CHECK(call.rules.require(Rule::noti_unbind_sender, known));
  FFA_CHECK(call.rules.require(Rule::noti_unbind_bitmap, unbind->bitmap != 0));
  if (from_sp) {
    return change_bindings(call, *unbind, Rule::noti_unbind_bound, [&](Bindings& bindings) {
      bindings.unbind(unbind->bitmap & bindings.bound_to(unbind->sender));
    });
  }
  const Guard guard(call.vm.state_lock);
  VmNotifications& own = call.vm.notifications;
  const bool bound = (unbind->bitmap & ~own.bound_to(unbind->sender)) == 0;
  FFA_CHECK(call.rules.require(Rule::noti_unbind_bound, bound));
  FFA_CHECK(call.rules.require(Rule::noti_unbind_pending, !own.is_pending(unbind->bitmap)));
  own.unbind(unbind->bitmap);
  return call.reply(ffa::success32());
}

/// From VM to VM: pending before the receiver is interrupted, so that no GET can miss it for good.
template <Platform P>
Outcome<void> notify_vm(CallContext<P>& call, const ffa::NotificationSet& set, VmContext<P>& vm) {
  const Audience whom{set.per_vcpu, set.vcpu};
  {
    const Guard guard(vm.state_lock);
    const bool bound = vm.notifications.is_bound({call.vm.id(), call.vm.incarnation}, set.bitmap);
    FFA_CHECK(call.rules.require(Rule::noti_set_bound, bound));
    const bool of_kind = vm.notifications.is_kind(set.bitmap, set.per_vcpu);
    FFA_CHECK(call.rules.require(Rule::noti_set_kind, of_kind));
    vm.notifications.at(whom).notify(set.bitmap);
  }
  inject_npi(call.mediator, vm, whom);
  return {};
}

template <Platform P>
Reply notification_set(CallContext<P>& call) {
  const auto set = ffa::NotificationSet::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_set_reserved, set.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_set_sender, set->sender == call.vm.id()));
  FFA_CHECK(call.rules.require(Rule::noti_set_delay, !set->delay_schedule_receiver));
  const Partition* const sp = reachable_sp(call, set->receiver);
  const PeerReference<P> reference{call, set->receiver};
  VmContext<P>* const vm = reference.get();
  FFA_CHECK(call.rules.require(Rule::noti_set_receiver, sp != nullptr || vm != nullptr));
  const bool receives = sp == nullptr || (sp->properties.receives_notifications() &&
                                          can_notify_sps(call.mediator.spmc.features));
  FFA_CHECK(call.rules.require(Rule::noti_set_receives, receives));
  FFA_CHECK(call.rules.require(Rule::noti_set_bitmap, set->bitmap != 0));
  const bool vcpu_meant = set->per_vcpu || set->vcpu == ffa::VcpuId{0};
  FFA_CHECK(call.rules.require(Rule::noti_set_global, vcpu_meant));
  const uint16_t vcpus = sp != nullptr ? sp->execution_contexts : vm->config.vcpus;
  const bool vcpu_exists = set->vcpu == ffa::VcpuId{0} || set->vcpu.raw() < vcpus;
  FFA_CHECK(call.rules.require(Rule::noti_set_vcpu, vcpu_exists));
  if (sp != nullptr) return forward_bare(call, set->encode());
  FFA_CHECK(notify_vm(call, *set, *vm));
  return call.reply(ffa::success32());
}

template <Platform P>
Reply notification_get(CallContext<P>& call) {
  using ffa::NotificationGet;
  const auto get = NotificationGet::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_get_reserved, get.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_get_receiver, get->receiver == call.vm.id()));
  const bool vcpu_exists = get->vcpu.raw() < call.vm.config.vcpus;
  FFA_CHECK(call.rules.require(Rule::noti_get_vcpu, vcpu_exists));
  uint32_t secure = get->flags & (NotificationGet::from_sps | NotificationGet::from_spm);
  if (!has_notifications(call.mediator.spmc.features)) secure = 0;
  VmNotifications::SpmcEvents seen;
  {
    const Guard guard(call.vm.state_lock);
    seen = call.vm.notifications.seen_of_spmc(get->vcpu);
  }
  ffa::NotificationGetSuccess pending;
  if (secure != 0) {
    const NotificationGet request{get->vcpu, get->receiver, secure};
    const ffa::Regs answer = call.smc(request.encode());
    FFA_CHECK(expect_success(answer));
    const auto from_spmc = ffa::NotificationGetSuccess::decode(answer).value();
    if (get->wants(NotificationGet::from_sps)) pending.from_sps = from_spmc.from_sps;
    if (get->wants(NotificationGet::from_spm)) pending.spm_framework = from_spmc.spm_framework;
  }
  const Guard guard(call.vm.state_lock);
  VmNotifications& own = call.vm.notifications;
  // Of SPs alone, or of the SPM, it is not known whether that was all.
  const bool all_secure =
      get->wants(NotificationGet::from_sps) && get->wants(NotificationGet::from_spm);
  if (all_secure) own.tell_of_spmc(get->vcpu, seen);
  if (get->wants(NotificationGet::from_vms)) pending.from_vms = own.take(get->vcpu);
  if (get->wants(NotificationGet::from_hypervisor) && own.take_rx_full()) {
    pending.hypervisor_framework = ffa::NotificationGetSuccess::rx_buffer_full;
  }
  return call.reply(pending.encode());
}

/// A VM learns of itself only. What the SPMC has for it is known from the schedule receiver
/// interrupt.
template <Platform P>
Reply notification_info_get(CallContext<P>& call) {
  const auto query = ffa::NotificationInfoGet::decode(call.regs).value();
  const Guard guard(call.vm.state_lock);
  const auto info = call.vm.notifications.tell(call.vm.id(), query.convention);
  FFA_CHECK(call.rules.require(Rule::noti_info_pending, info.list_count != 0));
  return call.reply(info.encode());
}

}  // namespace mediator
