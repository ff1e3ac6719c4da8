// SPDX-License-Identifier: BSD-3-Clause
// VMs come and go: the stages of their lives, each an event.
#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/input_error.hpp"
#include "sim/engine/simulation_impl.hpp"

namespace sim {

uint64_t Simulation::Impl::begin_lifecycle(const char* op, uint16_t vm) {
  trace::Event event;
  event.side = trace::Side::lifecycle;
  event.op = op;
  event.vm = vm;
  return begin(std::move(event));
}

uint32_t Simulation::Impl::end_lifecycle(uint64_t seq, int64_t result) {
  event(seq).result = result;
  end(seq);
  return static_cast<uint32_t>(result);
}

int32_t Simulation::Impl::create_vm(uint16_t id, uint32_t budget) {
  const auto wanted = std::find_if(spec.vms.begin(), spec.vms.end(),
                                   [id](const VmSpec& vm) { return vm.config.id.raw() == id; });
  if (wanted == spec.vms.end()) throw InputError("world", fmt::format("there is no VM {}", id));
  if (budget != 0) add_stimulus(fmt::format("budget {}", budget));
  const uint64_t event = begin_lifecycle("create", id);
  auto status = static_cast<int32_t>(ffa::Status::denied);
  const auto known = vms.find(id);
  const bool begun = known != vms.end() && known->second.life == Life::creating;
  if (begun || !machine.has_vm(id)) {
    if (!begun) machine.add_vm(*wanted);
    const FaultSpec* const fault = begun ? nullptr : faults.strike("memory");
    if (fault != nullptr) {
      status = fault->status.value_or(static_cast<int32_t>(ffa::Status::no_memory));
    } else {
      bridge.set_budget(budget);
      status = mediator->domain_init(wanted->config);
      bridge.set_budget(0);
    }
    if (status == 0) std::erase_if(offline, [id](const auto& vcpu) { return vcpu.first == id; });
    if (status < 0) {
      machine.remove_vm(id);
      vms.erase(id);
    } else {
      vms[id] = {};
      vms[id].life = status == 0 ? Life::running : Life::creating;
    }
  }
  end_lifecycle(event, status);
  return status;
}

uint32_t Simulation::Impl::destroy_vm(uint16_t id, uint32_t budget) {
  const auto found = vms.find(id);
  if (found == vms.end())
    throw InputError("world", fmt::format("there is no VM {} to destroy", id));
  Vm& vm = found->second;
  const auto stage = [&](const char* op, auto work) {
    if (budget != 0) add_stimulus(fmt::format("budget {}", budget));
    const uint64_t event = begin_lifecycle(op, id);
    bridge.set_budget(budget);
    const uint32_t progress = work();
    bridge.set_budget(0);
    if (progress == FFA_SIM_QUARANTINED) vm.quarantined = true;
    return end_lifecycle(event, progress);
  };
  if (vm.life <= Life::running) vm.life = Life::teardown;
  if (vm.life == Life::teardown) {
    const uint32_t progress = stage("teardown", [&] { return mediator->domain_teardown(id); });
    if (goes_on(progress)) return progress;
    vm.life = Life::relinquish;
  }
  if (vm.life == Life::relinquish) {
    const uint32_t progress =
        stage("relinquish", [&] { return mediator->relinquish_resources(id); });
    if (goes_on(progress)) return progress;
    vm.life = Life::free;
  }
  // The context lives as long as some call holds a reference.
  scheduler.yield({OperationKind::everything});
  if (vm.references != 0) return FFA_SIM_LATER;
  scheduler.perform({OperationKind::life, id});
  const uint64_t event = begin_lifecycle("free", id);
  mediator->free_domain_ctx(id);
  const bool quarantined = vm.quarantined;
  left_behind.clear();
  if (quarantined) left_behind = machine.quarantine(id);
  machine.remove_vm(id);
  vms.erase(id);
  std::erase_if(open_calls, [id](const auto& call) { return call.first.first == id; });
  return end_lifecycle(event, quarantined ? FFA_SIM_QUARANTINED : FFA_SIM_DONE);
}

}  // namespace sim
