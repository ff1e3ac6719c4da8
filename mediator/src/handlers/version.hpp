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
ffa::Regs version(MediatorState<P>& mediator, VmContext<P>& vm, const ffa::Regs& regs,
                  RuleTrace& rules) {
  const ffa::Version requested = ffa::FfaVersion::decode(regs)->requested;
  const ffa::Version own = offered_version(mediator.config, vm.config);
  const Guard guard(vm.state_lock);
  const VersionWord word = vm.version();
  const Negotiation outcome = negotiate(word, requested, own);
  const bool accepted =
      rules.require(Rule::version_compatible, agreed_version(requested, own).has_value()).ok() &&
      rules.require(Rule::version_frozen, outcome.accepted).ok();
  if (!accepted) return ffa::FfaVersionResult{}.encode();
  if (outcome.word != word) vm.version_word.store(outcome.word.raw());
  return ffa::FfaVersionResult{own}.encode();
}

/// The version that the VM's calls follow from now on; raw 0 if it has negotiated none.
template <Platform P>
ffa::Version freeze_version(VmContext<P>& vm) {
  const VersionWord seen = vm.version();
  if (seen.frozen() || !seen.negotiated()) return seen.version();
  const Guard guard(vm.state_lock);
  const VersionWord word = vm.version();  // FFA_VERSION of another vCPU may have come between
  vm.version_word.store(VersionWord{word.version(), true}.raw());
  return word.version();
}

}  // namespace mediator
