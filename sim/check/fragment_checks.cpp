// SPDX-License-Identifier: BSD-3-Clause
// I15: each byte of a descriptor goes over once, in order, and all of them do. [DEN0077A 1.0 §12.2]
#include <fmt/format.h>

#include <map>

#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"

namespace sim::check {

namespace {

class WholeDescriptors final : public CheckerOf<WholeDescriptors> {
 public:
  std::string id() const override { return "I15"; }
  void after(const Step& step) override {
    for (const trace::Event* smc : step.smcs) note_smc(step, *smc);
    if (step.sent.bytes.empty() || step.sent.unsure) return;
    const ffa::Regs& out = step.event.out;
    const uint64_t total = step.sent.begun.w(1);
    const uint64_t got = step.sent.bytes.size();
    if (ffa::is_success(out) && got != total) {
      report(step, fmt::format("takes a descriptor of {} bytes for complete after {}", total, got));
    }
    if (ffa::is_function(out, ffa::Fid::mem_frag_rx) && out.w(3) > got) {
      report(step, fmt::format("goes on at byte {}, {} have come", out.w(3), got));
    }
  }

 private:
  /// A descriptor on its way to the SPMC.
  struct Outgoing {
    uint64_t total = 0;
    uint64_t sent = 0;
  };

  void note_smc(const Step& step, const trace::Event& smc) {
    if (!is_send_part(smc.in)) return;
    Outgoing now;
    uint64_t handle = requested_handle(smc.in);
    if (is_memory_send(smc.in)) {
      now = {smc.in.w(1), smc.tx.size()};
    } else {
      const auto begun = outgoing_.find(handle);
      if (begun == outgoing_.end()) return;
      now = begun->second;
      now.sent += smc.tx.size();
      outgoing_.erase(begun);
    }
    // More than all of it is how a send is ended that failed: the SPMC refuses that.
    if (ffa::is_success(smc.out)) {
      if (now.sent != now.total && !step.faulted && !step.sent.unsure) {
        report(step,
               fmt::format("the SPMC has a descriptor of {} bytes after {}", now.total, now.sent));
      }
    } else if (ffa::is_function(smc.out, ffa::Fid::mem_frag_rx)) {
      handle = requested_handle(smc.out);
      now.sent = std::min<uint64_t>(now.sent, smc.out.w(3));
      outgoing_[handle] = now;
    } else if (!is_memory_send(smc.in)) {
      now.sent -= smc.tx.size();
      outgoing_[handle] = now;
    }
  }

  std::map<uint64_t, Outgoing> outgoing_;  // by handle
};

}  // namespace

void add_fragment_checkers(CheckerList& list) {
  list.push_back(std::make_unique<WholeDescriptors>());
}

}  // namespace sim::check
