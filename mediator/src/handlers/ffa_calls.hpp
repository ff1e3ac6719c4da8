// SPDX-License-Identifier: BSD-3-Clause
// From the registers of one FF-A call to its handler and back: what is checked for every call, in
// front of the chapters' handlers. [DEN0077A 1.2 chapters 11 and 13]
#pragma once

#include "core/call_table.hpp"
#include "ffa/reply.hpp"
#include "handlers/direct_message.hpp"
#include "handlers/features.hpp"
#include "handlers/ids.hpp"
#include "handlers/indirect_message.hpp"
#include "handlers/memory_fragments.hpp"
#include "handlers/memory_reclaim.hpp"
#include "handlers/memory_relinquish.hpp"
#include "handlers/memory_retrieve.hpp"
#include "handlers/notification.hpp"
#include "handlers/partition_info.hpp"
#include "handlers/rxtx.hpp"
#include "handlers/state.hpp"
#include "handlers/version.hpp"
#include "handlers/vm_dialogue.hpp"

namespace mediator {

/// The handler of a call that calls.def lists.
template <Platform P>
Reply call_handler(ffa::Fid fid, CallContext<P>& call) {
  switch (fid) {
#define FFA_CALL(function, need) \
  case ffa::Fid::function:       \
    return function(call);
#include "core/calls.def"
#undef FFA_CALL
    default:
      return relay(ffa::Status::not_supported);
  }
}

/// Everything that comes before the handler. FFA_INTERRUPT does not freeze the version: a VM may
/// get one unasked and send it back.
template <Platform P>
[[gnu::always_inline]] inline Reply checked_call(MediatorState<P>& mediator, VmContext<P>& vm,
                                                 ffa::VcpuId vcpu, const ffa::Regs& regs,
                                                 RuleTrace& rules) {
  const ffa::FunctionId id{regs.x[0]};
  const ffa::FidInfo* const info = find_function(id.raw, vm.config.aarch64);
  const bool freezes = info == nullptr || info->fid != ffa::Fid::interrupt;
  const ffa::Version version = freezes ? freeze_version(vm) : vm.version().version();
  FFA_CHECK(rules.require(Rule::gen_version_first, version != ffa::Version{}));
  FFA_CHECK(rules.require(Rule::gen_smc64_width, vm.config.aarch64 || !id.is_smc64()));
  FFA_CHECK(rules.require(Rule::gen_known_function, info != nullptr));
  CallContext<P> call{mediator, vm, vcpu, version, regs, rules};
  FFA_CHECK(rules.require(Rule::gen_offered, call.offers(id.raw, *info)));
  return call_handler(info->fid, call);
}

/// One call of a VM with TEE type ffa.
template <Platform P>
[[gnu::always_inline]] inline Reply serve_call(MediatorState<P>& mediator, const VmEntry<P>& slot,
                                               ffa::VcpuId vcpu, const ffa::Regs& regs,
                                               RuleTrace& rules) {
  const bool is_version = ffa::FunctionId{regs.x[0]}.raw == ffa::fid32(ffa::Fid::version);
  const bool here = has_ffa(*slot.context) && vcpu.raw() < slot.vcpus;
  const bool alive = rules.require(Rule::gen_vm_alive, slot.life == VmLife::live).ok();
  if (is_version) {
    if (!here || !alive) return ffa::FfaVersionResult{}.encode();
    return version(mediator, *slot.context, regs, rules);
  }
  if (!here) return relay(ffa::Status::not_supported);
  if (!alive) return relay(rule_info(Rule::gen_vm_alive).status);
  return checked_call(mediator, *slot.context, vcpu, regs, rules);
}

}  // namespace mediator
