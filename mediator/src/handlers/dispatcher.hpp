// SPDX-License-Identifier: BSD-3-Clause
// The SMC dispatcher: every trapped SMC and HVC of a VM comes here first. SMCCC's own queries are
// answered, the FF-A range goes to the TEE mediator of the VM, all else (PSCI, vendor services) is
// handed on untouched. [SMCCC 1.3 §2, §6]
#pragma once

#include <optional>

#include "core/guest_registers.hpp"
#include "core/smccc.hpp"
#include "handlers/state.hpp"
#include "handlers/tee_mediator.hpp"
#include "mediator/mediator.hpp"

namespace mediator {

template <Platform P>
Dispatch resume(MediatorState<P>& mediator, const VmEntry<P>& vm, VcpuState& vcpu,
                ffa::Regs& regs) {
  const auto reply = resume_call(mediator, vcpu);
  if (!reply) return Dispatch::blocked;
  put_reply(regs, *reply, vm.context->version().version());
  return Dispatch::handled;
}

/// An FF-A call of a VM; `regs` become what the VM sees, or stay as they are where it waits: the
/// same call is made again.
template <Platform P>
[[gnu::always_inline]] inline Dispatch dispatch_ffa(MediatorState<P>& mediator,
                                                    const std::optional<VmEntry<P>>& vm,
                                                    ffa::VcpuId vcpu, Conduit conduit,
                                                    ffa::Regs& regs) {
  if (!vm) {
    put_not_supported(regs);
    return Dispatch::handled;
  }
  if (VcpuState* const waiting = blocked_vcpu(*vm, vcpu)) {
    return resume(mediator, *vm, *waiting, regs);
  }
  RuleTrace rules;
  const bool served = conduit == Conduit::smc || mediator.config.allow_hvc;
  const bool accepted = rules.require(Rule::gen_conduit, served).ok();
  with_tee<P>(accepted ? vm->tee : TeeType::none,
              [&](auto tee) { tee.handle_call(mediator, *vm, vcpu, regs, rules); });
  mediator.platform.rules(vm->id, vcpu, rules);
  return blocked_vcpu(*vm, vcpu) == nullptr ? Dispatch::handled : Dispatch::blocked;
}

template <Platform P>
uint32_t service_calls(MediatorState<P>& mediator, const std::optional<VmEntry<P>>& vm) {
  if (!vm) return 0;
  return with_tee<P>(vm->tee, [&](auto tee) { return tee.call_count(mediator, *vm); });
}

/// The calling VM's slot. While a call of it is under way, its teardown waits.
template <Platform P>
class Caller {
 public:
  Caller(MediatorState<P>& mediator, ffa::EndpointId id, ffa::VcpuId vcpu)
      : slot_(mediator.vms.enter(id, vcpu)), vcpu_(vcpu) {}
  ~Caller() {
    if (slot_ && slot_->is_served(vcpu_)) slot_->context->end_call(vcpu_);
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  [[nodiscard]] const std::optional<VmEntry<P>>& slot() const { return slot_; }

 private:
  const std::optional<VmEntry<P>> slot_;
  const ffa::VcpuId vcpu_;
};

template <Platform P>
Dispatch dispatch(MediatorState<P>& mediator, ffa::EndpointId id, ffa::VcpuId vcpu, Conduit conduit,
                  ffa::Regs& regs) {
  const ffa::FunctionId function{regs.x[0]};
  const Caller<P> caller{mediator, id, vcpu};
  const auto& vm = caller.slot();
  if (function.in_ffa_range()) {
    return dispatch_ffa(mediator, vm, vcpu, conduit, regs);
  }
  if (conduit == Conduit::hvc && !mediator.config.allow_hvc) return Dispatch::not_mine;
  if (vm && !vm->aarch64 && function.is_smc64()) {
    regs = smccc::result(regs, smccc::unknown_function);
    return Dispatch::handled;
  }
  if (!smccc::is_query(function.raw)) return Dispatch::not_mine;
  regs = smccc::answer(regs, service_calls(mediator, vm));
  return Dispatch::handled;
}

}  // namespace mediator
