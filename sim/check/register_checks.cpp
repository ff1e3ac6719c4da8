// SPDX-License-Identifier: BSD-3-Clause
// I23, I24, I25: what a guest finds in its registers. [DEN0077A 1.2 §11.2, chapter 12; SMCCC 1.3
// §2.6]
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"
#include "sim/machine/canary.hpp"
#include "sim/platform/fault_kinds.hpp"

namespace sim::check {

namespace {

using ffa::Fid;
using ffa::is_function;

// Registers that an answer may use, one bit each; x0 always.
constexpr uint32_t registers(std::initializer_list<unsigned> numbers) {
  uint32_t mask = 1;
  for (const unsigned n : numbers) mask |= 1U << n;
  return mask;
}
constexpr uint32_t up_to(unsigned last) { return (2U << last) - 1; }

uint32_t results_of(const trace::Event& event) {
  const ffa::Regs& in = event.in;
  if (is_version_call(in)) return registers({});
  if (ffa::is_error(event.out)) return registers({1, 2});
  if (is_function(event.out, Fid::interrupt)) return registers({1, 2});
  if (is_function(event.out, Fid::yield)) return registers({1, 2, 3});
  if (is_function(event.out, Fid::msg_send_direct_resp)) return up_to(7);
  if (is_function(event.out, Fid::msg_send_direct_resp2)) return up_to(17);
  if (is_function(event.out, Fid::msg_send_direct_req)) return up_to(7);
  if (is_function(event.out, Fid::msg_send_direct_req2)) return up_to(17);
  if (is_function(event.out, Fid::run)) return registers({1});
  if (is_function(in, Fid::features)) return registers({2, 3});
  if (is_function(in, Fid::id_get) || is_function(in, Fid::spm_id_get)) return registers({2});
  if (is_function(in, Fid::partition_info_get)) return registers({2, 3});
  if (is_function(in, Fid::partition_info_get_regs)) return up_to(17);
  // The next fragment is asked for: handle, offset, sender. Otherwise the handle.
  if (is_function(event.out, Fid::mem_frag_rx)) return registers({1, 2, 3, 4});
  if (is_memory_send(in) || is_function(in, Fid::mem_frag_tx)) return registers({2, 3});
  if (is_function(event.out, Fid::mem_frag_tx)) return registers({1, 2, 3, 4});
  if (is_function(in, Fid::mem_retrieve_req)) return registers({1, 2});
  if (is_function(in, Fid::notification_get)) return up_to(7);
  if (is_function(in, Fid::notification_info_get)) return up_to(7);
  return registers({});
}

/// I23: registers that an answer does not use are zero; which of them change at all depends on the
/// call's width.
class RegisterDiscipline final : public CheckerOf<RegisterDiscipline> {
 public:
  std::string id() const override { return "I23"; }
  void after(const Step& step) override {
    if (!step.is_ffa()) return;
    const trace::Event& event = step.event;
    const uint32_t used = results_of(event);
    for (unsigned n = 1; n < 8; ++n) {
      if ((used >> n & 1U) == 0 && event.out.x[n] != 0) {
        report(step, fmt::format("x{} is {:#x}, not zero", n, event.out.x[n]));
        return;
      }
    }
    if (!ffa::FunctionId{event.out.x[0]}.is_smc64() || is_version_call(event.in)) {
      check_upper_halves(step);
    }
    check_extended(step, used);
  }

 private:
  void check_upper_halves(const Step& step) const {
    for (unsigned n = 0; n < 8; ++n) {
      if (step.event.out.x[n] >> 32 == 0) continue;
      report(step, fmt::format("bits 63:32 of x{} are not zero: {:#x}", n, step.event.out.x[n]));
      return;
    }
  }

  void check_extended(const Step& step, uint32_t used) const {
    const trace::Event& event = step.event;
    if (step.gone()) return;  // and its version with it
    // A 1.2 message fills them, whatever call it ends.
    const bool message = is_function(event.out, Fid::msg_send_direct_req2) ||
                         is_function(event.out, Fid::msg_send_direct_resp2);
    const bool may_be_wide = message || ffa::FunctionId{event.in.x[0]}.is_smc64();
    if (may_be_wide && step.guests.version_unsure(event.vm, event.seq)) return;
    const bool wide = may_be_wide && step.guest().version >= ffa::v1_2;
    for (unsigned n = 8; n < event.out.x.size(); ++n) {
      if (wide && (used >> n & 1U) != 0) continue;
      const uint64_t expected = wide ? 0 : event.in.x[n];
      if (event.out.x[n] == expected) continue;
      report(step, fmt::format("x{} is {:#x}, {:#x} expected", n, event.out.x[n], expected));
      return;
    }
  }
};

/// I24: no register carries bytes of another owner.
class RegisterTaint final : public CheckerOf<RegisterTaint> {
 public:
  std::string id() const override { return "I24"; }
  void after(const Step& step) override {
    if (!step.is_guest()) return;
    const PageOwner mine = owned_by(step.event.vm);
    for (unsigned n = 0; n < step.event.out.x.size(); ++n) {
      const uint64_t value = step.event.out.x[n];
      if (value == step.event.in.x[n]) continue;
      const bool low = is_foreign_canary(static_cast<uint32_t>(value), mine, mine);
      const bool high = is_foreign_canary(static_cast<uint32_t>(value >> 32), mine, mine);
      if (low || high) {
        report(step, fmt::format("x{} holds bytes of someone else: {:#x}", n, value));
        return;
      }
    }
  }
};

/// I25: FFA_ERROR carries a status that the function can have.
class ErrorCodes final : public CheckerOf<ErrorCodes> {
 public:
  std::string id() const override { return "I25"; }
  void after(const Step& step) override {
    if (!step.is_ffa() || is_version_call(step.event.in)) return;
    if (!ffa::is_error(step.event.out)) return;
    const auto value = static_cast<int32_t>(step.event.out.w(2));
    if (value >= 0 || value < static_cast<int32_t>(ffa::Status::no_data)) {
      report(step,
             fmt::format("w2 of FFA_ERROR is {:#x}, which is no status", step.event.out.w(2)));
      return;
    }
    const auto status = static_cast<ffa::Status>(value);
    if (allowed(step.event.in, status) || relayed(step, status)) return;
    if (status == ffa::Status::denied && step.not_live()) return;
    // For a step of the VM's life that went on beside the call, and may be over.
    if (status == ffa::Status::denied && !step.alone && step.event.rule == "gen_vm_alive") return;
    // The table of FFA_MEM_RELINQUISH has no word for TX that is being read for another vCPU.
    if (status == ffa::Status::busy && step.event.rule == "tx_free") return;
    report(step,
           fmt::format("answers {}, which this function does not have", ffa::status_name(status)));
  }

 private:
  // What the SPMC answered in this call, or a fault put into its mouth or the platform's, may be
  // handed on.
  static bool relayed(const Step& step, ffa::Status status) {
    const bool from_spmc =
        std::any_of(step.smcs.begin(), step.smcs.end(), [&](const trace::Event* smc) {
          const bool in_payload = is_function(smc->out, Fid::msg_send_direct_resp);
          return (ffa::is_error(smc->out) && ffa::error_status(smc->out) == status) || in_payload;
        });
    const auto& faults = step.scene.spec().faults;
    return from_spmc || std::any_of(faults.begin(), faults.end(), [&](const FaultSpec& fault) {
             const auto legal = legal_statuses(fault.op, {});
             return fault.status == static_cast<int32_t>(status) ||
                    (fault.chosen_status && std::ranges::find(legal, status) != legal.end());
           });
  }

  static bool one_of(ffa::Status status, std::initializer_list<ffa::Status> set) {
    return std::find(set.begin(), set.end(), status) != set.end();
  }

  static bool allowed(const ffa::Regs& in, ffa::Status status) {
    using enum ffa::Status;
    if (status == not_supported) return true;
    if (is_function(in, Fid::features) || is_function(in, Fid::id_get) ||
        is_function(in, Fid::spm_id_get)) {
      return false;
    }
    if (is_function(in, Fid::rxtx_map))
      return one_of(status, {invalid_parameters, no_memory, denied});
    if (is_function(in, Fid::rxtx_unmap)) return one_of(status, {invalid_parameters, denied, busy});
    if (is_function(in, Fid::rx_release)) return one_of(status, {invalid_parameters, denied});
    if (is_function(in, Fid::partition_info_get)) {
      return one_of(status, {invalid_parameters, no_memory, busy, denied});
    }
    if (is_function(in, Fid::partition_info_get_regs))
      return one_of(status, {invalid_parameters, retry});
    if (is_function(in, Fid::notification_info_get)) return status == no_data;
    if (is_function(in, Fid::notification_get)) return status == invalid_parameters;
    if (is_function(in, Fid::notification_bind) || is_function(in, Fid::notification_unbind) ||
        is_function(in, Fid::notification_set)) {
      return one_of(status, {invalid_parameters, denied});
    }
    if (is_direct_request(in) || is_function(in, Fid::run)) {
      return one_of(status, {invalid_parameters, denied, busy, aborted});
    }
    if (is_function(in, Fid::msg_send2)) {
      return one_of(status, {invalid_parameters, denied, busy, no_memory, aborted});
    }
    if (is_function(in, Fid::yield)) return one_of(status, {invalid_parameters, denied, aborted});
    if (is_send_part(in) || is_function(in, Fid::mem_frag_rx) ||
        is_function(in, Fid::mem_retrieve_req)) {
      return one_of(status, {invalid_parameters, denied, no_memory, busy, aborted});
    }
    if (is_function(in, Fid::mem_reclaim) || is_function(in, Fid::mem_relinquish)) {
      return one_of(status, {invalid_parameters, denied, no_memory, aborted});
    }
    return one_of(status, {invalid_parameters, denied});
  }
};

}  // namespace

void add_register_checkers(CheckerList& list) {
  list.push_back(std::make_unique<RegisterDiscipline>());
  list.push_back(std::make_unique<RegisterTaint>());
  list.push_back(std::make_unique<ErrorCodes>());
}

}  // namespace sim::check
