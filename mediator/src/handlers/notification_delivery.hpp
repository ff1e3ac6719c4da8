// SPDX-License-Identifier: BSD-3-Clause
// The hypervisor's part in notifications: a bitmap in the SPMC for each VM, and the schedule
// receiver interrupt turned into notification pending interrupts of VMs. [DEN0077A 1.2 §16.1,
// §16.2, §16.7, chapter 9]
#pragma once

#include "core/call_table.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"

namespace mediator {

template <Platform P>
ffa::Result<void> hypervisor_call(MediatorState<P>& mediator, const ffa::Regs& request) {
  const ffa::Regs answer = mediator.platform.smc(ffa::hypervisor_id, request);
  if (kind_of(answer) == AnswerKind::success) return {};
  return ffa::Error{status_of(answer)};
}

/// Creates the VM's bitmap. DENIED means that one of an earlier VM with this id was left behind: it
/// is destroyed, once.
template <Platform P>
ffa::Result<void> create_bitmap(MediatorState<P>& mediator, VmContext<P>& vm) {
  if (!has_notifications(mediator.spmc.features)) return {};
  const ffa::Regs create = ffa::NotificationBitmapCreate{vm.id(), vm.config.vcpus}.encode();
  auto created = hypervisor_call(mediator, create);
  if (!created.ok() && created.error() == ffa::Status::denied) {
    const auto destroy = ffa::NotificationBitmapDestroy{vm.id()};
    FFA_CHECK(hypervisor_call(mediator, destroy.encode()));
    created = hypervisor_call(mediator, create);
  }
  vm.has_bitmap = created.ok();
  return created;
}

/// Injects the NPI into one vCPU of a VM that exists, is served and has it; ids from the SPMC are
/// input.
template <Platform P>
void inject_pending(MediatorState<P>& mediator, ffa::EndpointId id, ffa::VcpuId vcpu) {
  if (!mediator.platform.vm_get(id)) return;
  const auto vm = mediator.vms.find(id);
  const bool served = vm && vm->life == VmLife::live && vm->tee == TeeType::ffa;
  if (served && vcpu.raw() < vm->vcpus) {
    mediator.platform.inject_irq(id, vcpu, mediator.config.npi_id);
  }
  mediator.platform.vm_put(id);
}

template <Platform P>
void inject_listed(MediatorState<P>& mediator, const ffa::NotificationInfoGetSuccess& info) {
  for (unsigned n = 0; n < info.list_count; ++n) {
    const ffa::NotificationList& list = info.lists[n];
    if (list.endpoint.is_secure()) continue;  // the SPMC schedules SPs
    if (list.vcpu_count == 0) inject_pending(mediator, list.endpoint, ffa::VcpuId{0});
    for (unsigned v = 0; v < list.vcpu_count; ++v) {
      inject_pending(mediator, list.endpoint, list.vcpus[v]);
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
    const ffa::Regs answer = mediator.platform.smc(ffa::hypervisor_id, request);
    if (kind_of(answer) != AnswerKind::success) return;  // NO_DATA: nothing more is pending
    const auto info = ffa::NotificationInfoGetSuccess::decode(answer);
    if (!info.ok()) {
      mediator.platform.log(LogLevel::warning, "ffa: malformed list of pending notifications");
      return;
    }
    inject_listed(mediator, *info);
    if (!info->more_pending) return;
  }
}

}  // namespace mediator
