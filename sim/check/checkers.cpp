// SPDX-License-Identifier: BSD-3-Clause
#include "sim/check/checkers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <type_traits>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"
#include "sim/check/progress_check.hpp"
#include "sim/check/trace_knowledge.hpp"
#include "sim/engine/coverage.hpp"

namespace sim {

namespace check {

Facts observe(MediatorUnderTest& mediator, RangesOf which) {
  static constexpr size_t usual_shares = 64;  // what a mediator says may be anything
  Facts facts;
  facts.offered = mediator.observe([&facts, which](const ffa_sim_fact& fact) {
    VmFact& vm = facts.vms[fact.vm];
    switch (fact.kind) {
      case FFA_SIM_FACT_VM:
        vm.fact = fact;
        vm.shares.reserve(std::min<size_t>(fact.shares, usual_shares));
        break;
      case FFA_SIM_FACT_SHARE:
        vm.shares.push_back({fact, {}});
        break;
      case FFA_SIM_FACT_RANGE:
        if (vm.shares.empty()) break;
        if (which.all || vm.shares.back().fact.handle == which.handle) {
          vm.shares.back().ranges.push_back(fact);
        }
        break;
      default:
        break;
    }
  });
  return facts;
}

bool Step::is_ffa() const {
  if (!is_guest() || !ffa::FunctionId{event.in.x[0]}.in_ffa_range()) return false;
  const auto& vms = scene.spec().vms;
  return scene.has_vm(event.vm) && std::any_of(vms.begin(), vms.end(), [&](const VmSpec& vm) {
           return vm.config.id.raw() == event.vm && vm.config.tee == mediator::TeeType::ffa;
         });
}

const ShareFact* Step::find_share(uint16_t vm, uint64_t handle) const {
  const auto known = facts.vms.find(vm);
  if (known == facts.vms.end()) return nullptr;
  const auto& shares = known->second.shares;
  const auto share =
      std::ranges::find(shares, handle, [](const ShareFact& s) { return s.fact.handle; });
  return share == shares.end() ? nullptr : &*share;
}

bool Step::not_live() const {
  const auto vm = facts.vms.find(event.vm);
  return unserved || (vm != facts.vms.end() && (vm->second.fact.flags & 4U) != 0);
}

std::string name_of(const trace::Event& event) {
  if (event.side == trace::Side::lifecycle || event.side == trace::Side::irq) return event.op;
  const char* const name = ffa::fid_name(ffa::FunctionId{event.in.x[0]}.raw);
  return name != nullptr ? name : fmt::format("{:#x}", event.in.x[0]);
}

void Checker::report(const Step& step, const std::string& text) const {
  const trace::Event& event = step.event;
  const std::string who = step.is_guest() ? fmt::format("VM {}.{}", event.vm, event.vcpu)
                                          : fmt::format("VM {}", event.vm);
  step.scene.report(id(), fmt::format("{} {}: {}", who, name_of(event), text));
}

namespace {

CheckerList make_all() {
  CheckerList list;
  add_memory_checkers(list);
  add_rights_checkers(list);
  add_fragment_checkers(list);
  add_spmc_side_checkers(list);
  add_handle_checkers(list);
  add_atomicity_checkers(list);
  add_buffer_checkers(list);
  add_register_checkers(list);
  add_features_checkers(list);
  add_call_checkers(list);
  add_notification_checkers(list);
  return list;
}

}  // namespace
}  // namespace check

namespace {

class LiveScene final : public check::Scene {
 public:
  explicit LiveScene(Simulation& simulation) : simulation_(simulation) {}
  const WorldSpec& spec() const override { return simulation_.spec(); }
  bool has_vm(uint16_t vm) const override { return simulation_.machine().has_vm(vm); }
  void report(const std::string& id, const std::string& text) override {
    simulation_.report(id, text);
  }
  Simulation* simulation() const override { return &simulation_; }

 private:
  Simulation& simulation_;
};

/// Of VMs and their shares, without the ranges, which not every step looks at.
uint64_t digest_of(const check::Facts& facts) {
  static_assert(std::has_unique_object_representations_v<ffa_sim_fact>);
  StateDigest digest;
  const auto add = [&digest](const ffa_sim_fact& fact) {
    std::array<uint64_t, sizeof fact / sizeof(uint64_t)> words{};
    std::memcpy(words.data(), &fact, sizeof fact);
    for (const uint64_t word : words) digest.add(word);
  };
  for (const auto& [id, vm] : facts.vms) {
    add(vm.fact);
    for (const check::ShareFact& share : vm.shares) add(share.fact);
  }
  return digest.value();
}

/// What is common to all checkers.
struct Known : check::TraceKnowledge {
  uint64_t last_end = 0;
  /// Steps that have begun. Another one may have been put off since, or have gone on meanwhile.
  struct Begun {
    uint64_t seq;
    bool alone;
    uint64_t resumed_calls;
  };
  std::vector<Begun> begun;
  bool offered = true;
  uint64_t cost = 0;         ///< of the live ranges, when last counted
  uint64_t light_steps = 0;  ///< since then
  bool thorough = true;      ///< the step that began last
};

}  // namespace

struct Checkers::Impl : Known {
  explicit Impl(Simulation& simulation) : sim(simulation), scene(simulation) {}

  bool faulted() const {
    for (size_t n = 0; n < sim.spec().faults.size(); ++n) {
      if (sim.fault_fired(n)) return true;
    }
    return false;
  }

  // SMCs of one step: between its two numbers, made for the same vCPU.
  std::vector<const trace::Event*> smcs_of(const trace::Event& event) const {
    std::vector<const trace::Event*> result;
    const auto& events = sim.events();
    for (auto it = events.rbegin(); it != events.rend() && it->seq > event.seq; ++it) {
      const bool inside = it->side == trace::Side::spmc && it->seq < event.seq_ret;
      const bool same =
          it->vcpu == event.vcpu && (it->vm == event.vm || event.side != trace::Side::guest);
      if (inside && same) result.push_back(&*it);
    }
    std::reverse(result.begin(), result.end());
    return result;
  }

  bool overlapped(const trace::Event& event) const {
    if (sim.open_steps() != 0 || last_end > event.seq) return true;
    const auto here = std::find_if(begun.begin(), begun.end(),
                                   [&](const Begun& step) { return step.seq == event.seq; });
    const bool alone =
        here == begun.end() || (here->alone && here->resumed_calls == sim.resumed_calls());
    if (!alone) return true;
    const auto& events = sim.events();
    return std::any_of(events.rbegin(),
                       std::find_if(events.rbegin(), events.rend(),
                                    [&](const auto& other) { return other.seq <= event.seq; }),
                       [](const trace::Event& other) {
                         return other.side == trace::Side::guest ||
                                other.side == trace::Side::lifecycle || other.op == "sri";
                       });
  }

  void count_cost(const check::Facts& facts) {
    light_steps = 0;
    cost = 0;
    for (const auto& [id, vm] : facts.vms) {
      for (const check::ShareFact& share : vm.shares) cost += share_cost + share.ranges.size();
    }
  }

  void settle(const check::Facts& facts) {
    for (const auto& [id, vm] : facts.vms) {
      const bool frozen = (vm.fact.flags & 1U) != 0;
      check::GuestState present;
      present.version = ffa::Version{vm.fact.version};
      present.latched = frozen;
      present.owns_rx = vm.fact.rx_state == 3;
      present.tx_ipa = vm.fact.tx_ipa;
      present.rx_ipa = vm.fact.rx_ipa;
      present.buffer_pages = vm.fact.rx_state != 0 ? vm.fact.rxtx_pages : 0;
      guests.settle(id, present);
    }
  }

  void before(const trace::Event& event) {
    thorough = ++light_steps * cost_a_step >= cost;
    const bool alone = sim.open_steps() <= 1;
    begun.push_back({event.seq, alone, sim.resumed_calls()});
    const check::Facts facts = thorough && alone ? check::observe(sim.mediator()) : check::Facts{};
    const check::Step step{scene, event, {}, alone, faulted(), facts, guests, thorough};
    for (const auto& checker : list) checker->before(step);
    note_begin(event);
  }

  void after(const trace::Event& event) {
    const bool sent = check::completes_send(event);
    const bool all = thorough || event.side != trace::Side::guest;
    const uint64_t handle = sent ? check::answered_handle(event.out) : 0;
    const check::Facts facts = check::observe(sim.mediator(), {all, handle});
    offered = facts.offered;
    if (all) count_cost(facts);
    if (sim.spec().coverage && offered) sim.spec().coverage->add_state(digest_of(facts));
    const auto smcs = smcs_of(event);
    for (const trace::Event* smc : smcs) note_smc(*smc);
    lives.follow(event);
    const check::Step step{scene,
                           event,
                           smcs,
                           !overlapped(event),
                           faulted(),
                           facts,
                           guests,
                           all,
                           note_send(event),
                           spmc_version,
                           lives.unserved(event.vm)};
    for (const auto& checker : list) checker->after(step);
    note_end(step);
    if (!step.alone && sim.open_steps() == 0) settle(facts);
    last_end = std::max(last_end, event.seq_ret);
    std::erase_if(begun, [&](const Begun& other) { return other.seq == event.seq; });
  }

  void keep() {
    kept = *this;
    kept_list.clear();
    for (const auto& checker : list) kept_list.push_back(checker->copy());
  }
  void restore() {
    static_cast<Known&>(*this) = kept;
    for (size_t n = 0; n < list.size(); ++n) list[n]->assign(*kept_list[n]);
  }

  Simulation& sim;
  LiveScene scene;
  check::CheckerList list = check::make_all();
  Known kept;
  check::CheckerList kept_list;
  /// What each step may be made to pay for, in live ranges; a transaction costs as many more.
  static constexpr uint64_t cost_a_step = 4096;
  static constexpr uint64_t share_cost = 32;
};

Checkers::Checkers(Simulation& simulation) : impl_(std::make_unique<Impl>(simulation)) {
  simulation.set_before_step([this](const trace::Event& event) { impl_->before(event); });
  simulation.set_after_step([this](const trace::Event& event) { impl_->after(event); });
}

Checkers::~Checkers() {
  impl_->sim.set_before_step({});
  impl_->sim.set_after_step({});
}

namespace {
/// Several checkers may see to parts of one invariant.
void add_once(std::vector<std::string>& ids, const std::string& id) {
  if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
}
}  // namespace

std::vector<std::string> Checkers::all() {
  std::vector<std::string> ids;
  for (const auto& checker : check::make_all()) add_once(ids, checker->id());
  return ids;
}

void Checkers::check_progress(std::span<const trace::Event> events) {
  check::check_progress(impl_->sim, events, impl_->guests);
}

void Checkers::keep() { impl_->keep(); }

void Checkers::restore() { impl_->restore(); }

std::vector<std::string> Checkers::skipped() const {
  std::vector<std::string> ids;
  for (const auto& checker : impl_->list) {
    if (checker->needs_facts() && !impl_->offered) add_once(ids, checker->id());
  }
  return ids;
}

}  // namespace sim
