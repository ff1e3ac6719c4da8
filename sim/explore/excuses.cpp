// SPDX-License-Identifier: BSD-3-Clause
#include "sim/explore/excuses.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "ffa/reply.hpp"
#include "sim/check/guest_state.hpp"

namespace sim::explore {
namespace {

using check::answered_handle;
using check::requested_handle;  // where FFA_MEM_FRAG_RX has its handle, too
using ffa::Fid;
using ffa::Status;

bool overlap(const HistoryEntry& one, const HistoryEntry& other) {
  const auto began_before_end = [](const HistoryEntry& a, const HistoryEntry& b) {
    return b.end == 0 || a.begin < b.end;
  };
  return began_before_end(one, other) && began_before_end(other, one);
}

bool calls(const HistoryEntry& entry, std::initializer_list<Fid> functions) {
  if (entry.between_calls || !entry.call.host.empty()) return false;
  return std::any_of(functions.begin(), functions.end(),
                     [&](Fid fid) { return ffa::is_function(entry.call.in, fid); });
}

bool sends(const HistoryEntry& entry) {
  return calls(entry, {Fid::mem_share, Fid::mem_lend, Fid::mem_donate, Fid::mem_frag_tx});
}

bool reads_tx(const HistoryEntry& entry) {
  return sends(entry) || calls(entry, {Fid::mem_retrieve_req, Fid::mem_relinquish, Fid::msg_send2});
}

bool of_one_vm(const HistoryEntry& one, const HistoryEntry& other) {
  return other.call.host.empty() && one.call.vm == other.call.vm;
}

bool fills_rx_of(const HistoryEntry& entry, uint16_t vm) {
  return (entry.named_vm == vm && calls(entry, {Fid::msg_send2})) ||
         (entry.call.vm == vm &&
          calls(entry, {Fid::partition_info_get, Fid::mem_retrieve_req, Fid::mem_frag_rx}));
}

bool binds(const HistoryEntry& entry) {
  return calls(entry, {Fid::notification_bind, Fid::notification_unbind});
}

/// What `entry`, a send, has may be this handle: it was told, or never will be.
bool may_have(const HistoryEntry& entry, uint64_t handle) {
  if (calls(entry, {Fid::mem_frag_tx})) return requested_handle(entry.call.in) == handle;
  if (entry.end == 0) return true;
  if (ffa::is_function(entry.out, Fid::mem_frag_rx)) return requested_handle(entry.out) == handle;
  return ffa::is_error(entry.out) || answered_handle(entry.out) == handle;
}

bool is_end_of(const HistoryEntry& entry, uint16_t vm) {
  return entry.call.host == "destroy" && entry.call.vm == vm;
}

bool is_beginning_of(const HistoryEntry& entry, uint16_t vm) {
  return entry.call.host == "create" && entry.call.vm == vm;
}

struct Excuse {
  Status status;
  /// `entry` has this answer because of `other`, which overlaps it.
  bool (*holds)(const HistoryEntry& entry, const HistoryEntry& other);
};

constexpr std::array<Excuse, 13> excuses = {{
    // TX is another call's. [DEN0077A 1.2 §7.2]
    {Status::busy,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       const bool holds_tx = reads_tx(other) || calls(other, {Fid::rxtx_unmap});
       return of_one_vm(entry, other) && reads_tx(entry) && holds_tx;
     }},
    // TX is being read, or both buffers are being mapped or unmapped. [DEN0077A 1.2 §13.7]
    {Status::denied,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return of_one_vm(entry, other) && calls(entry, {Fid::rxtx_unmap}) &&
              (reads_tx(other) || calls(other, {Fid::rxtx_map, Fid::rxtx_unmap}));
     }},
    // RX is being filled, and is nobody's to release. [DEN0077A 1.2 §7.2.2]
    {Status::denied,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return calls(entry, {Fid::rx_release}) && fills_rx_of(other, entry.call.vm);
     }},
    // RX is in the hands of a call that fills or releases it. [DEN0077A 1.2 §7.2.2]
    {Status::busy,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return of_one_vm(entry, other) && fills_rx_of(entry, entry.call.vm) &&
              (fills_rx_of(other, entry.call.vm) || calls(other, {Fid::rx_release}));
     }},
    // The SPMC has been asked to bind or unbind the same. [DEN0077A 1.2 §16.3, §16.4]
    {Status::denied,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return of_one_vm(entry, other) && binds(entry) && binds(other);
     }},
    // The pages were in a send that then failed. [DEN0077A 1.0 §5.8.1]
    {Status::denied,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       const bool failed = other.end != 0 && ffa::is_error(other.out);
       return of_one_vm(entry, other) && sends(entry) && sends(other) && failed;
     }},
    // Every place for a send in fragments is in the hands of a call. [DEN0077A 1.0 §12.2]
    {Status::no_memory,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return of_one_vm(entry, other) && sends(entry) && calls(other, {Fid::mem_frag_tx});
     }},
    // The send is in the hands of another call, which brings a fragment of it. [DEN0077A 1.0 §12.2]
    {Status::invalid_parameters,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return of_one_vm(entry, other) && calls(entry, {Fid::mem_frag_tx}) &&
              calls(other, {Fid::mem_frag_tx}) &&
              requested_handle(entry.call.in) == requested_handle(other.call.in);
     }},
    // The handle of a send that has pages in its hands is not given out yet. [DEN0077A 1.0 §11.5]
    {Status::invalid_parameters,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return of_one_vm(entry, other) && calls(entry, {Fid::mem_reclaim}) && sends(other) &&
              may_have(other, requested_handle(entry.call.in));
     }},
    // The VM's end has begun, and goes on; or its beginning.
    {Status::denied,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return is_end_of(other, entry.call.vm) || is_beginning_of(other, entry.call.vm);
     }},
    // To the mediator the VM has gone, to the host not yet.
    {Status::not_supported,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return is_end_of(other, entry.call.vm);
     }},
    // The sender was there, and has ended since: what it sent is gone first. [DEN0077A 1.0 §11.4]
    {Status::invalid_parameters,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return calls(entry, {Fid::mem_retrieve_req}) && is_end_of(other, entry.named_vm);
     }},
    // The receiver was there, and has ended since: its RX is gone first. [DEN0077A 1.2 §15.1]
    {Status::busy,
     [](const HistoryEntry& entry, const HistoryEntry& other) {
       return calls(entry, {Fid::msg_send2}) && is_end_of(other, entry.named_vm);
     }},
}};

}  // namespace

bool is_excused(const HistoryEntry& entry, const HistoryEntry& other) {
  if (entry.between_calls || entry.end == 0 || !ffa::is_error(entry.out)) return false;
  if (!overlap(entry, other)) return false;
  const Status status = ffa::error_status(entry.out);
  return std::any_of(excuses.begin(), excuses.end(), [&](const Excuse& excuse) {
    return excuse.status == status && excuse.holds(entry, other);
  });
}

}  // namespace sim::explore
