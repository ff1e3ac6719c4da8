// SPDX-License-Identifier: BSD-3-Clause
// A mediator that does what a test tells it, right or wrong, through the same world operations as a
// real one. And a secure world that answers what a test tells it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ffa/reply.hpp"
#include "sim/check/checkers.hpp"
#include "sim/engine/simulation.hpp"
#include "worlds.hpp"

namespace sim::test {

class FakeMediator;

/// What the mediator does. Shared by the test and the mediator that the simulation makes.
struct Script {
  std::function<bool(FakeMediator&, uint16_t vm, uint16_t vcpu, ffa::Regs& regs)> call;
  std::function<int32_t(FakeMediator&)> probe;
  std::function<int32_t(FakeMediator&, uint16_t vm)> init;
  std::function<uint32_t(FakeMediator&, uint16_t vm)> teardown;
  std::vector<ffa_sim_fact> facts;
  bool waits = false;  ///< the call under way is to be made again once its vCPU was woken
  bool observable = true;
  bool intact = true;
};

class FakeMediator final : public MediatorUnderTest {
 public:
  FakeMediator(const ffa_sim_world_ops& world_ops, void* the_world, Script& script)
      : ops(world_ops), world(the_world), script_(script) {}

  std::string name() const override { return "fake"; }
  int32_t probe() override { return script_.probe ? script_.probe(*this) : 0; }
  int32_t domain_init(const mediator::VmConfig& vm) override {
    return script_.init ? script_.init(*this, vm.id.raw()) : 0;
  }
  uint32_t domain_teardown(uint16_t vm) override {
    return script_.teardown ? script_.teardown(*this, vm) : uint32_t{FFA_SIM_DONE};
  }
  uint32_t relinquish_resources(uint16_t) override { return FFA_SIM_DONE; }
  void free_domain_ctx(uint16_t) override {}
  uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t, ffa::Regs& regs) override {
    const bool handled = script_.call && script_.call(*this, vm, vcpu, regs);
    if (std::exchange(script_.waits, false)) return FFA_SIM_BLOCKED;
    return handled ? FFA_SIM_HANDLED : FFA_SIM_NOT_MINE;
  }
  void schedule_receiver_interrupt() override { ops.inject_irq(world, 1, 0, 8); }
  bool observe(const std::function<void(const ffa_sim_fact&)>& sink) override {
    if (!script_.observable) return false;
    for (const ffa_sim_fact& fact : script_.facts) sink(fact);
    return true;
  }
  std::string rule_name(uint32_t rule) const override { return "rule" + std::to_string(rule); }
  bool memory_intact() const override { return script_.intact; }

  ffa::Regs smc(uint16_t vm, const ffa::Regs& in) {
    ffa_sim_regs raw{};
    std::copy(in.x.begin(), in.x.end(), std::begin(raw.x));
    ops.smc(world, vm, &raw);
    ffa::Regs out;
    std::copy(std::begin(raw.x), std::end(raw.x), out.x.begin());
    return out;
  }
  ffa_sim_extent translate(uint16_t vm, uint64_t ipa, uint64_t pages) {
    ffa_sim_extent extent{};
    ops.translate(world, vm, ipa, pages, &extent);
    return extent;
  }
  int32_t pin(uint16_t vm, uint64_t ipa, uint64_t pages) {
    const ffa_sim_extent extent = translate(vm, ipa, pages);
    return ops.pin(world, vm, ipa, &extent);
  }
  /// Pinned and mapped.
  uint32_t map(uint16_t vm, uint64_t ipa) {
    uint32_t buffer = 0;
    pin(vm, ipa, 1);
    ops.map(world, vm, ipa, 1, &buffer);
    return buffer;
  }

  const ffa_sim_world_ops& ops;
  void* world;

 private:
  Script& script_;
};

class FakeFactory final : public MediatorFactory {
 public:
  explicit FakeFactory(Script& script) : script_(script) {}
  std::unique_ptr<MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                            const mediator::MediatorConfig&) override {
    return std::make_unique<FakeMediator>(ops, world, script_);
  }

 private:
  Script& script_;
};

/// Answers FFA_SUCCESS unless told otherwise.
class FakeSecureWorld final : public SecureWorld {
 public:
  using Answer = std::function<ffa::Regs(const ffa::Regs&)>;
  explicit FakeSecureWorld(Answer answer) : answer_(std::move(answer)) {}
  ffa::Regs smc(uint16_t, const ffa::Regs& in) override {
    return answer_ ? answer_(in) : ffa::success32();
  }
  spmc_model::Spmc* model() override { return nullptr; }

 private:
  Answer answer_;
};

/// A world with a fake mediator, both VMs created, all checkers on.
class FakeWorld {
 public:
  explicit FakeWorld(FakeSecureWorld::Answer answer = {}, bool real_spmc = false,
                     const WorldSpec& spec = small_world())
      : factory_(script),
        choices_(seeded_choices(1)),
        simulation(spec, factory_, choices_,
                   real_spmc ? nullptr : std::make_unique<FakeSecureWorld>(std::move(answer))),
        checkers(simulation) {
    for (const VmSpec& vm : spec.vms) {
      ffa_sim_fact fact{};
      fact.kind = FFA_SIM_FACT_VM;
      fact.vm = vm.config.id.raw();
      script.facts.push_back(fact);
    }
  }
  void start() {
    simulation.boot();
    simulation.create_vm(1);
    simulation.create_vm(2);
  }
  /// VM 1 has negotiated version 1.1 and has TX at the first, RX at the second page of its RAM.
  void negotiate_and_map(uint64_t version = 0x10001) {
    answer_once(regs({version}));
    call(1, {0x84000063, version});
    fact(1).version = static_cast<uint32_t>(version);
    script.call = [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
      m.map(vm, r.x[1]);
      m.map(vm, r.x[2]);
      r = ffa::success32();
      return true;
    };
    fact(1).tx_ipa = ram_ipa;
    fact(1).rx_ipa = ram_ipa + page;
    fact(1).rxtx_pages = 1;
    fact(1).pinned_pages = 2;
    fact(1).rx_state = 1;
    call(1, {0xc4000066, ram_ipa, ram_ipa + page, 1});
    script.call = {};
  }
  ffa_sim_fact& fact(uint16_t vm) {
    for (ffa_sim_fact& fact : script.facts) {
      if (fact.kind == FFA_SIM_FACT_VM && fact.vm == vm) return fact;
    }
    return script.facts.front();
  }
  void answer_once(const ffa::Regs& out) {
    script.call = [out](FakeMediator&, uint16_t, uint16_t, ffa::Regs& r) {
      r = out;
      return true;
    };
  }
  ffa::Regs call(uint16_t vm, const ffa::Regs& in, uint16_t vcpu = 0) {
    ffa::Regs r = in;
    simulation.guest_call(vm, vcpu, FFA_SIM_SMC, r);
    return r;
  }
  ffa::Regs call(uint16_t vm, std::initializer_list<uint64_t> in, uint16_t vcpu = 0) {
    return call(vm, regs(in), vcpu);
  }
  /// The ids of all violations so far, each once, in order of appearance.
  std::vector<std::string> found() const {
    std::vector<std::string> ids;
    for (const Violation& violation : simulation.violations()) {
      if (std::find(ids.begin(), ids.end(), violation.invariant) == ids.end()) {
        ids.push_back(violation.invariant);
      }
    }
    return ids;
  }
  std::string texts() const {
    std::string all;
    for (const Violation& v : simulation.violations()) all += v.invariant + " " + v.text + "\n";
    return all;
  }

  Script script;

 private:
  FakeFactory factory_;
  Choices choices_;

 public:
  Simulation simulation;
  Checkers checkers;
};

}  // namespace sim::test
