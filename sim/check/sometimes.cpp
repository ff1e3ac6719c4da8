// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/sometimes.hpp"

#include <array>
#include <map>
#include <string_view>

#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "sim/check/guest_state.hpp"

namespace sim::check {
namespace {

using ffa::Fid;
using ffa::is_function;
using trace::Event;
using trace::Side;

bool within(const Event& inner, const Event& outer) {
  return inner.seq > outer.seq && inner.seq_ret < outer.seq_ret;
}
bool is_guest(const Event& event, Fid function) {
  return event.side == Side::guest && is_function(event.in, function);
}
bool is_life(const Event& event, std::string_view op) {
  return event.side == Side::lifecycle && event.op == op;
}
bool is_first_call(const Event& event) {
  return event.side == Side::guest && !is_version_call(event.in) &&
         ffa::FunctionId{event.in.x[0]}.in_ffa_range();
}
bool fills_rx(const Event& event) {
  return (is_guest(event, Fid::partition_info_get) && ffa::is_success(event.out) &&
          (event.in.w(5) & 1U) == 0) ||
         carries_description(event);
}
bool asks_for_more(const Event& event) {
  return event.side == Side::guest && is_send_part(event.in) &&
         is_function(event.out, Fid::mem_frag_rx);
}

/// What a VM has left open by the calls that are over.
struct Open {
  std::map<uint64_t, bool> transfers;  ///< handles of sends that wait for fragments
  bool owns_rx = false;

  void note(const Event& event) {
    if (asks_for_more(event)) transfers[requested_handle(event.out)] = true;
    if (is_guest(event, Fid::mem_frag_tx) && !asks_for_more(event)) {
      transfers.erase(requested_handle(event.in));
    }
    if (fills_rx(event)) owns_rx = true;
    if (is_guest(event, Fid::rx_release) && ffa::is_success(event.out)) owns_rx = false;
  }
};

/// What was open in the VM of `when` as it began.
Open open_at(std::span<const Event> events, const Event& when) {
  Open open;
  for (const Event& event : events) {
    if (is_life(event, "free") && event.vm == when.vm && event.seq_ret < when.seq) open = {};
    if (event.side == Side::guest && event.vm == when.vm && event.seq_ret < when.seq)
      open.note(event);
  }
  return open;
}

struct Mark {
  const char* name;
  /// `event` and another one of the same run, in either order, are the situation.
  bool (*met)(const Event& event, const Event& other);
};

bool same_vm(const Event& one, const Event& other) { return one.vm == other.vm; }

/// Of two that overlap, of one VM unless they say otherwise.
constexpr std::array<Mark, 12> of_two = {{
    {"destroy_beside_call",
     [](const Event& a, const Event& b) {
       return is_life(a, "teardown") && b.side == Side::guest && same_vm(a, b);
     }},
    {"destroy_with_preempted_sp",
     [](const Event& a, const Event& b) {
       return is_life(a, "teardown") && b.side == Side::spmc && is_function(b.in, Fid::run) &&
              within(b, a);
     }},
    {"destroy_beside_notification",
     [](const Event& a, const Event& b) {
       return is_life(a, "teardown") && is_guest(b, Fid::notification_set) && !same_vm(a, b);
     }},
    {"destroy_beside_message",
     [](const Event& a, const Event& b) {
       return is_life(a, "teardown") && is_guest(b, Fid::msg_send2) && !same_vm(a, b);
     }},
    {"destroy_beside_retrieval",
     [](const Event& a, const Event& b) {
       return is_life(a, "teardown") && is_guest(b, Fid::mem_retrieve_req) && !same_vm(a, b);
     }},
    {"list_beside_create",
     [](const Event& a, const Event& b) {
       return is_life(a, "create") && is_guest(b, Fid::partition_info_get);
     }},
    {"release_while_producing",
     [](const Event& a, const Event& b) {
       return is_guest(a, Fid::rx_release) && a.rule == "rx_release_owned" && fills_rx(b) &&
              same_vm(a, b);
     }},
    {"set_within_get",
     [](const Event& a, const Event& b) {
       return is_guest(a, Fid::notification_set) && is_guest(b, Fid::notification_get) &&
              ffa::is_success(a.out) && !same_vm(a, b) && within(a, b);
     }},
    {"reclaim_beside_reclaim",
     [](const Event& a, const Event& b) {
       return is_guest(a, Fid::mem_reclaim) && is_guest(b, Fid::mem_reclaim) &&
              requested_handle(a.in) == requested_handle(b.in) && same_vm(a, b);
     }},
    {"handle_given_again",
     [](const Event& a, const Event& b) {
       return is_guest(a, Fid::mem_reclaim) && b.side == Side::guest && is_send_part(b.in) &&
              ffa::is_success(b.out) && requested_handle(a.in) == answered_handle(b.out);
     }},
    {"bind_beside_unbind",
     [](const Event& a, const Event& b) {
       return is_guest(a, Fid::notification_bind) && is_guest(b, Fid::notification_unbind) &&
              same_vm(a, b);
     }},
    {"version_beside_first_call",
     [](const Event& a, const Event& b) {
       return a.side == Side::guest && is_version_call(a.in) && is_first_call(b) && same_vm(a, b);
     }},
}};

struct RuleMark {
  const char* name;
  const char* rule;  ///< it rejected a call
};
constexpr std::array<RuleMark, 4> of_rules = {{{"reclaim_while_retrieved", "reclaim_not_borrowed"},
                                               {"unmap_while_producing", "rxtx_unmap_rx_idle"},
                                               {"unmap_while_tx_is_read", "rxtx_unmap_tx_idle"},
                                               {"tx_busy", "tx_free"}}};

constexpr std::array<const char*, 3> of_state = {"destroy_during_fragments", "rx_owned_at_destroy",
                                                 "two_transfers_open"};

constexpr Sometimes bit(size_t n) { return Sometimes{1} << n; }

/// Marks of what a VM has open, in the order of `of_state`.
Sometimes state_marks(std::span<const Event> events, const Event& event) {
  if (is_life(event, "teardown")) {
    const Open open = open_at(events, event);
    return (open.transfers.empty() ? 0U : bit(0)) | (open.owns_rx ? bit(1) : 0U);
  }
  if (!asks_for_more(event) || is_guest(event, Fid::mem_frag_tx)) return 0;
  Open open = open_at(events, event);
  open.note(event);
  return open.transfers.size() > 1 ? bit(2) : 0U;
}

}  // namespace

const std::vector<std::string>& sometimes_names() {
  static const auto names = [] {
    std::vector<std::string> all;
    for (const Mark& mark : of_two) all.emplace_back(mark.name);
    for (const RuleMark& mark : of_rules) all.emplace_back(mark.name);
    for (const char* name : of_state) all.emplace_back(name);
    return all;
  }();
  return names;
}

Sometimes sometimes_met(std::span<const Event> events) {
  Sometimes met = 0;
  for (size_t at = 0; at < events.size(); ++at) {
    const Event& event = events[at];
    // Bound: what began before this one was over.
    for (const Event& other : events.subspan(at + 1)) {
      if (other.seq > event.seq_ret) break;
      for (size_t n = 0; n < of_two.size(); ++n) {
        if (of_two[n].met(event, other) || of_two[n].met(other, event)) met |= bit(n);
      }
    }
    for (size_t n = 0; n < of_rules.size(); ++n) {
      if (event.rule == of_rules[n].rule) met |= bit(of_two.size() + n);
    }
    met |= state_marks(events, event) << (of_two.size() + of_rules.size());
  }
  return met;
}

std::vector<std::string> names_of(Sometimes marks) {
  std::vector<std::string> names;
  for (size_t n = 0; n < sometimes_names().size(); ++n) {
    if ((marks & bit(n)) != 0) names.push_back(sometimes_names()[n]);
  }
  return names;
}

}  // namespace sim::check
