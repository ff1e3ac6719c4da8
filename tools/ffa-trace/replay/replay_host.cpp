// SPDX-License-Identifier: BSD-3-Clause
// What the hypervisor does in a replay: inferred from its SPMC calls, or told by a trace of ours.
#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/input_error.hpp"
#include "tools/ffa-trace/replay/given_world.hpp"
#include "tools/ffa-trace/replay/records.hpp"
#include "tools/ffa-trace/replay/replay_run.hpp"

namespace ffa_trace {

using sim::trace::Event;

void ReplayRun::spmc_call(Event event) {
  Activity* owner = activities_.owner_of(event);
  if (owner == nullptr) {
    activities_.end_inferred(event);
    settle();
    owner = &host_activity(event);
  }
  owner->window.add(std::move(event));
}

/// The hypervisor does something outside any guest call, of which this SPMC call is the first
/// sign.
Activity& ReplayRun::host_activity(const Event& event) {
  const auto open = [&](ActivityKind kind, uint16_t vm) -> Activity& {
    Activity& activity = activities_.open(kind, vm, event);
    activity.window.boot = !guest_seen_;
    activity.finished = kind == ActivityKind::unknown;
    if (!activity.finished) ++comparison_.counts().stimuli;
    return activity;
  };
  if (is_info_get(event.in)) {
    Activity& activity = open(ActivityKind::interrupt, 0);
    interrupt(activity);
    return activity;
  }
  if (const auto vm = created_vm(event.in); vm && !vms_[*vm].created) {
    Activity& activity = open(ActivityKind::create, *vm);
    create(activity);
    return activity;
  }
  if (const auto vm = destroyed_vm(event.in); vm && vms_[*vm].created) {
    Activity& activity = open(ActivityKind::destroy, *vm);
    destroy(activity, 0);
    return activity;
  }
  return open(ActivityKind::unknown, 0);
}

void ReplayRun::interrupt(Activity& activity) {
  start(activity, "interrupt", [this] { simulation_->schedule_receiver_interrupt(); });
}

/// Of a trace of ours, one stage; else as many as it takes.
void ReplayRun::create(Activity& activity) {
  vms_[activity.vm] = {};
  vms_[activity.vm].created = true;
  start(activity, fmt::format("create vm{}", activity.vm), [this, &activity] {
    try {
      do {
        activity.result = simulation_->create_vm(activity.vm, activity.stimulus.budget);
      } while (activity.result > 0 && !mode_.own);
    } catch (const sim::InputError&) {  // pages that ours has quarantined
      activity.result = static_cast<int32_t>(ffa::Status::denied);
    }
  });
}

void ReplayRun::destroy(Activity& activity, uint32_t budget) {
  if (!mode_.own) vms_[activity.vm].created = false;
  activity.result = -1;  // our mediator may have refused to create it
  start(activity, fmt::format("destroy vm{}", activity.vm), [this, &activity, budget] {
    // A capture may tell of a second destruction before the first is over; a host has one at once.
    simulation_->wait_until(
        [this, &activity] { return !under_destruction_.contains(activity.vm); });
    while (simulation_->machine().has_vm(activity.vm)) {
      const size_t asked = activity.window.asked.size();
      under_destruction_.insert(activity.vm);
      activity.result = simulation_->destroy_vm(activity.vm, budget);
      under_destruction_.erase(activity.vm);
      if (!sim::goes_on(static_cast<uint32_t>(activity.result)) || mode_.own) return;
      if (activity.window.asked.size() != asked) continue;  // refused: it is asked again
      // A call of a VM is still open.
      simulation_->wait_until([this, seen = calls_returned_] { return calls_returned_ != seen; });
    }
  });
}

// ---- What a trace of ours tells itself.

void ReplayRun::lifecycle(Event event) {
  lifecycle_.captured(comparison_, event);
  if (event.op != "create") return destroy_stage(event);
  Activity& activity = activities_.open(ActivityKind::create, event.vm, std::move(event));
  activity.window.boot = !guest_seen_;
  read_stimulus(activity);
  ++comparison_.counts().stimuli;
  const VmState before = vms_[activity.vm];
  create(activity);
  if (before.created) vms_[activity.vm] = before;  // refused: it is there
}

/// Teardown, relinquish and free are one operation of the host's, in stages.
void ReplayRun::destroy_stage(const Event& event) {
  Activity* activity = activities_.destruction_of(event.vm);
  if (activity == nullptr) {
    if (!vms_[event.vm].created) return;  // the ledger will tell
    activity = &activities_.open(ActivityKind::destroy, event.vm, event);
    activity->finished = true;  // its first stage begins now
    activity->result = FFA_SIM_RESTART;
    ++comparison_.counts().stimuli;
  }
  activity->first = event;
  activity->between = false;
  const std::string place = fmt::format("event {}", event.seq);
  const StepStimulus stimulus = parse_stimulus(event.stimulus, place);
  if (!stimulus.faults.empty()) {
    throw sim::InputError(place, "not supported yet: a fault of the machine at the end of a VM");
  }
  activity->stimulus = {};
  activity->switch_points = 0;
  read_stimulus(*activity);
  const uint32_t budget = stimulus.budget;
  const bool goes_on = sim::goes_on(static_cast<uint32_t>(activity->result));
  if (activity->finished && goes_on) destroy(*activity, budget);
}

void ReplayRun::end_destroy_stage(Activity& activity) {
  activity.between = true;
  if (activity.first.op != "free") return;
  vms_[activity.vm].created = false;
  end(activity);
}

void ReplayRun::irq(Event event) {
  if (event.op == "inject") return irqs_.captured(comparison_, event);
  Activity& activity = activities_.open(ActivityKind::interrupt, 0, std::move(event));
  ++comparison_.counts().stimuli;
  read_stimulus(activity);
  interrupt(activity);
}

/// What the host did before this event.
void ReplayRun::stimulate(const Event& event) {
  if (!mode_.own || event.stimulus.empty()) return;
  act_as_host(event, parse_stimulus(event.stimulus, fmt::format("event {}", event.seq)), 0);
}

void ReplayRun::act_as_host(const Event& event, const StepStimulus& stimulus,
                            uint64_t switch_point) {
  for (const auto& of : stimulus.vcpus) {
    if (of.switch_point != switch_point) continue;
    ++comparison_.counts().stimuli;
    simulation_->set_online(of.vm, of.vcpu, of.online);
  }
  for (const auto& page : stimulus.removed) {
    if (page.switch_point != switch_point) continue;
    ++comparison_.counts().stimuli;
    if (simulation_->remove_page(page.vm, page.ipa)) continue;
    Subject subject;
    subject.event = event.seq;
    comparison_.diverge(subject, "world", "stimulus", fmt::format("page {:#x} goes", page.ipa),
                        "it is pinned");
  }
}

void ReplayRun::read_stimulus(Activity& activity) const {
  const Event& event = activity.first;
  if (!mode_.own || event.stimulus.empty()) return;
  activity.stimulus = parse_stimulus(event.stimulus, fmt::format("event {}", event.seq));
}

/// Steps that overlap go on in the order in which they did.
void ReplayRun::wait_for(const std::vector<StepStimulus::Turn>& turns, uint64_t nth) {
  for (const StepStimulus::Turn& turn : turns) {
    if (turn.switch_point != nth) continue;
    simulation_->wait_until([this, turn] { return has_come(turn); });
  }
}

Activity* ReplayRun::activity_of(size_t task) const {
  const auto at = tasks_.find(task);
  return at == tasks_.end() ? nullptr : at->second;
}

void ReplayRun::wait_for_turn() {
  const Activity* const activity = activity_of(simulation_->current_task());
  if (activity == nullptr) return;
  wait_for(activity->stimulus.turns, activity->switch_points);
  act_as_host(activity->first, activity->stimulus, activity->switch_points);
}

void ReplayRun::wait_is_over(size_t task) {
  Activity* const call = activity_of(task);
  if (call == nullptr) return;
  ++call->waits;
  for (const StepStimulus::Turn& turn : call->stimulus.woken) {
    if (turn.switch_point == call->waits && turn.interrupted) ++comparison_.counts().stimuli;
  }
  wait_for(call->stimulus.woken, call->waits);
}

/// The call waits, and the record says that an interrupt from outside ended that by now.
bool ReplayRun::is_interrupted(size_t task) {
  const Activity* const call = activity_of(task);
  if (call == nullptr) return false;
  return std::ranges::any_of(call->stimulus.woken, [&](const StepStimulus::Turn& turn) {
    return turn.interrupted && turn.switch_point == call->waits + 1 && has_come(turn);
  });
}

/// Another mediator may reach fewer switch points: what its record says is over counts as done.
bool ReplayRun::has_come(const StepStimulus::Turn& turn) {
  const Activity* const other = activities_.began_at(turn.event);
  if (other == nullptr) return position_ >= turn.event;
  if (other->served || other->finished || other->ended || other->between) return true;
  return turn.reached != 0 && other->switch_points >= turn.reached;
}

}  // namespace ffa_trace
