// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/model_world.hpp"

#include "ffa/buffer_use.hpp"
#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "sim/engine/secure_world.hpp"
#include "tools/ffa-trace/replay/records.hpp"
#include "tools/ffa-trace/replay/stimulus.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

/// Where stimuli come from: the record of the same request, or, for a request that differs, which
/// comparison will tell, one of its function.
const Event* stimulus_for(const Window& window, const ffa::Regs& in, std::optional<size_t> answer) {
  if (answer) return &window.records()[*answer];
  if (window.boot) return nullptr;
  for (const Event& record : window.records()) {
    if (record.in.w(0) == in.w(0)) return &record;
  }
  return nullptr;
}

constexpr uint32_t all_registers = (1U << 18) - 1;

}  // namespace

void ModelWorld::attach(sim::Simulation& simulation) {
  ReplayWorld::attach(simulation);
  for (const sim::SpSpec& sp : simulation.spec().sps) sps_.emplace_back(sp.id);
  // The capture says when the schedule receiver interrupt came, not the model.
  world_ = sim::make_secure_world(simulation.spec(), simulation.machine(), {});
}

ffa::Regs ModelWorld::smc(uint16_t vm, const ffa::Regs& in) {
  Window& window = this->window();
  const size_t number = window.asked.size();
  window.asked.emplace_back().in = in;
  Asked asked;
  asked.in = in;
  asked.from_model = true;
  asked.tx = read_tx(in);
  asked.answer = record_of(window, asked);
  const Event* const stimulus = stimulus_for(window, in, asked.answer);
  if (stimulus != nullptr) notify_before(*stimulus);
  asked.out = answer(vm, in);
  if (stimulus != nullptr) stimulate(asked, stimulus->out);
  if (is(in, ffa::Fid::partition_info_get))
    asked.rx = read_rx(ffa::rx_bytes_written(in, asked.out));
  if (asked.answer) wait_for_return(window, *asked.answer);
  const ffa::Regs out = asked.out;
  window.asked[number] = std::move(asked);
  return out;
}

/// The SPs of the model run to completion. One that was preempted has computed its answer already,
/// and gives it when the captured one did.
ffa::Regs ModelWorld::answer(uint16_t vm, const ffa::Regs& in) {
  if (is(in, ffa::Fid::run)) {
    const auto held = suspended_.extract(in.w(1));
    if (!held.empty()) return held.mapped();
  }
  return world_->smc(vm, in);
}

void ModelWorld::stimulate(Asked& asked, const ffa::Regs& captured) {
  const bool stopped = is(captured, ffa::Fid::interrupt) || is(captured, ffa::Fid::yield);
  if (stopped && payload_of(asked.out) != 0) {
    suspended_[captured.w(1)] = asked.out;
    asked.out = captured;
    asked.stimulus = all_registers;
    ++stimuli_["preemptions"];
    return;
  }
  asked.stimulus = lay_over(asked.out, captured);
  if (asked.stimulus != 0) ++stimuli_["payloads"];
}

/// A record shows that SPs have set notifications by now. Where it does not tell which, one that is
/// bound stands in for them until the VM fetches others.
void ModelWorld::notify_before(const Event& record) {
  spmc_model::Spmc* const spmc = world_->model();
  if (spmc == nullptr) return;
  for (const Notified& notified : notified_by(record)) {
    if (notified.bitmap) {
      withdraw_stand_ins(notified.vm, *notified.bitmap);
      notify(notified.vm, *notified.bitmap);
    } else if ((spmc->pending_notifications(notified.vm) & notified.among) == 0) {
      const uint64_t bound = spmc->bound_notifications(notified.vm) & notified.among;
      const uint64_t lowest = bound & (~bound + 1);
      stand_ins_[notified.vm.raw()] |= lowest;
      notify(notified.vm, lowest);
    }
  }
}

/// The VM fetches notifications: those that stood in for them and are not among them never came.
void ModelWorld::withdraw_stand_ins(ffa::EndpointId vm, uint64_t fetched) {
  const auto stand_ins = stand_ins_.extract(vm.raw());
  const uint64_t absent = stand_ins.empty() ? 0 : stand_ins.mapped() & ~fetched;
  if (fetched == 0 || absent == 0) return;
  const uint64_t others = world_->model()->pending_notifications(vm) & ~absent;
  const ffa::NotificationGet all{ffa::VcpuId{0}, vm, ffa::NotificationGet::from_sps};
  (void)world_->smc(ffa::hypervisor_id.raw(), all.encode());
  notify(vm, others);
}

void ModelWorld::notify(ffa::EndpointId vm, uint64_t bitmap) {
  spmc_model::Spmc& spmc = *world_->model();
  for (unsigned bit = 0; bit < 64; ++bit) {
    const uint64_t one = bitmap & ~spmc.pending_notifications(vm) & uint64_t{1} << bit;
    if (one == 0) continue;
    for (const ffa::EndpointId sp : sps_) {
      if (spmc.set_notification(sp, vm, one) != ffa::Status::success) continue;
      ++stimuli_["notifications"];
      break;
    }
  }
}

}  // namespace ffa_trace
