// SPDX-License-Identifier: BSD-3-Clause
// FFA_VERSION: negotiated per VM, frozen by the VM's first other call. The answer is the highest
// version offered to the VM, whatever the SPMC speaks: layouts are translated. An incompatible
// request is answered -1 in w0 and records nothing. [DEN0077A 1.2 §13.2]
#pragma once

#include <optional>

#include "core/vm_version.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The highest version offered to a VM.
inline ffa::Version offered_version(const MediatorConfig& mediator, const VmConfig& vm) {
  return vm.max_version < mediator.max_version ? vm.max_version : mediator.max_version;
}

template <Platform P>
Reply version(CallContext<P>& call) {
  VmContext<P>& vm = call.vm;
  const ffa::Version requested = ffa::FfaVersion::decode(call.regs)->requested;
  const ffa::Version own = offered_version(call.mediator.config, vm.config);
  const Guard guard(vm.state_lock);
  const VersionWord word = vm.version();
  const Negotiation outcome = negotiate(word, requested, own);
  const bool accepted =
      call.rules.require(Rule::version_compatible, agreed_version(requested, own).has_value())
          .ok() &&
      call.rules.require(Rule::version_frozen, outcome.accepted).ok();
  if (accepted && outcome.word != word) vm.version_word.store(outcome.word.raw());
  const auto result = accepted ? ffa::FfaVersionResult{own} : ffa::FfaVersionResult{};
  return call.reply(result.encode());
}

/// The version that the VM's calls follow from now on; raw 0 if it has negotiated none.
template <Platform P>
[[gnu::noinline]] ffa::Version freeze_version(VmContext<P>& vm) {
  const Guard guard(vm.state_lock);
  const VersionWord word = vm.version();  // FFA_VERSION of another vCPU may have come between
  vm.version_word.store(VersionWord{word.version(), true}.raw());
  return word.version();
}

/// The version that the call follows. FFA_VERSION does not freeze it, nor does FFA_INTERRUPT: a VM
/// may get one unasked and send it back.
template <Platform P>
[[gnu::always_inline]] inline ffa::Version version_of_call(VmContext<P>& vm, ffa::FunctionId id) {
  const VersionWord seen = vm.version();
  if (seen.frozen()) [[likely]]
    return seen.version();
  const bool freezes = seen.negotiated() && id.raw != ffa::fid32(ffa::Fid::interrupt) &&
                       id.raw != ffa::fid32(ffa::Fid::version);
  return freezes ? freeze_version(vm) : seen.version();
}

}  // namespace mediator
