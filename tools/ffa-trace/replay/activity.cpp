// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/activity.hpp"

#include "tools/ffa-trace/replay/records.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;

/// An SPMC call outside any guest call: does it go on with what this activity began?
bool goes_on(const Activity& activity, const Event& record) {
  switch (activity.kind) {
    case ActivityKind::create:
      return created_vm(record.in) == activity.vm;
    case ActivityKind::destroy:
      return destroyed_vm(record.in) == activity.vm ||
             (is(record.in, ffa::Fid::mem_reclaim) && record.pcpu == activity.first.pcpu);
    case ActivityKind::interrupt:
      return is_info_get(record.in) && record.pcpu == activity.first.pcpu &&
             more_pending(activity.window.records().back().out);
    case ActivityKind::call:
    case ActivityKind::unknown:
      return false;
  }
  return false;
}

/// How well an SPMC call fits into a call that is open on its CPU; the simulator may have several.
unsigned fit(const Activity& activity, const Event& record, const std::string& key) {
  if (activity.window.wanted == key) return 3;
  if (activity.vm == record.vm && activity.first.vcpu == record.vcpu) return 2;
  return 1;
}

}  // namespace

const char* activity_name(ActivityKind kind) {
  switch (kind) {
    case ActivityKind::call:
      return "call";
    case ActivityKind::create:
      return "create";
    case ActivityKind::destroy:
      return "destroy";
    case ActivityKind::interrupt:
      return "interrupt";
    case ActivityKind::unknown:
      break;
  }
  return "unknown";
}

Activity::Activity(ActivityKind what, uint16_t whose, Event record, HeaderLayout layout)
    : kind(what),
      vm(whose),
      first(std::move(record)),
      inferred(first.side == Side::spmc),
      window(layout) {
  window.activity = activity_name(kind);
  window.vm = vm;
  subject.event = first.seq;
}

Activity& Activities::open(ActivityKind kind, uint16_t vm, Event record) {
  return all_.emplace_back(kind, vm, std::move(record), layout_);
}

Activity* Activities::owner_of(const Event& record) {
  const std::string key = request_key(record.in, record.tx, layout_);
  Activity* best = nullptr;
  unsigned best_fit = 0;
  for (Activity& activity : all_) {
    const bool closed = activity.inferred || activity.ended || activity.between;
    if (closed || activity.first.pcpu != record.pcpu) continue;
    const unsigned here = fit(activity, record, key);
    if (here <= best_fit) continue;
    best = &activity;
    best_fit = here;
  }
  if (best != nullptr) return best;
  for (Activity& activity : all_) {
    if (activity.inferred && !activity.ended && goes_on(activity, record)) return &activity;
  }
  return nullptr;
}

Activity* Activities::began_at(uint64_t seq) {
  for (Activity& activity : all_) {
    if (!activity.inferred && activity.first.seq == seq) return &activity;
  }
  return nullptr;
}

Activity* Activities::destruction_of(uint16_t vm) {
  for (Activity& activity : all_) {
    const bool destroys = activity.kind == ActivityKind::destroy && activity.vm == vm;
    if (destroys && !activity.ended) return &activity;
  }
  return nullptr;
}

void Activities::end_inferred(const Event& next) {
  for (Activity& activity : all_) {
    if (!activity.inferred || activity.ended) continue;
    const bool same_cpu = next.pcpu == activity.first.pcpu;
    const bool by_vm = next.side == Side::guest && next.vm == activity.vm;
    // The end of a VM takes long: the hypervisor lets others run meanwhile.
    const bool stays = activity.kind == ActivityKind::destroy;
    if (activity.finished || by_vm || (same_cpu && !stays)) end(activity);
  }
}

void end(Activity& activity) {
  activity.ended = true;
  activity.window.close();
}

}  // namespace ffa_trace
