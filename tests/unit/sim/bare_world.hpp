// SPDX-License-Identifier: BSD-3-Clause
// As FakeWorld, without checkers: for the tests of the world itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fake_mediator.hpp"

namespace sim::test {

struct Bare {
  explicit Bare(const WorldSpec& spec = small_world(), FakeSecureWorld::Answer answer = {})
      : factory(script),
        choices(seeded_choices(1)),
        simulation(spec, factory, choices, std::make_unique<FakeSecureWorld>(std::move(answer))) {}
  ffa::Regs call(std::initializer_list<uint64_t> in, uint16_t vm = 1, uint16_t vcpu = 0) {
    ffa::Regs r = regs(in);
    simulation.guest_call(vm, vcpu, FFA_SIM_SMC, r);
    return r;
  }
  const trace::Event& last_guest() const {
    for (auto it = simulation.events().rbegin();; ++it) {
      if (it->side == trace::Side::guest) return *it;
    }
  }
  std::vector<std::string> reports() const {
    std::vector<std::string> texts;
    for (const Violation& v : simulation.violations()) texts.push_back(v.invariant + " " + v.text);
    return texts;
  }
  Script script;
  FakeFactory factory;
  Choices choices;
  Simulation simulation;
};

inline auto forward() {
  return [](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    r = m.smc(vm, r);
    return true;
  };
}

}  // namespace sim::test
