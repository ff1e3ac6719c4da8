// SPDX-License-Identifier: BSD-3-Clause
// I26, I28: version negotiation comes first and once; a direct request tells who sends it, one at a
// time.
#include <fmt/format.h>

#include <map>
#include <utility>

#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"

namespace sim::check {

namespace {

using ffa::Fid;
using ffa::is_function;

/// I26: only FFA_VERSION before negotiation; then the version is fixed. [DEN0077A 1.2 §13.2]
class VersionFirst final : public CheckerOf<VersionFirst> {
 public:
  std::string id() const override { return "I26"; }
  bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    if (step.event.side == trace::Side::lifecycle && step.event.op == "free") {
      fixed_.erase(step.event.vm);
      return;
    }
    if (!step.is_ffa()) return;
    if (!step.alone) {
      // A call that overlaps a negotiation may have fixed either version.
      const auto fixed = fixed_.find(step.event.vm);
      if (fixed != fixed_.end() && !fixed->second.latched) fixed_.erase(fixed);
      return;
    }
    const GuestState& guest = step.guest();
    const bool too_early = guest.version == ffa::Version{} && !is_version_call(step.event.in);
    if (too_early) check_refused(step);
    check_fixed(step, guest);
  }

 private:
  void check_refused(const Step& step) const {
    const bool error = ffa::is_error(step.event.out);
    const ffa::Status status = ffa::error_status(step.event.out);
    if (error && status == ffa::Status::not_supported) return;
    // Refused for what comes before the version: the VM is not there yet, or no more.
    if (error && status == ffa::Status::denied && step.not_live()) return;
    report(step, "is served before FFA_VERSION");
  }

  void check_fixed(const Step& step, const GuestState& guest) {
    const auto vm = step.facts.vms.find(step.event.vm);
    if (vm == step.facts.vms.end()) return;
    const uint32_t present = vm->second.fact.version;
    const auto fixed = fixed_.find(step.event.vm);
    if (guest.latched && fixed != fixed_.end() && fixed->second.version != present) {
      report(step, fmt::format("changes the version from {:#x} to {:#x} after other calls",
                               fixed->second.version, present));
    }
    fixed_[step.event.vm] = {present, guest.latched};
  }

  struct Fixed {
    uint32_t version = 0;
    bool latched = false;  // by another call
  };
  std::map<uint16_t, Fixed> fixed_;  // VM -> version as the mediator has it
};

/// I28: the sender is the caller, the answer goes back to it, and a vCPU has one unfinished
/// request. A VM answers only whom it got a request of.
class DirectMessages final : public CheckerOf<DirectMessages> {
 public:
  std::string id() const override { return "I28"; }
  void after(const Step& step) override {
    if (!step.is_guest()) return;
    for (const trace::Event* smc : step.smcs) {
      if (is_direct_request(smc->in)) check_request(step, *smc);
      if (is_function(smc->in, Fid::run)) check_run(step, *smc);
    }
    check_answer(step);
    check_served(step);
  }

 private:
  void check_request(const Step& step, const trace::Event& smc) const {
    const auto sender = static_cast<uint16_t>(smc.in.w(1) >> 16);
    const bool framework =
        is_function(smc.in, Fid::msg_send_direct_req) && (smc.in.w(2) >> 31) != 0;
    if (framework) report(step, "a VM's call ends in a framework message");
    if (sender != step.event.vm && !framework) {
      report(step, fmt::format("the SP is told that {:#x} sends the request", sender));
    }
    const auto& waits = step.guest().waits_for;
    if (waits.contains(step.event.vcpu))
      report(step, "sends a second request of a vCPU that waits");
  }

  void check_run(const Step& step, const trace::Event& smc) const {
    // The mediator goes on with a request of its own, or the VM's end with another vCPU's.
    const bool ends = step.gone() || (!step.alone && step.not_live());
    if (!is_function(step.event.in, Fid::run) || ends) return;
    const auto target = static_cast<uint16_t>(smc.in.w(1) >> 16);
    const auto& waits = step.guest().waits_for;
    const auto waiting = waits.find(step.event.vcpu);
    if (waiting == waits.end() || waiting->second != target) {
      report(step, fmt::format("runs {:#x}, for which this vCPU does not wait", target));
    }
  }

  /// What a VM as server was asked, and whom it answers.
  void check_served(const Step& step) {
    const trace::Event& event = step.event;
    const std::pair<uint16_t, uint16_t> who{event.vm, event.vcpu};
    const bool responds = is_function(event.in, Fid::msg_send_direct_resp) ||
                          is_function(event.in, Fid::msg_send_direct_resp2);
    if (responds && step.is_ffa() && !ffa::is_error(event.out)) {
      const auto client = clients_.find(who);
      const bool asked =
          client != clients_.end() && client->second == static_cast<uint16_t>(event.in.w(1));
      if (!asked) report(step, "answers who did not ask");
      clients_.erase(who);
    }
    if (!is_direct_request(event.out)) return;
    const auto sender = static_cast<uint16_t>(event.out.w(1) >> 16);
    const bool framework = is_function(event.out, Fid::msg_send_direct_req) && event.out.w(2) != 0;
    if (static_cast<uint16_t>(event.out.w(1)) != event.vm || framework) {
      report(step, fmt::format("gets a request that is none for it: {:#x}", event.out.w(1)));
    }
    if (sender == event.vm || (sender & 0x8000U) != 0) {
      report(step, fmt::format("gets a request of {:#x}, which is no other VM", sender));
    }
    clients_[who] = sender;
  }

  void check_answer(const Step& step) const {
    const ffa::Regs& out = step.event.out;
    const bool answered =
        is_function(out, Fid::msg_send_direct_resp) || is_function(out, Fid::msg_send_direct_resp2);
    if (!answered) return;
    const auto receiver = static_cast<uint16_t>(out.w(1));
    const auto sender = static_cast<uint16_t>(out.w(1) >> 16);
    if (receiver != step.event.vm) report(step, fmt::format("gets an answer for {:#x}", receiver));
    const bool asked_here = is_direct_request(step.event.in);
    if (asked_here && sender != static_cast<uint16_t>(step.event.in.w(1))) {
      report(step, fmt::format("gets an answer of {:#x}, whom it did not ask", sender));
    }
  }

  std::map<std::pair<uint16_t, uint16_t>, uint16_t> clients_;  // vCPU -> whom it works for
};

}  // namespace

void add_call_checkers(CheckerList& list) {
  list.push_back(std::make_unique<VersionFirst>());
  list.push_back(std::make_unique<DirectMessages>());
}

}  // namespace sim::check
