// SPDX-License-Identifier: BSD-3-Clause
// The SMC dispatcher: every trapped SMC and HVC of a VM comes here first. SMCCC's own queries are
// answered, the FF-A range goes to the TEE mediator of the VM, all else (PSCI, vendor services) is
// handed on untouched. [SMCCC 1.3 §2, §6]
#pragma once

#include "core/guest_registers.hpp"
#include "core/smccc.hpp"
#include "handlers/state.hpp"
#include "handlers/tee_mediator.hpp"
#include "mediator/mediator.hpp"

namespace mediator {

/// A call of a vCPU, from its beginning to the end of the scope.
template <Platform P>
class CallInHand {
 public:
  [[gnu::always_inline]] CallInHand(MediatorState<P>& mediator, ffa::EndpointId id,
                                    ffa::VcpuId vcpu)
      : caller_(mediator.vms.enter(id, vcpu)) {}
  [[gnu::always_inline]] ~CallInHand() {
    if (caller_.state != nullptr) caller_.state->calls_ended.store(caller_.state->calls_begun);
  }
  CallInHand(const CallInHand&) = delete;
  CallInHand& operator=(const CallInHand&) = delete;
  [[nodiscard]] const Caller<P>& caller() const { return caller_; }

 private:
  const Caller<P> caller_;
};

/// The same call of a vCPU that waits, made again: it makes no other one.
template <Platform P>
[[gnu::noinline]] Dispatch resume(MediatorState<P>& mediator, VmContext<P>& vm, VcpuState<P>& vcpu,
                                  ffa::Regs& regs) {
  const auto reply = resume_call(mediator, vcpu);
  if (!reply) return Dispatch::blocked;
  put_reply(regs, *reply, vm.version().version());
  return Dispatch::handled;
}

/// An FF-A call in the hands of the VM's TEE mediator.
template <Platform P>
[[gnu::always_inline]] inline void mediate(MediatorState<P>& mediator, const Caller<P>& caller,
                                           Conduit conduit, ffa::Regs& regs) {
  RuleTrace rules;
  const bool served = conduit == Conduit::smc || mediator.config.allow_hvc;
  const bool accepted = rules.require(Rule::gen_conduit, served).ok();
  with_tee<P>(accepted ? caller.vm.tee : TeeType::none,
              [&](auto tee) __attribute__((always_inline)) {
                tee.handle_call(mediator, caller, regs, rules);
              });
  mediator.platform.rules(caller.id, caller.vcpu, rules);
}

/// An FF-A call that nobody serves.
template <Platform P>
[[gnu::noinline]] Dispatch refuse(MediatorState<P>& mediator, Caller<P> caller, Conduit conduit,
                                  ffa::Regs& regs) {
  if (caller.vm.life == VmLife::vacant) {
    put_not_supported(regs);
  } else {
    mediate(mediator, caller, conduit, regs);
  }
  return Dispatch::handled;
}

/// An FF-A call; `regs` become what the VM sees, or stay as they are where it waits: the same call
/// is made again.
template <Platform P>
[[gnu::always_inline]] inline Dispatch dispatch_ffa(MediatorState<P>& mediator,
                                                    const Caller<P>& caller, Conduit conduit,
                                                    ffa::Regs& regs) {
  if (caller.state == nullptr) [[unlikely]]
    return refuse(mediator, caller, conduit, regs);
  if (caller.state->blocked) [[unlikely]]
    return resume(mediator, *caller.vm.context, *caller.state, regs);
  mediate(mediator, caller, conduit, regs);
  return caller.state->blocked ? Dispatch::blocked : Dispatch::handled;
}

template <Platform P>
uint32_t service_calls(MediatorState<P>& mediator, const Caller<P>& caller) {
  const VmEntry<P>& vm = caller.vm;
  // The context of a VM whose end has begun may be gone.
  const bool there = caller.state != nullptr || vm.context == nullptr;
  if (vm.life == VmLife::vacant || !there) return 0;
  return with_tee<P>(vm.tee, [&](auto tee) { return tee.call_count(mediator, vm); });
}

/// A call that is not in FF-A's range.
template <Platform P>
[[gnu::noinline]] Dispatch dispatch_other(MediatorState<P>& mediator, Caller<P> caller,
                                          Conduit conduit, ffa::Regs& regs) {
  const VmEntry<P>& vm = caller.vm;
  const ffa::FunctionId function{regs.x[0]};
  if (conduit == Conduit::hvc && !mediator.config.allow_hvc) return Dispatch::not_mine;
  if (vm.life != VmLife::vacant && !vm.aarch64 && function.is_smc64()) {
    regs = smccc::result(regs, smccc::unknown_function);
    return Dispatch::handled;
  }
  if (!smccc::is_query(function.raw)) return Dispatch::not_mine;
  regs = smccc::answer(regs, service_calls(mediator, caller));
  return Dispatch::handled;
}

template <Platform P>
Dispatch dispatch(MediatorState<P>& mediator, ffa::EndpointId id, ffa::VcpuId vcpu, Conduit conduit,
                  ffa::Regs& regs) {
  const CallInHand<P> call{mediator, id, vcpu};
  if (!ffa::FunctionId{regs.x[0]}.in_ffa_range()) [[unlikely]]
    return dispatch_other(mediator, call.caller(), conduit, regs);
  return dispatch_ffa(mediator, call.caller(), conduit, regs);
}

}  // namespace mediator
