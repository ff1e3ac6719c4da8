// SPDX-License-Identifier: BSD-3-Clause
// The hypervisor's part in notifications: a bitmap in the SPMC for each VM, and the schedule
// receiver interrupt turned into notification pending interrupts of VMs. [DEN0077A 1.2 §16.1,
// §16.2, §16.7, chapter 9]
#pragma once

#include "core/call_table.hpp"
#include "core/notifications.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"
#include "handlers/vm_reference.hpp"

namespace mediator {

template <Platform P>
ffa::Result<void> hypervisor_call(MediatorState<P>& mediator, const ffa::Regs& request) {
  const ffa::Regs answer = mediator.smc(ffa::hypervisor_id, request);
  if (kind_of(answer) == AnswerKind::success) return {};
  return ffa::Error{status_of(answer)};
}

/// Injects the NPI into a vCPU; for the VM as a whole, into the first one that is online. What is
/// pending for a vCPU that is offline waits until it asks.
template <Platform P>
void inject_npi(MediatorState<P>& mediator, const VmContext<P>& vm, const Audience& whom) {
  const uint32_t end = whom.per_vcpu ? whom.vcpu.raw() + 1U : vm.config.vcpus;
  for (uint32_t n = whom.vcpu.raw(); n < end; ++n) {
    const ffa::VcpuId each{static_cast<uint16_t>(n)};
    if (mediator.platform.inject_irq(vm.id(), each, mediator.config.npi_id)) return;
  }
}

/// Announces what the SPMC says, if the VM exists, is served and has the vCPU; ids from the SPMC
/// are input.
template <Platform P>
void announce_pending(MediatorState<P>& mediator, ffa::EndpointId id, const Audience& whom) {
  const VmReference<P> vm{mediator, id};
  if (vm.get() == nullptr || whom.vcpu.raw() >= vm.get()->config.vcpus) return;
  {
    const Guard guard(vm.get()->state_lock);
    vm.get()->notifications.at(whom).notify(NotificationSource::spmc);
  }
  inject_npi(mediator, *vm.get(), whom);
}

template <Platform P>
void announce_listed(MediatorState<P>& mediator, const ffa::NotificationInfoGetSuccess& info) {
  for (unsigned n = 0; n < info.list_count; ++n) {
    const ffa::NotificationList& list = info.lists[n];
    if (list.endpoint.is_secure()) continue;  // the SPMC schedules SPs
    if (list.vcpu_count == 0) announce_pending(mediator, list.endpoint, Audience{});
    for (unsigned v = 0; v < list.vcpu_count; ++v) {
      announce_pending(mediator, list.endpoint, {true, list.vcpus[v]});
    }
  }
}

/// Asks who has notifications pending until the SPMC has told all of it. A malformed answer ends
/// it.
template <Platform P>
void deliver_notifications(MediatorState<P>& mediator) {
  if (!mediator.spmc.usable || !has_notifications(mediator.spmc.features)) return;
  const bool wide = mediator.spmc.features.has(ffa::fid64(ffa::Fid::notification_info_get));
  const auto convention = wide ? ffa::Convention::smc64 : ffa::Convention::smc32;
  const ffa::Regs request = ffa::NotificationInfoGet{convention}.encode();
  // A reply tells of one VM at least; some VMs may need several. What a hostile SPMC hides behind
  // the bound comes with the next interrupt.
  constexpr unsigned spare_rounds = 64;
  const unsigned rounds = mediator.config.max_vms + spare_rounds;
  for (unsigned round = 0; round < rounds; ++round) {
    const ffa::Regs answer = mediator.smc(ffa::hypervisor_id, request);
    if (kind_of(answer) != AnswerKind::success) return;  // NO_DATA: nothing more is pending
    const auto info = ffa::NotificationInfoGetSuccess::decode(answer);
    if (!info.ok()) {
      mediator.platform.log(LogLevel::warning, "ffa: malformed list of pending notifications");
      return;
    }
    announce_listed(mediator, *info);
    if (!info->more_pending) return;
  }
}

}  // namespace mediator
