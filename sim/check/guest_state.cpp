// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/guest_state.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "ffa/wire/message.hpp"

namespace sim::check {

using ffa::Fid;
using ffa::is_function;

namespace {

/// When the SPMC answered with success to the SMC of which `is` is true; nothing: there was none.
template <class Is>
std::optional<uint64_t> done_at(GuestStates::Smcs smcs, Is is) {
  const auto smc = std::find_if(smcs.begin(), smcs.end(), [&](const trace::Event* each) {
    return ffa::is_success(each->out) && is(*each);
  });
  if (smc == smcs.end()) return {};
  return (*smc)->seq_ret;
}

}  // namespace

uint64_t requested_handle(const ffa::Regs& in) { return uint64_t{in.w(2)} << 32 | in.w(1); }
uint64_t answered_handle(const ffa::Regs& out) { return uint64_t{out.w(3)} << 32 | out.w(2); }

bool is_memory_send(const ffa::Regs& in) {
  return is_function(in, Fid::mem_share) || is_function(in, Fid::mem_lend) ||
         is_function(in, Fid::mem_donate);
}

bool is_send_part(const ffa::Regs& in) {
  return is_memory_send(in) || is_function(in, Fid::mem_frag_tx);
}

bool is_direct_request(const ffa::Regs& in) {
  return is_function(in, Fid::msg_send_direct_req) || is_function(in, Fid::msg_send_direct_req2);
}

bool is_version_call(const ffa::Regs& in) {
  return ffa::FunctionId{in.x[0]}.raw == ffa::fid32(Fid::version);
}

std::optional<ffa::EndpointId> receiver_of(const ffa::Regs& in, std::span<const uint8_t> tx) {
  constexpr size_t place = offsetof(ffa::wire::PartitionMessageV1_2, receiver);
  if (!is_function(in, Fid::msg_send2) || tx.size() < place + 2) return {};
  return ffa::EndpointId{static_cast<uint16_t>(tx[place] | tx[place + 1] << 8)};
}

bool carries_description(const trace::Event& event) {
  return (is_function(event.in, Fid::mem_retrieve_req) &&
          is_function(event.out, Fid::mem_retrieve_resp)) ||
         (is_function(event.in, Fid::mem_frag_rx) && is_function(event.out, Fid::mem_frag_tx));
}

const GuestState& GuestStates::of(uint16_t vm) const {
  static const GuestState unknown;
  const auto it = vms_.find(vm);
  return it == vms_.end() ? unknown : it->second;
}

std::optional<uint16_t> GuestStates::owner(uint64_t handle) const {
  const auto it = handles_.find(handle);
  if (it == handles_.end()) return std::nullopt;
  return it->second.owner;
}

bool GuestStates::freed_since(uint16_t vm, uint64_t seq) const {
  const auto freed = freed_at_.find(vm);
  return freed != freed_at_.end() && freed->second > seq;
}

bool GuestStates::reclaimed_since(uint64_t handle, uint64_t seq) const {
  const auto reclaimed = reclaimed_at_.find(handle);
  return reclaimed != reclaimed_at_.end() && reclaimed->second > seq;
}

bool GuestStates::version_unsure(uint16_t vm, uint64_t seq) const {
  return of(vm).versions.any_since(seq) || freed_since(vm, seq);
}

void GuestStates::update_version(GuestState& vm, const trace::Event& event) {
  if (!is_version_call(event.in)) {
    const bool fixes =
        ffa::FunctionId{event.in.x[0]}.in_ffa_range() && !is_function(event.in, Fid::interrupt);
    if (fixes && vm.version != ffa::Version{}) vm.latched = true;
    return;
  }
  vm.versions.end(event);
  if (vm.latched || (event.out.w(0) >> 31) != 0) return;
  const ffa::Version asked{event.in.w(1)};
  const ffa::Version answered{event.out.w(0)};
  // The lower of the two governs; of another major number, the callee's own. [DEN0077A 1.2 §13.2]
  vm.version = asked.major() == answered.major() ? std::min(asked, answered) : answered;
}

void GuestStates::update_buffers(GuestState& vm, const trace::Event& event) {
  if (carries_description(event)) vm.owns_rx = true;
  if (!ffa::is_success(event.out)) return;
  const bool wide = ffa::FunctionId{event.in.x[0]}.is_smc64();
  if (is_function(event.in, Fid::rxtx_map)) {
    vm.tx_ipa = wide ? event.in.x[1] : event.in.w(1);
    vm.rx_ipa = wide ? event.in.x[2] : event.in.w(2);
    vm.buffer_pages = event.in.w(3) & 0x3f;
    vm.owns_rx = false;
  } else if (is_function(event.in, Fid::rxtx_unmap)) {
    vm.buffer_pages = 0;
    vm.owns_rx = false;
  } else if (is_function(event.in, Fid::partition_info_get)) {
    if ((event.in.w(5) & 1U) == 0) vm.owns_rx = true;
  } else if (is_function(event.in, Fid::rx_release)) {
    vm.owns_rx = false;
  }
}

// The SPMC uses handles again, and calls that run at once may return in another order than the SPMC
// answered in: of a handle that was given out and reclaimed, the later is true.
void GuestStates::update_handles(const trace::Event& event, bool alone, Smcs smcs) {
  if (!ffa::is_success(event.out)) return;
  if (is_send_part(event.in)) {
    const uint64_t handle = answered_handle(event.out);
    const auto gives = [&](const trace::Event& smc) {
      return is_send_part(smc.in) && answered_handle(smc.out) == handle;
    };
    const uint64_t given_at = done_at(smcs, gives).value_or(event.seq_ret);
    const auto reclaimed = reclaimed_at_.find(handle);
    if (reclaimed != reclaimed_at_.end() && reclaimed->second > given_at) return;
    handles_[handle] = {event.vm, given_at};
  } else if (is_function(event.in, Fid::mem_reclaim)) {
    const uint64_t handle = requested_handle(event.in);
    const auto reclaims = [&](const trace::Event& smc) {
      return is_function(smc.in, Fid::mem_reclaim) && requested_handle(smc.in) == handle;
    };
    const uint64_t reclaimed_at = done_at(smcs, reclaims).value_or(event.seq_ret);
    if (!alone) reclaimed_at_[handle] = reclaimed_at;
    const auto live = handles_.find(handle);
    if (live != handles_.end() && live->second.given_at < reclaimed_at) handles_.erase(live);
  }
}

void GuestStates::update_requests(GuestState& vm, const trace::Event& event) {
  const bool is_run = is_function(event.in, Fid::run);
  if (!is_run && !is_direct_request(event.in)) return;
  const bool unfinished =
      is_function(event.out, Fid::interrupt) || is_function(event.out, Fid::yield);
  const bool answered = is_function(event.out, Fid::msg_send_direct_resp) ||
                        is_function(event.out, Fid::msg_send_direct_resp2);
  // An error that came from the secure side ends the request, unless it only asks for patience.
  const ffa::Status status = ffa::error_status(event.out);
  const bool patience = status == ffa::Status::busy || status == ffa::Status::retry ||
                        status == ffa::Status::interrupted;
  const bool failed = is_run && ffa::is_error(event.out) && event.rule.empty() && !patience;
  const bool finished = answered || failed;
  if (unfinished && is_direct_request(event.in)) {
    vm.waits_for[event.vcpu] = static_cast<uint16_t>(event.in.w(1));
  } else if (finished) {
    vm.waits_for.erase(event.vcpu);
  }
}

void GuestStates::update(const trace::Event& event, bool alone, Smcs smcs) {
  if (event.side == trace::Side::lifecycle && event.op == "free") {
    vms_.erase(event.vm);
    std::erase_if(handles_, [&](const auto& entry) { return entry.second.owner == event.vm; });
    freed_at_[event.vm] = event.seq;
    return;
  }
  if (event.side != trace::Side::guest || freed_since(event.vm, event.seq)) return;
  GuestState& vm = vms_[event.vm];
  if (alone) reclaimed_at_.clear();  // whatever begins from now on begins later than those
  update_version(vm, event);
  update_buffers(vm, event);
  update_handles(event, alone, smcs);
  update_requests(vm, event);
  if (!alone) {
    const bool buffers =
        is_function(event.in, Fid::rxtx_map) || is_function(event.in, Fid::rxtx_unmap);
    vm.buffers_unsure = vm.buffers_unsure || buffers;
    vm.owns_rx.reset();
  }
  const auto receiver = receiver_of(event.in, event.tx);
  if (!receiver || !ffa::is_success(event.out)) return;
  const auto found = vms_.find(receiver->raw());
  if (found == vms_.end()) return;
  found->second.owns_rx = alone ? std::optional{true} : std::nullopt;
}

void GuestStates::settle(uint16_t vm, const GuestState& present) {
  const auto found = vms_.find(vm);
  if (found == vms_.end()) return;
  found->second.version = present.version;
  found->second.latched = present.latched;
  found->second.owns_rx = present.owns_rx;
  if (!std::exchange(found->second.buffers_unsure, false)) return;
  found->second.tx_ipa = present.tx_ipa;
  found->second.rx_ipa = present.rx_ipa;
  found->second.buffer_pages = present.buffer_pages;
}

void GuestStates::begin(const trace::Event& event) {
  if (event.side == trace::Side::guest && is_version_call(event.in)) {
    vms_[event.vm].versions.begin();
  }
  const auto vm = vms_.find(event.vm);
  if (vm != vms_.end() && is_function(event.in, Fid::msg_wait)) vm->second.owns_rx.reset();
}

}  // namespace sim::check
