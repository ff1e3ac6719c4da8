// SPDX-License-Identifier: BSD-3-Clause
// What happens inside a step and no register shows: a fault of the machine that struck, and in
// which order steps that overlap went on. Their events tell it as `stimulus`. docs/trace-format.md
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "sim/engine/simulation_impl.hpp"

namespace sim {
namespace {

constexpr size_t usual_order_bytes = 480;

void append(std::string& stimulus, std::string_view text) {
  if (!stimulus.empty()) stimulus += "; ";
  stimulus += text;
}

void append_number(std::string& text, uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

}  // namespace

std::string Simulation::Impl::take_stimuli(const std::string& place) {
  std::string all;
  for (const std::string& one : stimuli) append(all, place + one);
  stimuli.clear();
  return all;
}

const FaultSpec* Simulation::Impl::judge_fault(std::string_view op, const FaultSpec* struck) {
  Step* const step = current_step();
  if (step == nullptr) return struck;
  const uint64_t nth = ++step->operations[op];
  const auto due = std::find_if(step->faults.begin(), step->faults.end(),
                                [&](const FaultSpec& f) { return f.op == op && f.nth == nth; });
  if (due != step->faults.end()) struck = &*due;
  if (struck == nullptr) return nullptr;
  std::string text = fmt::format("fault {} {}", op, nth);
  if (struck->status) text += fmt::format(" {}", *struck->status);
  append(event(step->event).stimulus, text);
  return struck;
}

void Simulation::Impl::switch_reached(const SwitchPoint& here) {
  Step* const step = current_step();
  if (step == nullptr) return;
  step->at = here;
  last_place = {step->event, ++step->switch_points, here};
  decisions_there = choices->decisions();
  break_at(last_place);
}

/// The task at hand goes on at `to`, or begins there, and another one ran last.
void Simulation::Impl::add_turn(const SwitchPlace& to) {
  Turn turn{next_seq, last_place, to, {}};
  const uint64_t decisions = choices->decisions();
  if (decisions > decisions_there) turn.decision = decisions - 1;
  turns.push_back(turn);
}

/// "KIND N SEQ M", or "KIND N SEQ" where an event has ended: at the N-th place of that kind the
/// step went on after another had come this far.
void Simulation::Impl::tell_order(Step& step, std::string_view kind, uint64_t nth) {
  std::string& stimulus = event(step.event).stimulus;
  if (stimulus.empty()) stimulus.reserve(usual_order_bytes);
  append(stimulus, kind);
  append_number(stimulus, nth);
  stimulus += ' ';
  append_number(stimulus, last_place.event);
  if (last_place.point == 0) return;
  stimulus += ' ';
  append_number(stimulus, last_place.point);
}

/// A call that waited for another VM goes on.
void Simulation::Impl::wait_passed(const OpenCall& call) {
  Step* const step = current_step();
  if (step == nullptr) return;
  const bool interrupted = call.from_outside && !call.woken;
  tell_order(*step, interrupted ? "interrupted " : "woken ", ++step->waits);
}

/// What happened meanwhile: how far another step had come, and what the host did.
void Simulation::Impl::switch_passed() {
  Step* const step = current_step();
  if (step == nullptr) return;
  const SwitchPlace here{step->event, step->switch_points, step->at};
  const bool others_ran = last_place.event != here.event || last_place.point != here.point;
  if (spec.coverage && (others_ran || choices->decisions() > decisions_there)) {
    spec.coverage->add_yield(step->site, here.here, others_ran);
  }
  if (others_ran) {
    add_turn(here);
    tell_order(*step, "turn ", here.point);
    last_place = here;
    break_at(here);
  }
  if (stimuli.empty()) return;
  append(event(step->event).stimulus, take_stimuli(fmt::format("at {} ", here.point)));
}

void Simulation::strike_next_step(std::vector<FaultSpec> faults) {
  if (faults.empty()) return;
  impl_->faults_to_come[impl_->scheduler.current()] = std::move(faults);
}

void Simulation::set_switch_hooks(std::function<void()> reached, std::function<void()> passed) {
  impl_->scheduler.set_switch_hooks(
      {[reached = std::move(reached)](const SwitchPoint& /*here*/) { reached(); },
       std::move(passed)});
}

}  // namespace sim
