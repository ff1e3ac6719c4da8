// SPDX-License-Identifier: BSD-3-Clause
// What is refused for good, since it waits for what nobody owes the caller: a direct request to a
// VM, none of whose vCPUs waits for one [DEN0077A 1.2 §8.4]; what needs buffers that a VM does not
// map [§7.2.2]; a message to an SP that does not read the last one [§15.1]; the rest of a list that
// has changed [§13.9].
#include "sim/check/progress_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "ffa/calls.hpp"
#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "ffa/wire/message.hpp"

namespace sim::check {
namespace {

using ffa::Fid;
using ffa::is_function;
using VcpuKey = std::pair<uint16_t, uint16_t>;  // VM and vCPU

/// How often an SP may be stopped in one request. A scenario may ask for more than any real one.
constexpr uint32_t max_runs = 10000;
/// How often a call is made again, each time after all have done their duty.
constexpr uint32_t max_attempts = 3;

bool is_refused_for_now(const ffa::Regs& out) {
  if (!ffa::is_error(out)) return false;
  const ffa::Status status = ffa::error_status(out);
  return status == ffa::Status::busy || status == ffa::Status::retry;
}

bool is_request_to_vm(const ffa::Regs& in) {
  return is_direct_request(in) && !ffa::EndpointId{static_cast<uint16_t>(in.w(1))}.is_secure();
}

bool is_rest_of_list(const ffa::Regs& in) {
  const auto query = ffa::PartitionInfoGetRegs::decode(in);
  return is_function(in, Fid::partition_info_get_regs) && query.ok() && query->start_index != 0;
}

/// Of a message: in the header in TX.
std::optional<ffa::EndpointId> receiver_of(const trace::Event& event) {
  constexpr size_t place = offsetof(ffa::wire::PartitionMessageV1_2, receiver);
  if (!is_function(event.in, Fid::msg_send2) || event.tx.size() < place + 2) return {};
  const uint32_t id = event.tx[place] | uint32_t{event.tx[place + 1]} << 8;
  return ffa::EndpointId{static_cast<uint16_t>(id)};
}

bool is_stopped(const ffa::Regs& out) {
  return is_function(out, Fid::interrupt) || is_function(out, Fid::yield);
}

uint32_t conduit_of(const trace::Event& event) {
  return event.conduit == "hvc" ? FFA_SIM_HVC : FFA_SIM_SMC;
}

/// What a run has left behind.
struct Left {
  std::map<VcpuKey, trace::Event> stopped;  ///< the last call of a vCPU whose request is stopped
  std::vector<trace::Event> refused;

  void note(const trace::Event& event) {
    if (event.side == trace::Side::lifecycle && event.op == "free") {
      std::erase_if(stopped, [&](const auto& one) { return one.first.first == event.vm; });
      std::erase_if(refused, [&](const trace::Event& one) { return one.vm == event.vm; });
    }
    if (event.side != trace::Side::guest || event.seq_ret == 0) return;
    const bool requests = is_direct_request(event.in) || is_function(event.in, Fid::run);
    if (requests && is_stopped(event.out)) {
      stopped.insert_or_assign(VcpuKey{event.vm, event.vcpu}, event);
    } else if (requests && !ffa::is_error(event.out)) {
      stopped.erase({event.vm, event.vcpu});
    }
    if (!is_refused_for_now(event.out)) return;
    if (is_request_to_vm(event.in) || is_rest_of_list(event.in)) return;
    const bool known = std::any_of(refused.begin(), refused.end(), [&](const trace::Event& one) {
      return one.vm == event.vm && one.vcpu == event.vcpu && one.in.x == event.in.x &&
             one.tx == event.tx;
    });
    if (!known) refused.push_back(event);
  }
};

class Progress {
 public:
  Progress(Simulation& simulation, const GuestStates& guests, Left left)
      : simulation_(simulation), guests_(guests), left_(std::move(left)) {}

  void check() {
    do_duties();
    for (const trace::Event& call : left_.refused) {
      if (simulation_.can_call(call.vm, call.vcpu) && has_buffers_for(call)) retry(call);
    }
  }

 private:
  ffa::Regs call(uint16_t vm, uint16_t vcpu, uint32_t conduit, const ffa::Regs& in) {
    ffa::Regs regs = in;
    simulation_.guest_call(vm, vcpu, conduit, regs);
    return regs;
  }

  bool has_buffers_for(const trace::Event& call) const {
    const auto receiver = receiver_of(call);
    if (receiver && receiver->is_secure()) return false;
    if (receiver && guests_.of(receiver->raw()).buffer_pages == 0) return false;
    return guests_.of(call.vm).buffer_pages != 0 || is_direct_request(call.in);
  }

  void do_duties() {
    for (auto& [vcpu, stopped] : std::exchange(left_.stopped, {})) run_on(stopped);
    for (const VmSpec& vm : simulation_.spec().vms) {
      const uint16_t id = vm.config.id.raw();
      if (guests_.of(id).buffer_pages == 0 || !simulation_.can_call(id, 0)) continue;
      call(id, 0, FFA_SIM_SMC, ffa::RxRelease{}.encode());
    }
  }

  void run_on(const trace::Event& stopped) {
    if (!simulation_.can_call(stopped.vm, stopped.vcpu)) return;
    ffa::Regs out = stopped.out;
    for (uint32_t runs = 0; is_stopped(out); ++runs) {
      if (runs == max_runs) return report(stopped, "is stopped still", out);
      ffa::Regs run;
      run.x[0] = ffa::fid32(Fid::run);
      run.x[1] = out.x[1];
      out = call(stopped.vm, stopped.vcpu, conduit_of(stopped), run);
    }
  }

  void retry(const trace::Event& refused) {
    ffa::Regs out;
    for (uint32_t attempt = 0; attempt < max_attempts; ++attempt) {
      if (!refused.tx.empty()) {
        simulation_.machine().write_ipa(refused.vm, guests_.of(refused.vm).tx_ipa,
                                        std::as_bytes(std::span{refused.tx}));
      }
      out = call(refused.vm, refused.vcpu, conduit_of(refused), refused.in);
      if (is_stopped(out)) left_.stopped[{refused.vm, refused.vcpu}] = refused;
      if (is_stopped(out)) left_.stopped[{refused.vm, refused.vcpu}].out = out;
      if (!is_refused_for_now(out)) return;
      do_duties();
    }
    report(refused, "is refused still", out);
  }

  void report(const trace::Event& event, const char* how, const ffa::Regs& out) {
    const char* const name = ffa::fid_name(ffa::FunctionId{event.in.x[0]}.raw);
    const std::string answer = ffa::is_error(out) ? ffa::status_name(ffa::error_status(out))
                                                  : ffa::fid_name(ffa::FunctionId{out.x[0]}.raw);
    simulation_.report(
        "I33",
        fmt::format("VM {}.{} {}: when all is over, and every VM has done its duty, it {}: {}",
                    event.vm, event.vcpu, name != nullptr ? name : "?", how, answer));
  }

  Simulation& simulation_;
  const GuestStates& guests_;
  Left left_;
};

}  // namespace

void check_progress(Simulation& simulation, std::span<const trace::Event> events,
                    const GuestStates& guests) {
  Left left;
  for (const trace::Event& event : events) left.note(event);
  if (left.stopped.empty() && left.refused.empty()) return;
  std::vector<trace::Event> trace{events.begin(), events.end()};
  simulation.swap_events(trace);
  simulation.stop_faults();
  Progress{simulation, guests, std::move(left)}.check();
}

}  // namespace sim::check
