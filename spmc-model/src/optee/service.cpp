// SPDX-License-Identifier: BSD-3-Clause
// The OP-TEE-like service: blocking calls here, yielding calls in call.cpp. docs/software-sps.md
#include "src/optee/service.hpp"

#include "src/optee/call.hpp"
#include "src/optee/memory.hpp"

namespace spmc_model::optee {

namespace {

Vm* find_vm(SpmcStorage& s, size_t sp, ffa::EndpointId id) {
  for (Vm& vm : s.service_vms) {
    if (vm.used && vm.sp == sp && vm.id == id) return &vm;
  }
  return nullptr;
}

/// The VM as this service knows it, from its first call on. Nullptr: too many VMs.
Vm* known_vm(SpmcStorage& s, size_t sp, ffa::EndpointId id) {
  if (Vm* const vm = find_vm(s, sp, id)) return vm;
  for (Vm& vm : s.service_vms) {
    if (vm.used) continue;
    vm = Vm{};
    vm.used = true;
    vm.sp = sp;
    vm.id = id;
    return &vm;
  }
  return nullptr;
}

Payload word(Tee code) { return Payload{static_cast<uint32_t>(code)}; }

/// In use: an FF-A status, unlike every other error of the service.
Payload unregister_shm(SpmcStorage& s, const Vm& vm, const Payload& request) {
  const auto handle = ffa::Handle::from_words(request[1], request[2]);
  if (unregister_region(s, vm, handle)) return word(Tee::success);
  return Payload{ffa::to_word(ffa::Status::busy)};
}

Payload enable_async_notif(Vm& vm, uint32_t value) {
  if (value >= notification_values) return word(Tee::bad_parameters);
  vm.notifies = true;
  vm.bottom_half = value;
  return word(Tee::success);
}

}  // namespace

Payload run_service(SpmcStorage& s, size_t sp, ffa::EndpointId owner, const Payload& request) {
  const Config& config = s.sps[sp].config.service;
  Vm* const vm = known_vm(s, sp, owner);
  if (vm == nullptr) return word(Tee::busy);
  switch (static_cast<Service>(request[0])) {
    case Service::api_version:
      return Payload{api_major, api_minor};
    case Service::os_version:
      return Payload{config.major, config.minor, config.build};
    case Service::exchange_capabilities:
      return Payload{0, rpc_parameters, secure_capabilities, max_notification_value};
    case Service::unregister_shm:
      return unregister_shm(s, *vm, request);
    case Service::enable_async_notif:
      return enable_async_notif(*vm, request[1]);
    case Service::call_with_arg:
      return begin_call(s, *vm, ffa::Handle::from_words(request[1], request[2]), request[3]);
    case Service::call_resume:
      return resume_call(s, *vm, request[4]);
  }
  return word(Tee::not_supported);
}

void forget_vm(SpmcStorage& s, size_t sp, ffa::EndpointId id) {
  if (Vm* const vm = find_vm(s, sp, id)) *vm = Vm{};
}

}  // namespace spmc_model::optee
