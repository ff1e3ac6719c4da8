// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/trace_check.hpp"

#include <algorithm>
#include <map>

#include "ffa/reply.hpp"
#include "sim/check/trace_knowledge.hpp"

namespace sim {

namespace check {

void Lives::follow(const trace::Event& event) {
  if (event.side != trace::Side::lifecycle) return;
  const auto vm = vms_.find(event.vm);
  if (event.op == "create") {
    const bool there = vm != vms_.end() && vm->second != Life::creating;
    if (event.result >= 0) {
      vms_[event.vm] = event.result == 0 ? Life::running : Life::creating;
    } else if (!there) {
      vms_.erase(event.vm);
    }
  } else if (event.op == "free") {
    vms_.erase(event.vm);
  } else if (vm != vms_.end()) {
    vm->second = Life::ending;
  }
}

bool Lives::unserved(uint16_t vm) const {
  const auto found = vms_.find(vm);
  return found != vms_.end() && found->second != Life::running;
}

void TraceKnowledge::note_begin(const trace::Event& event) {
  guests.begin(event);
  const bool fragment = event.side == trace::Side::guest && is_send_part(event.in);
  if (fragment && !is_memory_send(event.in)) sends[event.vm].begin(event);
}

void TraceKnowledge::note_smc(const trace::Event& smc) {
  if (!ffa::is_function(smc.in, ffa::Fid::version) || (smc.out.w(0) >> 31) != 0) return;
  spmc_version = std::min(ffa::Version{smc.in.w(1)}, ffa::Version{smc.out.w(0)});
}

Assembly::Part TraceKnowledge::note_send(const trace::Event& event) {
  if (event.side == trace::Side::lifecycle && event.op == "free") sends.erase(event.vm);
  const bool part = event.side == trace::Side::guest && is_send_part(event.in);
  return part ? sends[event.vm].note(event) : Assembly::Part{};
}

void TraceKnowledge::note_end(const Step& step) {
  // What was handed over whole is of no use any more.
  if (completes_send(step.event)) sends[step.event.vm].drop(answered_handle(step.event.out));
  guests.update(step.event, step.alone, step.smcs);
}

bool completes_send(const trace::Event& event) {
  return event.side == trace::Side::guest && is_send_part(event.in) && ffa::is_success(event.out);
}

namespace {

class TraceScene final : public Scene {
 public:
  TraceScene(const WorldSpec& spec, const Lives& lives) : spec_(spec), lives_(lives) {}
  const WorldSpec& spec() const override { return spec_; }
  bool has_vm(uint16_t vm) const override { return lives_.has(vm); }
  Simulation* simulation() const override { return nullptr; }
  void report(const std::string& id, const std::string& text) override {
    violations_.push_back({id, text, now_});
  }

  void begin(const trace::Event& event) { now_ = event.seq_ret; }
  std::vector<Violation> take() { return std::move(violations_); }

 private:
  const WorldSpec& spec_;
  const Lives& lives_;
  std::vector<Violation> violations_;
  uint64_t now_ = 0;
};

/// Those that need nothing but the trace.
CheckerList make_trace_checkers() {
  CheckerList list;
  add_fragment_checkers(list);
  add_register_checkers(list);
  add_features_checkers(list);
  add_call_checkers(list);
  add_notification_checkers(list);
  return list;
}

}  // namespace
}  // namespace check

std::vector<Violation> check_trace(const WorldSpec& spec, std::span<const trace::Event> events,
                                   bool faulted) {
  check::TraceKnowledge known;
  check::TraceScene scene{spec, known.lives};
  const check::CheckerList list = check::make_trace_checkers();
  const check::Facts no_facts;
  for (size_t n = 0; n < events.size(); ++n) {
    const trace::Event& event = events[n];
    if (event.side == trace::Side::spmc) continue;
    check::Step step{.scene = scene,
                     .event = event,
                     .smcs = {},
                     .faulted = faulted,
                     .facts = no_facts,
                     .guests = known.guests};
    step.unserved = known.lives.unserved(event.vm);
    step.spmc_version = known.spmc_version;
    scene.begin(event);
    for (const auto& checker : list) checker->before(step);
    known.note_begin(event);
    for (size_t next = n + 1; next < events.size() && events[next].seq < event.seq_ret; ++next) {
      if (events[next].side != trace::Side::spmc) continue;
      step.smcs.push_back(&events[next]);
      known.note_smc(events[next]);
    }
    step.spmc_version = known.spmc_version;
    step.sent = known.note_send(event);
    known.lives.follow(event);
    for (const auto& checker : list) checker->after(step);
    known.note_end(step);
  }
  return scene.take();
}

}  // namespace sim
