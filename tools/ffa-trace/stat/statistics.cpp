// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/stat/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/optee_words.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;

constexpr size_t max_wrong_listed = 100;

/// True if the trace has all of x`first` to x`last`.
bool captured(sim::trace::RegisterSet known, unsigned first, unsigned last) {
  for (unsigned n = first; n <= last; ++n) {
    if ((known >> n & 1U) == 0) return false;
  }
  return true;
}

Caller caller_of(const Event& event) {
  Caller caller{.secure = event.world == "secure", .vm = event.vm, .vcpu = {}};
  if (event.has_vcpu) caller.vcpu = event.vcpu;
  return caller;
}

/// "SUCCESS", "ERROR DENIED", "MSG_SEND_DIRECT_RESP_32".
std::string status_of(const Event& event) {
  if (!event.returned()) return "no return seen";
  if (call_number(event.in) == 0x63) return is_failure(event.in, event.out) ? "ERROR" : "SUCCESS";
  if (ffa::is_error(event.out)) {
    if (!captured(event.out_known, 2, 2)) return "ERROR status absent";
    const auto status = static_cast<ffa::Status>(static_cast<int32_t>(event.out.w(2)));
    return fmt::format("ERROR {}", ffa::status_name(status));
  }
  if (ffa::is_success(event.out)) return "SUCCESS";
  if (is_failure(event.in, event.out)) return "SMCCC NOT_SUPPORTED";
  std::string name = function_name(event.out.x[0]);
  return name.starts_with("FFA_") ? name.substr(4) : name;
}

bool is_call(const Event& event) {
  return event.side != Side::lifecycle && event.side != Side::irq;
}

}  // namespace

void HandleBook::advance(uint64_t seq) {
  while (!coming_.empty() && coming_.begin()->first < seq) {
    const auto [handle, live] = coming_.begin()->second;
    if (!live_.insert_or_assign(handle, live).second) ++given_while_live_;
    coming_.erase(coming_.begin());
  }
}

void HandleBook::shared(uint64_t seq_ret, uint64_t handle, const Live& live) {
  coming_.emplace(seq_ret, std::make_pair(handle, live));
}

bool HandleBook::forget(uint64_t handle) {
  if (live_.erase(handle) == 0) return false;
  dead_.push_back(handle);
  if (dead_.size() > remembered) dead_.pop_front();
  return true;
}

HandleBook::Reclaim HandleBook::reclaimed(uint64_t handle) {
  if (forget(handle)) return Reclaim::live;
  const bool known = std::find(dead_.begin(), dead_.end(), handle) != dead_.end();
  return known ? Reclaim::twice : Reclaim::unknown;
}

HeaderLayout Statistics::layout_of(const Event& event) {
  const uint32_t key = event.side == Side::spmc ? 0x10000U : event.vm;
  ffa::Version& version = versions_.try_emplace(key, ffa::v1_1).first->second;
  if (ffa::is_function(event.in, ffa::Fid::version) && event.returned() &&
      !is_failure(event.in, event.out)) {
    version = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
  }
  return header_layout(version);
}

void Statistics::note(const Event& event) {
  if (figures_.events++ == 0) figures_.first_seq = event.seq;
  figures_.last_seq = std::max(figures_.last_seq, std::max(event.seq, event.seq_ret));
  const std::string name = sim::trace::side_name(event.side);
  SideFigures& side = figures_.sides[name];
  ++side.events;
  if (!is_call(event)) {
    ++side.calls[{event.op, ""}];
    return;
  }
  for (auto& [_, book] : books_) book.advance(event.seq);
  count_call(event, side);
  if (event.side != Side::spmc) {
    ++figures_.callers[caller_of(event)][function_name(event.in.x[0])];
  }
  if (!event.returned()) return;
  note_transaction(event, side);
  if (ffa::is_function(event.in, ffa::Fid::mem_reclaim)) note_reclaim(event, side);
  note_direct(event, side);
}

void Statistics::count_call(const Event& event, SideFigures& side) {
  const std::string function = function_name(event.in.x[0]);
  ++side.calls[{function, status_of(event)}];
  if (!event.returned()) return;
  side.latency[function].add(event.seq_ret - event.seq);
  if (ffa::is_function(event.in, ffa::Fid::run)) ++side.resumed;
  if (ffa::is_function(event.out, ffa::Fid::interrupt)) ++side.interrupted;
  if (ffa::is_function(event.out, ffa::Fid::yield)) ++side.yielded;
  if (!ffa::is_error(event.out) || !captured(event.out_known, 2, 2)) return;
  const ffa::Status status = ffa::error_status(event.out);
  if (status == ffa::Status::busy) ++side.busy;
  if (status == ffa::Status::retry) ++side.retry;
  if (status == ffa::Status::interrupted) ++side.interrupted;
}

void Statistics::note_transaction(const Event& event, SideFigures& side) {
  const auto sent = transactions_.note(event, layout_of(event));
  if (!sent) return;
  if (call_number(event.in) == 0x7b) ++side.further_fragments;
  if (sent->refused && !sent->open) ++side.refused;
  if (!sent->complete) return;
  ++side.shared;
  side.fragments.add(sent->fragments);
  uint64_t pages = 0;
  if (sent->has_bytes()) {
    const Descriptor descriptor = whole_descriptor(*sent);
    pages = descriptor.total_pages;
    side.pages.add(pages);
    side.ranges.add(descriptor.declared_ranges);
    side.total_pages += pages;
  } else {
    ++side.unread;
  }
  if (!captured(event.out_known, 2, 3)) {
    ++side.unnamed;
    return;
  }
  books_[sim::trace::side_name(event.side)].shared(event.seq_ret, sent->handle,
                                                   {event.vm, sent->first_seq, pages});
}

void Statistics::note_reclaim(const Event& event, SideFigures& side) {
  if (!ffa::is_success(event.out)) return;
  ++side.reclaimed;
  if (!captured(event.in_known, 1, 2)) {
    ++side.unnamed;
    return;
  }
  const uint64_t handle = dword(event.in, 1);
  const std::string name = sim::trace::side_name(event.side);
  HandleBook& book = books_[name];
  const auto outcome = book.reclaimed(handle);
  if (event.side == Side::spmc && books_.contains("guest") && books_["guest"].forget(handle)) {
    ++figures_.reclaimed_for_vm;
  }
  if (outcome == HandleBook::Reclaim::live) return;
  if (figures_.wrong_reclaims++ >= max_wrong_listed) return;
  figures_.handles.push_back(
      {name, event.vm, handle, event.seq, 0,
       outcome == HandleBook::Reclaim::twice ? "reclaimed twice" : "reclaimed, never shared"});
}

/// A request that came back as FFA_INTERRUPT or FFA_YIELD waits for FFA_RUN of the same vCPU.
void Statistics::note_direct(const Event& event, SideFigures& side) {
  const bool request = ffa::is_function(event.in, ffa::Fid::msg_send_direct_req) ||
                       ffa::is_function(event.in, ffa::Fid::msg_send_direct_req2);
  const bool run = ffa::is_function(event.in, ffa::Fid::run);
  if ((!request && !run) || !captured(event.in_known, 1, 1)) return;
  const auto partition = static_cast<uint16_t>(request ? event.in.w(1) : event.in.w(1) >> 16);
  const ThreadKey key{event.side, event.vm, event.vcpu, partition};
  const bool away = ffa::is_function(event.out, ffa::Fid::interrupt) ||
                    ffa::is_function(event.out, ffa::Fid::yield);
  if (!away) {
    const bool goes_on = run && ffa::is_error(event.out);
    if (!goes_on) requests_.erase(key);
  } else if (request) {
    requests_[key] = {sim::trace::side_name(event.side), caller_of(event), partition, event.seq,
                      "direct request"};
  }
  if (request && ffa::is_function(event.in, ffa::Fid::msg_send_direct_req) && event.in.w(2) == 0) {
    note_optee(event, side);
  }
}

/// OP-TEE's own preemption rides inside the answers. A thread is known by the partition and w7.
void Statistics::note_optee(const Event& event, SideFigures& side) {
  if (!captured(event.in_known & event.out_known, 3, 7)) return;
  const auto call = optee_call(event.in);
  const bool answered = ffa::is_function(event.out, ffa::Fid::msg_send_direct_resp);
  if (!call || call->kind == OpteeCall::Kind::other || !answered) return;
  const bool start = call->kind == OpteeCall::Kind::start;
  const auto partition = static_cast<uint16_t>(event.in.w(1));
  const OpteeReturn how = optee_return(event.out);
  static const char* const names[] = {"done", "rpc", "interrupted", "no_thread"};
  ++side.optee[start ? "started" : "resumed"];
  ++side.optee[names[static_cast<size_t>(how)]];
  const uint32_t thread = start ? event.out.w(7) : call->thread;
  const ThreadKey key{event.side, event.vm, partition, thread};
  if (how == OpteeReturn::rpc || how == OpteeReturn::interrupted) {
    if (!start && threads_.contains(key)) return;
    threads_[key] = {sim::trace::side_name(event.side), caller_of(event), partition, event.seq,
                     fmt::format("OP-TEE thread {}", thread)};
  } else if (!start) {
    threads_.erase(key);
  }
}

Figures Statistics::finish() {
  figures_.unfinished = transactions_.unfinished();
  for (auto& [name, book] : books_) {
    book.advance(UINT64_MAX);
    figures_.given_while_live += book.given_while_live();
    for (const auto& [handle, live] : book.live()) {
      figures_.handles.push_back({name, live.vm, handle, live.seq, live.pages, "leaked"});
    }
  }
  for (const auto* map : {&requests_, &threads_}) {
    for (const auto& [_, outstanding] : *map) figures_.outstanding.push_back(outstanding);
  }
  return figures_;
}

}  // namespace ffa_trace
