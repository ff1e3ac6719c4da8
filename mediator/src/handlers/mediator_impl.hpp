// SPDX-License-Identifier: BSD-3-Clause
// The members of Mediator<P>: the public face, each one line away from its chapter.
#pragma once

#include <cstdint>
#include <new>

#include "core/arena.hpp"
#include "core/limits_check.hpp"
#include "handlers/dispatcher.hpp"
#include "handlers/lifecycle.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/observation.hpp"
#include "handlers/state.hpp"
#include "mediator/mediator.hpp"

namespace mediator {

template <Platform P>
size_t Mediator<P>::memory_needed(const MediatorConfig& config) {
  return Arena::bytes<Mediator>() + MediatorState<P>::bytes(config);
}

template <Platform P>
size_t Mediator<P>::memory_needed(const MediatorConfig& config, const VmConfig& vm) {
  return vm_memory_needed<P>(config, vm);
}

template <Platform P>
Mediator<P>* Mediator<P>::create(P& platform, const MediatorConfig& config,
                                 std::span<std::byte> memory) {
  const bool aligned = reinterpret_cast<uintptr_t>(memory.data()) % Arena::granule == 0;
  if (!is_valid(config) || !aligned || memory.size() < memory_needed(config)) return nullptr;
  Arena arena{memory};
  auto* const mediator = new (arena.make_array<std::byte>(sizeof(Mediator)).data()) Mediator();
  mediator->state_ = arena.make<MediatorState<P>>(platform, config, arena);
  return mediator;
}

template <Platform P>
ffa::Result<void> Mediator<P>::probe() {
  if (TeeFfa<P>::probe(*state_).ok()) return {};
  return ffa::Error{ffa::Status::not_supported};
}

template <Platform P>
ffa::Result<Progress> Mediator<P>::domain_init(const VmConfig& vm, std::span<std::byte> memory) {
  return init_domain(*state_, vm, memory);
}

template <Platform P>
Progress Mediator<P>::domain_teardown(ffa::EndpointId vm) {
  return teardown_domain(*state_, vm);
}

template <Platform P>
Progress Mediator<P>::relinquish_resources(ffa::EndpointId vm) {
  return relinquish_domain(*state_, vm);
}

template <Platform P>
void Mediator<P>::free_domain_ctx(ffa::EndpointId vm) {
  state_->vms.erase(vm);
}

template <Platform P>
Dispatch Mediator<P>::handle_call(ffa::EndpointId vm, ffa::VcpuId vcpu, Conduit conduit,
                                  ffa::Regs& regs) {
  return dispatch(*state_, vm, vcpu, conduit, regs);
}

template <Platform P>
void Mediator<P>::schedule_receiver_interrupt() {
  deliver_notifications(*state_);
}

template <Platform P>
void Mediator<P>::observe(Observer& observer) const {
  state_->vms.observe_each([&](const VmSlot<P>& slot) { observe_vm(slot, observer); });
}

}  // namespace mediator
