// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/replay_run.hpp"

#include <fmt/format.h>

#include "tools/ffa-trace/replay/boot_state.hpp"
#include "tools/ffa-trace/replay/model_world.hpp"
#include "tools/ffa-trace/replay/recorded_world.hpp"
#include "tools/ffa-trace/replay/records.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;

std::unique_ptr<ReplayWorld> make_world(bool model, const Profile& profile) {
  if (model) return std::make_unique<ModelWorld>(profile);
  return std::make_unique<RecordedWorld>(profile);
}

Event event_of(const sim::Simulation::Injected& injected) {
  Event event;
  event.side = Side::irq;
  event.op = "inject";
  event.vm = injected.vm;
  event.vcpu = injected.vcpu;
  event.result = injected.irq;
  return event;
}

bool is_boot(const std::optional<Event>& event) {
  return event && event->side == Side::spmc && !created_vm(event->in) && !is_info_get(event->in);
}

}  // namespace

ReplayRun::ReplayRun(EventSource& source, sim::MediatorFactory& factory, const Survey& survey,
                     const Profile& profile, const ReplayMode& mode)
    : timeline_(source),
      comparison_(profile, mode.keep),
      layout_(header_layout(survey.spmc_version)),
      choices_(sim::recorded_choices("", "replay"), false),
      mode_(mode),
      inferred_sps_(infers_sps(survey, profile)),
      activities_(layout_),
      handles_(profile.payload_handles) {
  auto world = make_world(mode.model, profile);
  world_ = world.get();
  simulation_ = std::make_unique<sim::Simulation>(world_of(survey, profile), factory, choices_,
                                                  std::move(world));
  world_->attach(*simulation_);
  comparison_.counts().events = survey.events;
  for (const auto& [id, vm] : survey.vms) held_.pages += vm.pages.size();
  simulation_->set_before_tx_read(
      [this](uint64_t offset, uint64_t length, uint64_t pa) { restore_tx(offset, length, pa); });
  if (!mode.own) return;
  const auto reached = [this] {
    Activity* const activity = activity_of(simulation_->current_task());
    if (activity != nullptr) ++activity->switch_points;
  };
  simulation_->set_switch_hooks(reached, [this] { wait_for_turn(); });
  simulation_->set_wait_hooks({[](size_t /*task*/) {}, [this](size_t task) { wait_is_over(task); },
                               [this](size_t task) { return is_interrupted(task); }});
  simulation_->set_after_step([this](const Event& event) {
    if (event.side == Side::lifecycle) lifecycle_.ours(comparison_, event);
  });
}

const Comparison& ReplayRun::run() {
  boot();
  while (!done()) {
    if (const auto end = timeline_.next_end()) {
      end_event(end->seq);
    } else if (timeline_.peek()) {
      const uint64_t seq = timeline_.peek()->seq;
      begin_event(timeline_.take());
      position_ = seq;
    } else {
      break;
    }
    settle();
  }
  finish();
  return comparison_;
}

bool ReplayRun::done() const {
  return stuck_ || (mode_.stop_at_first && comparison_.counts().divergences != 0);
}

void ReplayRun::boot() {
  Window window(layout_);
  window.boot = true;
  BootState captured;
  uint64_t last = ~uint64_t{0};
  if (mode_.own && timeline_.peek() && timeline_.peek()->op == "probe") {
    const Event probe = timeline_.take();
    lifecycle_.captured(comparison_, probe);
    last = probe.seq_ret;
  }
  while (is_boot(timeline_.peek()) && timeline_.peek()->seq < last) {
    Event record = timeline_.take();
    captured.follow(record.in, record.out);
    window.add(std::move(record));
  }
  window.close();
  start("boot", window, [&] { (void)simulation_->boot(); });
  (void)simulation_->advance();
  BootState ours;
  for (const Asked& asked : window.asked) {
    ours.follow(asked.in, asked.out);
    if (!asked.answer) ++comparison_.counts().boot;
    if (!asked.answer || !asked.from_model) continue;
    const Event& record = window.records()[*asked.answer];
    compare_reply(comparison_, of_record({}, record), record, asked);
    if (!inferred_sps_) compare_listed(comparison_, of_record({}, record), record, asked);
  }
  if (mode_.bare) return;  // nobody captured the boot of a mediator that was not there
  const auto same = [&](const char* name, uint64_t expected, uint64_t actual) {
    comparison_.number({}, "boot-state", name, expected, actual, true);
  };
  same("boot.version", captured.version, ours.version);
  same("boot.tx", captured.tx_pa, ours.tx_pa);
  same("boot.rx", captured.rx_pa, ours.rx_pa);
  same("boot.pages", captured.pages, ours.pages);
  same("boot.rx_held", captured.rx_held ? 1 : 0, ours.rx_held ? 1 : 0);
}

void ReplayRun::begin_event(Event event) {
  if (mode_.model) handles_.rewrite(event.in);
  stimulate(event);
  switch (event.side) {
    case Side::spmc:
      return spmc_call(std::move(event));
    case Side::lifecycle:
      return lifecycle(std::move(event));
    case Side::irq:
      return irq(std::move(event));
    case Side::guest:
    case Side::linux_:
      return guest_call(std::move(event));
  }
}

void ReplayRun::end_event(uint64_t seq) {
  if (Activity* const activity = activities_.began_at(seq)) {
    if (activity->kind == ActivityKind::destroy) return end_destroy_stage(*activity);
    return end(*activity);
  }
  for (Activity& activity : activities_.all()) activity.window.end(seq);
}

/// Lets everything happen that can happen now, and compares what is over.
void ReplayRun::settle() {
  if (!stuck_ && !simulation_->advance()) stuck_ = true;
  note_held();
  auto& all = activities_.all();
  for (auto at = all.begin(); at != all.end();) {
    if (!at->ended || !(at->finished || stuck_)) {
      ++at;
      continue;
    }
    compare(*at);
    at = all.erase(at);
  }
  if (mode_.own) {
    for (const auto& irq : simulation_->injected()) irqs_.ours(comparison_, event_of(irq));
  }
  simulation_->forget_events();
}

void ReplayRun::note_held() {
  size_t records = 0;
  for (const Activity& activity : activities_.all()) records += activity.window.records().size();
  held_.activities = std::max(held_.activities, activities_.all().size());
  held_.records = std::max(held_.records, records);
  held_.events = std::max(held_.events, simulation_->events().size());
  held_.ends = std::max(held_.ends, timeline_.open());
}

void ReplayRun::finish() {
  for (Activity& activity : activities_.all()) end(activity);
  settle();
  if (!stuck_) stuck_ = !simulation_->run({});
  settle();
  relayed_.finish(comparison_);
  lifecycle_.finish(comparison_);
  irqs_.finish(comparison_);
  comparison_.counts().by_stimulus = world_->stimuli();
  for (const auto& [kind, times] : comparison_.counts().by_stimulus) {
    comparison_.counts().stimuli += times;
  }
  for (const sim::Violation& violation : simulation_->violations()) {
    comparison_.diverge({}, "invariant", violation.invariant, "no violation", violation.text);
  }
}

void ReplayRun::compare_relayed(const Activity& call) {
  handles_.follow(call.first.in, call.first.out, call.answer.out);
  Event captured = call.first;
  handles_.rewrite_answer(captured.in, captured.out);
  relayed_.compare(comparison_, call.subject, captured, call.window);
}

void ReplayRun::compare(const Activity& activity) {
  if (!activity.finished) {
    comparison_.diverge(activity.subject, "progress", "call", "an end", "no progress");
    return;
  }
  if (mode_.bare && activity.kind == ActivityKind::call) {
    compare_relayed(activity);
  } else {
    compare_window(comparison_, activity.subject, activity.window);
  }
  switch (activity.kind) {
    case ActivityKind::call: {
      const auto& asked = activity.window.asked;
      const Asked* const last = asked.empty() ? nullptr : &asked.back();
      compare_guest(comparison_, activity.subject, activity.first, activity.answer, last, tags_);
      if (!mode_.bare) {
        handles_.follow(activity.first.in, activity.first.out, activity.answer.out);
      }
      follow(activity.first, vms_[activity.vm]);
      return;
    }
    case ActivityKind::create:
      if (mode_.own) return;  // the ledger has its result
      comparison_.number(activity.subject, "lifecycle", "create.status", 0,
                         static_cast<uint64_t>(activity.result), true);
      return;
    case ActivityKind::destroy:
      if (mode_.own) return;
      comparison_.number(activity.subject, "lifecycle", "destroy.progress", FFA_SIM_DONE,
                         static_cast<uint64_t>(activity.result), true);
      return;
    case ActivityKind::interrupt:
    case ActivityKind::unknown:
      return;
  }
}

}  // namespace ffa_trace
