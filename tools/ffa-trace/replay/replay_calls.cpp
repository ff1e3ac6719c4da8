// SPDX-License-Identifier: BSD-3-Clause
// Guest calls of a replay.
#include <fmt/format.h>

#include <span>

#include "ffa/buffer_use.hpp"
#include "tools/ffa-trace/replay/records.hpp"
#include "tools/ffa-trace/replay/replay_run.hpp"

namespace ffa_trace {

using ffa::Fid;
using sim::trace::Event;

void ReplayRun::guest_call(Event event) {
  activities_.end_inferred(event);
  settle();
  guest_seen_ = true;
  if (!mode_.own && !vms_[event.vm].created) create_untold(event);
  const VmState& vm = vms_[event.vm];
  Activity& call = activities_.open(ActivityKind::call, event.vm, std::move(event));
  call.subject.call = call.first.in;
  call.subject.guest_version = vm.version;
  call.answer.out = call.first.in;
  read_stimulus(call);
  if (mode_.bare) call.window.add(call.first);  // what the SPMC itself said
  if (is(call.first.in, Fid::partition_info_get_regs)) rewrite_tag(call.answer.out);
  write_tx(call);
  start(call, fmt::format("vm{}.{}", call.vm, call.first.vcpu), [this, &call, &vm] {
    const auto conduit = call.first.conduit == "hvc" ? FFA_SIM_HVC : FFA_SIM_SMC;
    const auto stay = [this, &call] {
      call.served = true;
      simulation_->wait_until([&call] { return call.ended; });
    };
    simulation_->guest_call(call.vm, call.first.vcpu, conduit, call.answer.out, stay);
    call.answer.rx = read_rx(call.first, vm, call.answer.out);
    ++calls_returned_;
  });
}

/// Of a capture whose SPMC is told nothing of VMs.
void ReplayRun::create_untold(const Event& event) {
  Activity& activity = activities_.open(ActivityKind::create, event.vm, event);
  activity.window.boot = true;
  ++comparison_.counts().stimuli;
  create(activity);
  end(activity);
  settle();
}

void ReplayRun::write_tx(const Activity& call) {
  if (call.first.tx.empty()) return;
  const uint64_t ipa = vms_[call.vm].tx_ipa;
  const auto bytes = std::as_bytes(std::span<const uint8_t>(call.first.tx));
  if (simulation_->machine().write_ipa(call.vm, ipa, bytes)) return;
  // Taken away while another call's message is read there: restore_tx() writes what this one reads.
  if (simulation_->machine().withdrawn_pages(call.vm) != 0) return;
  comparison_.diverge(call.subject, "world", "tx", "a TX buffer to write to",
                      fmt::format("nothing at {:#x}", ipa));
}

/// Calls of one VM that overlap have one TX: each reads from it what it did in the capture, even
/// where the VM can't write meanwhile.
void ReplayRun::restore_tx(uint64_t offset, uint64_t length, uint64_t pa) {
  const Activity* const call = activity_of(simulation_->current_task());
  if (call == nullptr || call->kind != ActivityKind::call) return;
  const auto tx = std::as_bytes(std::span<const uint8_t>(call->first.tx));
  if (offset >= tx.size()) return;
  const auto bytes = tx.subspan(offset, std::min<uint64_t>(length, tx.size() - offset));
  simulation_->machine().write_pa(pa, bytes);
}

void ReplayRun::rewrite_tag(ffa::Regs& in) const {
  const auto captured = static_cast<uint16_t>(in.x[3] >> 16);
  in.x[3] = (in.x[3] & ~uint64_t{0xffff0000}) | static_cast<uint64_t>(tags_.ours(captured)) << 16;
}

/// What our mediator says it put into RX.
std::vector<uint8_t> ReplayRun::read_rx(const Event& event, const VmState& vm,
                                        const ffa::Regs& out) {
  const uint64_t length = ffa::rx_bytes_written(event.in, out);
  std::vector<uint8_t> rx(std::min<uint64_t>(length, 64 * ffa::page_size));
  const auto bytes = std::as_writable_bytes(std::span<uint8_t>(rx));
  if (!simulation_->machine().read_ipa(event.vm, vm.rx_ipa, bytes)) return {};
  return rx;
}

/// What the captured call changed for later ones.
void ReplayRun::follow(const Event& event, VmState& vm) {
  if (is(event.in, Fid::version) && is_version(event.out)) {
    vm.version = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
  }
  if (is(event.in, Fid::rxtx_map) && ffa::is_success(event.out)) {
    const bool wide = ffa::FunctionId{event.in.x[0]}.is_smc64();
    vm.tx_ipa = wide ? event.in.x[1] : event.in.w(1);
    vm.rx_ipa = wide ? event.in.x[2] : event.in.w(2);
  }
}

}  // namespace ffa_trace
