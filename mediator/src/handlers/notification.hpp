// SPDX-License-Identifier: BSD-3-Clause
// FFA_NOTIFICATION_BIND, UNBIND, SET and GET of a VM: checked, then forwarded to the SPMC, which
// keeps the bitmaps of notifications between VMs and SPs. The hypervisor's own is that RX holds an
// indirect message. Notifications from VMs do not exist yet: their word is zero.
// [DEN0077A 1.2 chapter 16]
#pragma once

#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "handlers/access.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// Sends a call on and gives the guest the bare outcome.
template <Platform P>
Reply forward_bare(CallContext<P>& call, const ffa::Regs& request) {
  FFA_CHECK(expect_success(call.smc(request)));
  return ffa::success32();
}

template <Platform P>
Reply notification_bind(CallContext<P>& call) {
  const auto bind = ffa::NotificationBind::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_bind_reserved, bind.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_bind_receiver, bind->receiver == call.vm.id()));
  const bool from_sp = reachable_sp(call, bind->sender) != nullptr;
  FFA_CHECK(call.rules.require(Rule::noti_bind_sender, from_sp));
  FFA_CHECK(call.rules.require(Rule::noti_bind_bitmap, bind->bitmap != 0));
  FFA_TRY(const ffa::Regs reply, forward_bare(call, bind->encode()));
  const Guard guard(call.vm.state_lock);
  call.vm.bindings.bind(bind->sender, bind->bitmap);
  return reply;
}

template <Platform P>
Reply notification_unbind(CallContext<P>& call) {
  const auto unbind = ffa::NotificationUnbind::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_unbind_reserved, unbind.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_unbind_receiver, unbind->receiver == call.vm.id()));
  const bool from_sp = reachable_sp(call, unbind->sender) != nullptr;
  FFA_CHECK(call.rules.require(Rule::noti_unbind_sender, from_sp));
  FFA_CHECK(call.rules.require(Rule::noti_unbind_bitmap, unbind->bitmap != 0));
  FFA_TRY(const ffa::Regs reply, forward_bare(call, unbind->encode()));
  const Guard guard(call.vm.state_lock);
  call.vm.bindings.unbind(unbind->bitmap & call.vm.bindings.bound_to(unbind->sender));
  return reply;
}

template <Platform P>
Reply notification_set(CallContext<P>& call) {
  const auto set = ffa::NotificationSet::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_set_reserved, set.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_set_sender, set->sender == call.vm.id()));
  FFA_CHECK(call.rules.require(Rule::noti_set_delay, !set->delay_schedule_receiver));
  const Partition* const sp = reachable_sp(call, set->receiver);
  FFA_CHECK(call.rules.require(Rule::noti_set_receiver, sp != nullptr));
  const bool receives = sp->properties.receives_notifications();
  FFA_CHECK(call.rules.require(Rule::noti_set_receives, receives));
  FFA_CHECK(call.rules.require(Rule::noti_set_bitmap, set->bitmap != 0));
  const bool vcpu_meant = set->per_vcpu || set->vcpu == ffa::VcpuId{0};
  FFA_CHECK(call.rules.require(Rule::noti_set_global, vcpu_meant));
  const bool vcpu_exists = set->vcpu == ffa::VcpuId{0} || set->vcpu.raw() < sp->execution_contexts;
  FFA_CHECK(call.rules.require(Rule::noti_set_vcpu, vcpu_exists));
  return forward_bare(call, set->encode());
}

template <Platform P>
Reply notification_get(CallContext<P>& call) {
  using ffa::NotificationGet;
  const auto get = NotificationGet::decode(call.regs);
  FFA_CHECK(call.rules.require(Rule::noti_get_reserved, get.ok()));
  FFA_CHECK(call.rules.require(Rule::noti_get_receiver, get->receiver == call.vm.id()));
  const bool vcpu_exists = get->vcpu.raw() < call.vm.config.vcpus;
  FFA_CHECK(call.rules.require(Rule::noti_get_vcpu, vcpu_exists));
  const uint32_t secure = get->flags & (NotificationGet::from_sps | NotificationGet::from_spm);
  ffa::NotificationGetSuccess pending;
  if (secure != 0) {
    const NotificationGet request{get->vcpu, get->receiver, secure};
    FFA_TRY(const ffa::Regs answer, expect_success(call.smc(request.encode())));
    const auto from_spmc = ffa::NotificationGetSuccess::decode(answer).value();
    if (get->wants(NotificationGet::from_sps)) pending.from_sps = from_spmc.from_sps;
    if (get->wants(NotificationGet::from_spm)) pending.spm_framework = from_spmc.spm_framework;
  }
  const bool from_us = get->wants(NotificationGet::from_hypervisor);
  uint32_t full = 1;
  if (from_us && call.vm.rx_full.compare_exchange(full, 0)) {
    pending.hypervisor_framework = ffa::NotificationGetSuccess::rx_buffer_full;
  }
  return pending.encode();
}

}  // namespace mediator
