// SPDX-License-Identifier: BSD-3-Clause
// I11: a guest call that returned an error has changed nothing.
//
// Exceptions, and why: the first call other than FFA_VERSION freezes the version even if it fails
// [DEN0077A 1.2 §13.2]; an SP that a direct request reached may do what it likes with what it
// holds; once a fault has struck the SPMC's answers, its state is not what it said; a share that
// the SPMC would not give back ends in quarantine; a fragment that is refused may end its send, and
// that one only; memory that a loan or donation asks to zero may be zeroed before the SPMC refuses,
// and what a borrower asks to zero when it lets go, or an owner when it takes back, before the
// platform does; buffers that the SPMC kept when the VM unmapped them may be taken back before new
// ones are refused; an SP may set a notification meanwhile.
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"
#include "sim/check/descriptor.hpp"

namespace sim::check {

namespace {

using ffa::Fid;

class FailureAtomicity final : public CheckerOf<FailureAtomicity> {
 public:
  std::string id() const override { return "I11"; }
  bool needs_facts() const override { return true; }

  void before(const Step& step) override {
    // Beside other calls nothing is said of this one.
    known_ = step.thorough && step.alone;
    if (!known_) return;
    before_ = snapshot(step);
    host_changes_ = step.sim().host_changes();
    guest_writes_ = step.sim().machine().guest_writes();
    notifications_ = step.sim().unasked_notifications();
  }

  void after(const Step& step) override {
    if (!known_ || !step.is_ffa() || !step.alone || !ffa::is_error(step.event.out)) return;
    if (step.sim().host_changes() != host_changes_) return;
    const bool reached_sp =
        std::any_of(step.smcs.begin(), step.smcs.end(), [](const trace::Event* smc) {
          return is_direct_request(smc->in) || ffa::is_function(smc->in, Fid::run);
        });
    const Snapshot now = snapshot(step);
    if (now.quarantined > before_.quarantined) return;
    const bool fragment = ffa::is_function(step.event.in, Fid::mem_frag_tx);
    const bool send_ended = fragment && now.shares + 1 == before_.shares;
    const bool zeroes_by_half =
        step.faulted &&
        (ffa::is_function(step.event.in, Fid::mem_relinquish) || is_zeroing_reclaim(step.event.in));
    const bool may_zero = zeroes_by_half || (asks_to_zero(step.sent.bytes) &&
                                             !ffa::is_function(step.sent.begun, Fid::mem_share));
    const bool took_back = ffa::is_function(step.event.in, Fid::rxtx_map) &&
                           now.of_caller.quarantined < before_.of_caller.quarantined &&
                           now.of_caller.rxtx_pages == 0 && now.shares == before_.shares;
    const bool others_wrote = step.sim().machine().guest_writes() != guest_writes_;
    const bool notified = step.sim().unasked_notifications() != notifications_;
    for (const Digest& is : now.digests) {
      const auto& was = before_.digests;
      if (std::find(was.begin(), was.end(), is) != was.end()) continue;
      if (is.what == What::notifications && notified) continue;
      const bool of_spmc = is.what == What::spmc || is.what == What::notifications;
      const bool of_vm = is.vm == step.event.vm &&
                         (is.what == What::mediator_state || is.what == What::references);
      if (send_ended && (of_vm || of_spmc)) continue;
      if (took_back && of_vm) continue;
      if (of_spmc && (reached_sp || step.faulted)) continue;
      if (is.what == What::memory && (may_zero || reached_sp || others_wrote)) continue;
      report(step, "failed, and changed " + text_of(is));
    }
  }

 private:
  enum class What : uint8_t {
    mediator_state,
    references,
    buffers,
    stage2,
    memory,
    notifications,
    spmc
  };
  struct Digest {
    What what;
    uint16_t vm;  ///< 0 of what is no VM's
    uint64_t value;
    bool operator==(const Digest&) const = default;
  };
  static std::string text_of(const Digest& digest) {
    switch (digest.what) {
      case What::mediator_state:
        return fmt::format("the mediator's state of VM {}", digest.vm);
      case What::references:
        return fmt::format("the page references of VM {}", digest.vm);
      case What::buffers:
        return fmt::format("the mapped buffers of VM {}", digest.vm);
      case What::stage2:
        return fmt::format("the stage 2 of VM {}", digest.vm);
      case What::memory:
        return fmt::format("the memory of VM {}", digest.vm);
      case What::notifications:
        return fmt::format("the notifications pending for VM {}", digest.vm);
      case What::spmc:
        break;
    }
    return "what the SPMC holds";
  }

  struct Snapshot {
    std::vector<Digest> digests;
    uint32_t quarantined = 0;
    uint32_t shares = 0;
    ffa_sim_fact of_caller{};
  };

  /// Leaves no words.
  static uint64_t digest(std::vector<uint64_t>& words) {
    const uint64_t value = XXH3_64bits(words.data(), words.size() * sizeof(uint64_t));
    words.clear();
    return value;
  }

  static void add_fact(std::vector<uint64_t>& words, const ffa_sim_fact& fact) {
    // Without the frozen flag.
    words.insert(words.end(),
                 {fact.kind, fact.vm, fact.rx_state, fact.flags & ~1ULL, fact.version, fact.shares,
                  fact.quarantined, fact.share_state, fact.pinned_pages, fact.rx_ipa, fact.tx_ipa,
                  fact.rxtx_pages, fact.handle, fact.ipa, fact.pages});
  }

  static Snapshot snapshot(const Step& step) {
    Snapshot result;
    result.digests.reserve(step.facts.vms.size() + 5 * step.sim().spec().vms.size() + 1);
    std::vector<uint64_t> words;
    words.reserve(256);
    for (const auto& [id, vm] : step.facts.vms) {
      result.quarantined += vm.fact.quarantined;
      result.shares += vm.fact.shares;
      if (id == step.event.vm) result.of_caller = vm.fact;
      add_fact(words, vm.fact);
      for (const ShareFact& share : vm.shares) {
        add_fact(words, share.fact);
        for (const ffa_sim_fact& range : share.ranges) add_fact(words, range);
      }
      result.digests.push_back({What::mediator_state, id, digest(words)});
    }
    Machine& machine = step.sim().machine();
    for (const VmSpec& vm : step.sim().spec().vms) {
      const uint16_t id = vm.config.id.raw();
      if (!machine.has_vm(id)) continue;
      for (const Pinned& pin : machine.pins(id))
        words.insert(words.end(), {pin.ipa, pin.pages, pin.count});
      result.digests.push_back({What::references, id, digest(words)});
      result.digests.push_back({What::buffers, id, machine.mapped_buffers(id)});
      result.digests.push_back({What::stage2, id, machine.stage2_digest(id)});
      result.digests.push_back({What::memory, id, machine.memory_digest(owned_by(id))});
    }
    if (spmc_model::Spmc* model = step.sim().secure_world().model()) {
      for (const VmSpec& vm : step.sim().spec().vms) {
        const uint64_t pending = model->pending_notifications(vm.config.id);
        result.digests.push_back({What::notifications, vm.config.id.raw(), pending});
      }
      add_spmc_words(words, step, *model);
      result.digests.push_back({What::spmc, 0, digest(words)});
    }
    return result;
  }

  static void add_spmc_words(std::vector<uint64_t>& words, const Step& step,
                             const spmc_model::Spmc& model) {
    for (size_t n = 0; n < model.regions(); ++n) {
      const spmc_model::RegionFacts region = model.region(n);
      words.insert(words.end(), {region.handle.raw(), region.sender.raw(), region.pages,
                                 region.ranges, region.retrieved_by});
    }
    for (const VmSpec& vm : step.sim().spec().vms) {
      const ffa::EndpointId id = vm.config.id;
      words.insert(words.end(), {uint64_t{model.knows_vm(id)}, uint64_t{model.has_bitmap(id)},
                                 model.bound_notifications(id)});
    }
    words.push_back(model.owns_hypervisor_rx() ? 1 : 0);
  }

  bool known_ = false;  ///< what was before the step
  Snapshot before_;
  uint64_t host_changes_ = 0;   ///< the host changed a stage 2 meanwhile: not the call's doing
  uint64_t guest_writes_ = 0;   ///< another vCPU wrote meanwhile: not the call's doing either
  uint64_t notifications_ = 0;  ///< an SP set one meanwhile: neither
};

}  // namespace

void add_atomicity_checkers(CheckerList& list) {
  list.push_back(std::make_unique<FailureAtomicity>());
}

}  // namespace sim::check
