// SPDX-License-Identifier: BSD-3-Clause
// What guests and the host do besides their programs where a fault says so, and how a case ends in
// which anything may have gone wrong.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "sim/engine/control.hpp"
#include "sim/engine/secure_world.hpp"

namespace sim {

/// False: the vCPU was killed in the call, and never goes on.
bool Control::make_call(Vcpu& one, const guest::Exit& exit) {
  ffa::Regs regs = exit.regs;
  if (ffa::is_function(regs, ffa::Fid::rx_release) && simulation_.strike("rx_kept")) {
    one.complete(ffa::success32());
    return true;
  }
  interfere(one);
  simulation_.guest_call(one.vm, one.vcpu, static_cast<uint32_t>(exit.conduit), regs);
  // What the mediator has handed on is the board's. The trace has what the mediator made of it.
  const bool has_board = one.image != nullptr && !one.image->runs_steps();
  if (has_board && regs.x[0] == smccc_not_supported) {
    if (const auto answer = one.image->psci(one.vcpu, exit.regs)) regs.x[0] = *answer;
  }
  one.lost = one.lost || simulation_.strike("kill");
  if (!one.lost) one.complete(regs);
  return !one.lost;
}

/// What may happen before any call.
void Control::interfere(const Vcpu& one) {
  const uint32_t pcpus = simulation_.spec().pcpus;
  if (pcpus > 1) {
    if (const auto to = simulation_.strike("migrate", pcpus, "pcpu")) {
      simulation_.move_vcpu(one.vm, one.vcpu, static_cast<uint16_t>(*to));
    }
  }
  if (simulation_.strike("sri")) {
    (void)simulation_.take_pending_sri();
    simulation_.schedule_receiver_interrupt();
  }
  std::vector<const Vcpu*> waiting;
  for (const auto& [key, other] : vcpus_) {
    if (other->open != nullptr && other.get() != &one) waiting.push_back(other.get());
  }
  if (waiting.empty()) return;
  if (const auto which =
          simulation_.strike("interrupt", static_cast<uint32_t>(waiting.size()), "vcpu")) {
    simulation_.interrupt_vcpu(waiting[*which]->vm, waiting[*which]->vcpu);
  }
}

/// Besides what they do, a VM is destroyed, at whatever point the scheduler chooses.
std::vector<Simulation::Task> Control::with_destroyer(std::vector<Simulation::Task> tasks) {
  std::vector<uint16_t> there;
  for (const VmSpec& vm : simulation_.spec().vms) {
    if (simulation_.machine().has_vm(vm.config.id.raw())) there.push_back(vm.config.id.raw());
  }
  if (there.empty()) return tasks;
  const auto which = simulation_.strike("destroy", static_cast<uint32_t>(there.size()), "vm");
  if (!which) return tasks;
  tasks.push_back({"host", [this, id = there[*which]] { destroy({.vm = id, .flags = 1}); }});
  return tasks;
}

/// When all is over, no fault in the way: whatever went wrong before, each VM comes to its end. In
/// turn, since one may wait for what another one's end does.
void Control::destroy_all() {
  // Who watches is not told of calls that this wakes: no order of the calls does that.
  struct Unwatched {
    CallWatch*& place;
    CallWatch* watch = std::exchange(place, nullptr);
    ~Unwatched() { place = watch; }
  } unwatched{watch_};
  for (size_t n = 0; n < simulation_.spec().faults.size(); ++n) simulation_.arm_fault(n, false);
  bool quarantined = false;
  std::vector<uint16_t> left;
  for (const VmSpec& vm : simulation_.spec().vms) left.push_back(vm.config.id.raw());
  const auto one_round = [&](uint16_t id) {
    if (!simulation_.machine().has_vm(id)) return true;
    const uint32_t progress = simulation_.destroy_vm(id, 0);
    quarantined = quarantined || progress == FFA_SIM_QUARANTINED;
    if (progress == FFA_SIM_LATER) simulation_.let_others_get_on();
    return !goes_on(progress);
  };
  run_tasks({{"host", [&] {
                for (uint32_t round = 0; !left.empty() && round < max_lifecycle_rounds; ++round) {
                  std::erase_if(left, one_round);
                }
              }}});
  if (record_.no_progress) return;
  for (const uint16_t id : left) {
    simulation_.report("I33", fmt::format("VM {} does not come to its end", id));
  }
  const auto& log = simulation_.log();
  const bool told =
      std::ranges::any_of(log, [](const std::string& line) { return line.starts_with("error"); });
  if (quarantined && !told) {
    simulation_.report("I12", "a VM leaves pages in quarantine, and no line in the log says so");
  }
}

}  // namespace sim
