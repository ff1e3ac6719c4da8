// SPDX-License-Identifier: BSD-3-Clause
// I09, I12: whose handle it is, and what remains of a VM that is gone.
#include <fmt/format.h>

#include <map>
#include <set>

#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"

namespace sim::check {

namespace {

using ffa::Fid;

/// I09: a handle is unique while it lives, comes from the SPMC, and works for its owner only.
class Handles final : public CheckerOf<Handles> {
 public:
  std::string id() const override { return "I09"; }
  void after(const Step& step) override {
    check_unique(step);
    if (!step.is_guest() || !ffa::is_success(step.event.out)) return;
    if (is_send_part(step.event.in)) check_new(step, answered_handle(step.event.out));
    if (ffa::is_function(step.event.in, Fid::mem_reclaim)) check_reclaimed(step);
  }

 private:
  void check_unique(const Step& step) const {
    std::set<uint64_t> seen;
    for (const auto& [id, vm] : step.facts.vms) {
      for (const ShareFact& share : vm.shares) {
        if (share.fact.share_state != share_shared) continue;
        if (seen.insert(share.fact.handle).second) continue;
        report(step, fmt::format("two live transactions have the handle {:#x}", share.fact.handle));
      }
    }
  }

  void check_new(const Step& step, uint64_t handle) const {
    if (step.alone && step.guests.owner(handle)) {
      report(step, fmt::format("gives out the handle {:#x}, which lives", handle));
    }
    bool answered = false;
    bool asked = false;
    for (const trace::Event* smc : step.smcs) {
      const bool send = is_send_part(smc->in);
      asked = asked || send;
      answered =
          answered || (send && ffa::is_success(smc->out) && answered_handle(smc->out) == handle);
    }
    if (asked && !answered) {
      report(step, fmt::format("gives out the handle {:#x}, which the SPMC did not", handle));
    }
    // A send in fragments may have a handle that the mediator chose and the SPMC took over.
    const bool fragments = ffa::is_function(step.event.in, Fid::mem_frag_tx);
    if (ffa::Handle{handle}.hypervisor_allocated() && asked && !fragments) {
      report(step, fmt::format("the SPMC's handle {:#x} has the hypervisor's bit", handle));
    }
  }

  void check_reclaimed(const Step& step) const {
    if (!step.alone) return;
    const uint64_t handle = requested_handle(step.event.in);
    const auto owner = step.guests.owner(handle);
    if (!owner) {
      report(step, fmt::format("reclaims the handle {:#x}, which does not live", handle));
    } else if (*owner != step.event.vm) {
      report(step, fmt::format("reclaims the handle {:#x} of VM {}", handle, *owner));
    }
  }
};

/// I12: nothing of a destroyed VM is left but what is quarantined, and who was told of it knows
/// that it is gone.
class NothingLeft final : public CheckerOf<NothingLeft> {
 public:
  std::string id() const override { return "I12"; }
  void after(const Step& step) override {
    const trace::Event& event = step.event;
    if (event.side != trace::Side::lifecycle || event.op != "free") return;
    if (step.facts.vms.contains(event.vm)) report(step, "the mediator still knows the VM");
    check_regions(step);
    check_buffers(step);
    check_told(step);
  }

 private:
  void check_regions(const Step& step) const {
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (size_t n = 0; model != nullptr && n < model->regions(); ++n) {
      const spmc_model::RegionFacts region = model->region(n);
      if (region.sender.raw() != step.event.vm) continue;
      for (uint32_t range = 0; range < region.ranges; ++range) {
        ffa::Pa pa{};
        ffa::PageCount pages{};
        model->region_range(n, range, pa, pages);
        if (pages == ffa::PageCount{0}) continue;  // only asked for by a send that is being ended
        if (step.sim().machine().owner(pa.raw()) == PageOwner::quarantined) continue;
        report(step, fmt::format("the SPMC still holds {:#x} of it, handle {:#x}", pa.raw(),
                                 region.handle.raw()));
        return;
      }
    }
  }

  void check_buffers(const Step& step) const {
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (size_t slot = 0; model != nullptr && slot < spmc_model::max_vms; ++slot) {
      const spmc_model::VmBufferFacts held = model->vm_buffer(slot);
      if (held.vm.raw() != step.event.vm) continue;
      for (const auto& buffer : {held.rx, held.tx}) {
        for (const ffa::Pa page : buffer) {
          if (step.sim().machine().owner(page.raw()) == PageOwner::quarantined) continue;
          report(step, fmt::format("the SPMC still has a buffer of it at {:#x}", page.raw()));
          return;
        }
      }
    }
  }

  // Property bit 7 of an SP: it is told that VMs are gone. What the world leaves open has it.
  static bool wants_destroyed(const Step& step, uint16_t id) {
    for (const SpSpec& sp : step.sim().spec().sps) {
      if (sp.id == id && sp.properties) return (*sp.properties >> 7 & 1U) != 0;
    }
    return true;
  }

  // Each SP that agreed to the VM's creation is sent its destruction, answered or not, unless it
  // has aborted.
  void check_told(const Step& step) const {
    std::set<uint16_t> waiting;
    for (const trace::Event& event : step.sim().events()) {
      const bool message = event.side == trace::Side::spmc &&
                           ffa::is_function(event.in, Fid::msg_send_direct_req) &&
                           static_cast<uint16_t>(event.in.w(5)) == step.event.vm;
      if (!message) continue;
      const auto sp = static_cast<uint16_t>(event.in.w(1));
      const bool created =
          event.in.w(2) == framework_word(ffa::FrameworkMessage::vm_created_request);
      const bool gone =
          event.in.w(2) == framework_word(ffa::FrameworkMessage::vm_destroyed_request);
      const bool agreed =
          ffa::is_function(event.out, Fid::msg_send_direct_resp) && event.out.w(3) == 0;
      if (created && agreed && wants_destroyed(step, sp)) waiting.insert(sp);
      if (gone) waiting.erase(sp);
    }
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (const uint16_t sp : waiting) {
      if (model != nullptr && model->has_aborted(ffa::EndpointId{sp})) continue;
      report(step,
             fmt::format("SP {:#x} was told that it was created, and never that it is gone", sp));
    }
  }
};

}  // namespace

void add_handle_checkers(CheckerList& list) {
  list.push_back(std::make_unique<Handles>());
  list.push_back(std::make_unique<NothingLeft>());
}

}  // namespace sim::check
