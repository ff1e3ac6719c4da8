// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/call_log.hpp"

namespace ffa_trace {

CallLog::Id CallLog::open(const Row& row) {
  Pending pending;
  sim::trace::Event& event = pending.event;
  event.seq = event.seq_ret = ++counter_;
  event.side = sim::trace::Side::linux_;
  event.has_vcpu = row.cpu.has_value();
  event.vcpu = row.cpu.value_or(0);
  event.conduit = row.conduit;
  event.world = row.world == World::secure ? "secure" : "";
  event.in = row.regs;
  event.in_known = row.known;
  event.out_known = 0;
  pending_.push_back(std::move(pending));
  ++calls_;
  if (pending_.size() > window) give_up(first_);
  return first_ + pending_.size() - 1;
}

CallLog::Pending* CallLog::find(Id id) {
  if (id < first_ || id - first_ >= pending_.size()) return nullptr;
  Pending& pending = pending_[id - first_];
  return pending.decided ? nullptr : &pending;
}

bool CallLog::answer(Id id, const Row& row) {
  Pending* const pending = find(id);
  if (pending == nullptr) return false;
  sim::trace::Event& event = pending->event;
  event.seq_ret = ++counter_;
  event.out = row.regs;
  event.out_known = row.known;
  if (row.cpu && event.has_vcpu && *row.cpu != event.vcpu) event.vcpu_ret = row.cpu;
  pending->decided = true;
  ++pairs_;
  flush();
  return true;
}

void CallLog::give_up(Id id) {
  Pending* const pending = find(id);
  if (pending == nullptr) return;
  pending->decided = true;
  flush();
}

void CallLog::finish() {
  for (Pending& pending : pending_) pending.decided = true;
  flush();
}

void CallLog::flush() {
  while (!pending_.empty() && pending_.front().decided) {
    sink_(pending_.front().event);
    pending_.pop_front();
    ++first_;
  }
}

}  // namespace ffa_trace
