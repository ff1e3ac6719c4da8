// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/ledger.hpp"

#include <fmt/format.h>

namespace ffa_trace {
namespace {

using sim::trace::Event;

std::string text_of(const Event& event) {
  return fmt::format("{} vm{}.{}: {}", event.op, event.vm, event.vcpu, event.result);
}

Subject at(const Event& event) {
  Subject subject;
  subject.event = event.seq;
  return subject;
}

}  // namespace

void Ledger::captured(Comparison& comparison, const Event& event) {
  captured_.push_back(event);
  match(comparison);
  if (captured_.size() <= most_ahead) return;
  missing(comparison, captured_.front());
  captured_.pop_front();
}

void Ledger::ours(Comparison& comparison, const Event& event) {
  ours_.push_back(event);
  match(comparison);
  if (ours_.size() <= most_ahead) return;
  extra(comparison, ours_.front());
  ours_.pop_front();
}

void Ledger::match(Comparison& comparison) {
  if (captured_.empty() || ours_.empty()) return;
  comparison.field(at(captured_.front()), rule_, "event", text_of(captured_.front()),
                   text_of(ours_.front()), true);
  captured_.pop_front();
  ours_.pop_front();
}

void Ledger::missing(Comparison& comparison, const Event& event) const {
  comparison.diverge(at(event), rule_, "event", text_of(event), "nothing");
}

void Ledger::extra(Comparison& comparison, const Event& event) const {
  comparison.diverge({}, rule_, "event", "nothing", text_of(event));
}

void Ledger::finish(Comparison& comparison) {
  for (const Event& event : captured_) missing(comparison, event);
  for (const Event& event : ours_) extra(comparison, event);
  captured_.clear();
  ours_.clear();
}

}  // namespace ffa_trace
