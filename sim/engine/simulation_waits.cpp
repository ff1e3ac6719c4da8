// SPDX-License-Identifier: BSD-3-Clause
// Calls that wait for another VM, what ends them, and where vCPUs run.
#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/simulation_impl.hpp"

namespace sim {

void Simulation::Impl::wake(uint16_t vm, uint16_t vcpu) {
  const auto call = open_calls.find({vm, vcpu});
  if (call == open_calls.end()) {
    report("machine", fmt::format("vCPU {}.{} is woken, but makes no call", vm, vcpu));
    return;
  }
  call->second.woken = true;
}

uint16_t Simulation::Impl::pcpu() {
  const Step* const step = current_step();
  return step != nullptr ? step->pcpu : uint16_t{0};
}

/// Until the call is over. While it waits it counts as no step, and its frame owns nothing, since
/// the VM may end before it does.
uint32_t Simulation::Impl::call_mediator(uint64_t seq, uint16_t id, uint16_t vcpu, uint32_t conduit,
                                         ffa::Regs& regs) {
  const std::pair<uint16_t, uint16_t> key{id, vcpu};
  const Operation going_on{OperationKind::interrupt, uint64_t{id} << 16 | vcpu};
  scheduler.perform(going_on);
  if (const auto other = open_calls.find(key); other != open_calls.end()) {
    report("I29",
           fmt::format("vCPU {}.{} runs on physical CPU {}, but is not back from a call on {}", id,
                       vcpu, pcpu(), event(other->second.number).pcpu));
  }
  open_calls[key] = OpenCall{.number = seq};
  uint32_t outcome = mediator->handle_call(id, vcpu, conduit, regs);
  while (outcome == FFA_SIM_BLOCKED) {
    scheduler.check_locks_free("while its call waits");
    const size_t task = scheduler.current();
    parked.insert_or_assign(task, std::move(*steps.find(task)));
    steps.close(task);
    if (wait_hooks.waits) wait_hooks.waits(task);
    scheduler.wait_until(
        [this, key, seq, task] {
          const auto call = open_calls.find(key);
          if (call == open_calls.end() || call->second.number != seq) return false;
          if (call->second.woken || call->second.interrupted) return true;
          return wait_hooks.is_interrupted && wait_hooks.is_interrupted(task);
        },
        true);
    if (wait_hooks.goes_on) wait_hooks.goes_on(task);
    ++resumed_calls;
    Step& step = steps.open(task);
    step = std::move(parked.extract(task).mapped());
    wait_passed(open_calls[key]);
    scheduler.perform(going_on);
    step.pcpu = pcpu_of(id, vcpu);
    open_calls[key] = OpenCall{.number = seq};
    bridge.begin_call();
    outcome = mediator->handle_call(id, vcpu, conduit, regs);
  }
  scheduler.perform(going_on);
  open_calls.erase(key);
  return outcome;
}

void Simulation::set_wait_hooks(WaitHooks hooks) { impl_->wait_hooks = std::move(hooks); }

bool Simulation::move_vcpu(uint16_t vm, uint16_t vcpu, uint16_t pcpu) {
  if (pcpu >= impl_->spec.pcpus) return false;
  impl_->scheduler.perform({});
  impl_->moved_vcpus[{vm, vcpu}] = pcpu;
  return true;
}

bool Simulation::interrupt_vcpu(uint16_t vm, uint16_t vcpu) {
  impl_->scheduler.perform({});
  const auto call = impl_->open_calls.find({vm, vcpu});
  if (call == impl_->open_calls.end()) return false;
  call->second.interrupted = call->second.from_outside = true;
  if (!impl_->scheduler.on_task()) impl_->run_tasks({});
  return true;
}

bool Simulation::set_online(uint16_t vm, uint16_t vcpu, bool online) {
  const std::pair<uint16_t, uint16_t> key{vm, vcpu};
  impl_->scheduler.perform({});
  if (impl_->open_calls.contains(key)) return false;
  impl_->add_stimulus(fmt::format("{} {} {}", online ? "online" : "offline", vm, vcpu));
  if (online) {
    impl_->offline.erase(key);
  } else {
    impl_->offline.insert(key);
  }
  return true;
}

bool Simulation::can_call(uint16_t vm, uint16_t vcpu) const {
  return impl_->machine.has_vm(vm) && !impl_->offline.contains({vm, vcpu}) &&
         !impl_->open_calls.contains({vm, vcpu});
}

void Simulation::give_way() { impl_->scheduler.yield(); }

void Simulation::let_others_get_on() {
  if (!impl_->scheduler.on_task()) return;
  impl_->scheduler.wait_until([impl = impl_.get(), seen = impl_->next_seq] {
    if (impl->next_seq != seen) return true;
    const bool some_go_on = std::ranges::any_of(impl->open_calls, [](const auto& entry) {
      return entry.second.woken || entry.second.interrupted;
    });
    return impl->steps.empty() && !some_go_on;
  });
}

}  // namespace sim
