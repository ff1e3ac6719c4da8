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

/// The handler of a call that calls.def lists, by its number: one jump.
template <Platform P>
[[gnu::always_inline]] inline Reply call_handler(uint32_t number, CallContext<P>& call) {
  switch (number) {
#define FFA_CALL(function, need)                 \
  case ffa::fid32(ffa::Fid::function) & 0xffffU: \
    return function(call);
#include "core/calls.def"
#undef FFA_CALL
    default:
      return relay(ffa::Status::not_supported);
  }
}

/// A call that is in no table: FFA_VERSION, or one that is refused, and by which rule.
template <Platform P>
[[gnu::noinline]] Reply unlisted_call(CallContext<P>& call, ffa::FunctionId id) {
  RuleTrace& rules = call.rules;
  const bool aarch64 = call.vm.config.aarch64;
  const bool is_version = id.raw == ffa::fid32(ffa::Fid::version);
  if (!has_ffa(call.vm)) {
    if (is_version) return call.reply(ffa::FfaVersionResult{}.encode());
    return relay(ffa::Status::not_supported);
  }
  if (is_version) return version(call);
  FFA_CHECK(rules.require(Rule::gen_version_first, call.version != ffa::Version{}));
  FFA_CHECK(rules.require(Rule::gen_smc64_width, aarch64 || !id.is_smc64()));
  FFA_CHECK(rules.require(Rule::gen_known_function, find_function(id.raw, aarch64) != nullptr));
  return rules.require(Rule::gen_offered, false);
}

/// What is checked of every call, then its handler.
template <Platform P>
[[gnu::always_inline]] inline Reply checked_call(CallContext<P>& call, ffa::FunctionId id) {
  RuleTrace& rules = call.rules;
  if (!call.offers(id)) [[unlikely]]
    return unlisted_call(call, id);
  rules.accept(Rule::gen_version_first, Rule::gen_smc64_width, Rule::gen_known_function,
               Rule::gen_offered);
  return call_handler(id.number(), call);
}

/// A call of a VM that is not live, or of a vCPU that it does not have. The end of the VM does not
/// wait for it: its context may be gone.
template <Platform P>
[[gnu::noinline]] void refuse_caller(MediatorState<P>& mediator, Caller<P> caller, ffa::Regs& regs,
                                     RuleTrace& rules) {
  bool has_vm_ffa = false;
  ffa::Version version{};
  mediator.vms.look_at(caller.id, [&](VmContext<P>& vm) {
    has_vm_ffa = has_ffa(vm);
    version = vm.version().version();
  });
  const Outcome<void> alive = rules.require(Rule::gen_vm_alive, caller.vm.life == VmLife::live);
  const bool here = has_vm_ffa && caller.vcpu.raw() < caller.vm.vcpus;
  const ffa::Status status = here ? alive.error() : ffa::Status::not_supported;
  const bool is_version = ffa::FunctionId{regs.x[0]}.raw == ffa::fid32(ffa::Fid::version);
  const ffa::Regs answer = is_version ? ffa::FfaVersionResult{}.encode() : ffa::reply(status);
  put_reply(regs, answer, version);
}

/// One call of a VM with TEE type ffa. One that waits leaves `regs` as they are.
template <Platform P>
[[gnu::always_inline]] inline void serve_call(MediatorState<P>& mediator, const Caller<P>& caller,
                                              ffa::Regs& regs, RuleTrace& rules) {
  if (caller.state == nullptr) [[unlikely]]
    return refuse_caller(mediator, caller, regs, rules);
  rules.accept(Rule::gen_vm_alive);
  VmContext<P>& vm = *caller.vm.context;
  const ffa::FunctionId id{regs.x[0]};
  CallContext<P> call{mediator, vm,   caller.vcpu, *caller.state, version_of_call(vm, id),
                      regs,     rules};
  const Reply reply = checked_call(call, id);
  if (!reply.ok()) [[unlikely]]
    (void)call.reply(ffa::reply(known_status(reply.error(), call.version)));
}

}  // namespace mediator
