// SPDX-License-Identifier: BSD-3-Clause
// The life of a VM in the mediator: its slot, its context in the memory handed over, and the
// operations of its TEE type.
#pragma once

#include <cstdint>
#include <span>

#include "core/arena.hpp"
#include "core/limits_check.hpp"
#include "handlers/state.hpp"
#include "handlers/tee_mediator.hpp"

namespace mediator {

template <Platform P>
size_t vm_memory_needed(const MediatorConfig& config, const VmConfig& vm) {
  return with_tee<P>(vm.tee, [&](auto tee) { return tee.memory_needed(config, vm); });
}

/// Goes on with the creation of a VM whose slot is there.
template <Platform P>
ffa::Result<Progress> go_on_with_init(MediatorState<P>& mediator, const VmEntry<P>& slot) {
  const auto progress =
      with_tee<P>(slot.tee, [&](auto tee) { return tee.domain_init(mediator, slot); });
  if (!progress.ok()) {
    mediator.vms.erase(slot.id);
  } else if (*progress == Progress::done) {
    mediator.vms.set_life(slot.id, VmLife::live);
  }
  return progress;
}

/// `restart` and `later`: called again, with the same memory, it goes on. Errors:
/// INVALID_PARAMETERS for a configuration that can't be served, NO_MEMORY for too little memory or
/// no slot, DENIED for an id in use; else what the SPMC or an SP answered.
template <Platform P>
ffa::Result<Progress> init_domain(MediatorState<P>& mediator, const VmConfig& config,
                                  std::span<std::byte> memory) {
  if (!is_valid(config)) return ffa::Error{ffa::Status::invalid_parameters};
  const auto begun = mediator.vms.find(config.id);
  const bool same = begun && static_cast<void*>(begun->context) == memory.data();
  if (same && begun->life == VmLife::creating) return go_on_with_init(mediator, *begun);
  const bool aligned = reinterpret_cast<uintptr_t>(memory.data()) % Arena::granule == 0;
  if (!aligned || memory.size() < vm_memory_needed<P>(mediator.config, config)) {
    return ffa::Error{ffa::Status::no_memory};
  }
  if (begun) return ffa::Error{ffa::Status::denied};
  VmSlot<P> slot{{.life = VmLife::creating,
                  .tee = config.tee,
                  .id = config.id,
                  .vcpus = config.vcpus,
                  .aarch64 = config.aarch64},
                 Access{config},
                 config.tee == TeeType::ffa && config.borrows(),
                 config.uuid,
                 offered_version(mediator.config, config)};
  Arena arena{memory};
  slot.context =
      with_tee<P>(config.tee, [&](auto tee) { return tee.make_context(mediator, config, arena); });
  FFA_CHECK(mediator.vms.insert(slot));
  return go_on_with_init(mediator, slot);
}

template <Platform P>
Progress teardown_domain(MediatorState<P>& mediator, ffa::EndpointId id) {
  const auto slot = mediator.vms.find(id);
  if (!slot) return Progress::done;
  if (slot->life == VmLife::creating) {
    const Progress progress =
        with_tee<P>(slot->tee, [&](auto tee) { return tee.give_up_init(mediator, *slot); });
    if (progress == Progress::done) mediator.vms.erase(id);
    return progress;
  }
  if (slot->life != VmLife::dying) mediator.vms.set_life(id, VmLife::dying);
  return with_tee<P>(slot->tee, [&](auto tee) { return tee.domain_teardown(mediator, *slot); });
}

template <Platform P>
Progress relinquish_domain(MediatorState<P>& mediator, ffa::EndpointId id) {
  const auto slot = mediator.vms.find(id);
  if (!slot) return Progress::done;
  if (slot->life != VmLife::dying) mediator.vms.set_life(id, VmLife::dying);
  return with_tee<P>(slot->tee,
                     [&](auto tee) { return tee.relinquish_resources(mediator, *slot); });
}

}  // namespace mediator
