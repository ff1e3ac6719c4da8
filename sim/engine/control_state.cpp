// SPDX-License-Identifier: BSD-3-Clause
// The facts of a world in words: from the mediator's observer, the machine and the SPMC model.
// Names are those of scenarios: docs/scenario-format.md, "State".
#include <fmt/format.h>

#include "sim/engine/control.hpp"
#include "sim/engine/state_facts.hpp"

namespace sim {
namespace {

using Facts = std::map<std::string, std::string>;

const char* yes_no(bool value) { return value ? "true" : "false"; }

const char* rx_text(uint8_t state) {
  static constexpr const char* names[] = {"unmapped", "free", "producing", "vm_owned",
                                          "spmc_owned"};
  return state < std::size(names) ? names[state] : "unknown";
}

std::string version_text(uint32_t version) {
  return version == 0 ? "none" : fmt::format("{}.{}", version >> 16, version & 0xffff);
}

void set_mediator(Facts& facts, const std::string& vm, const ffa_sim_fact& fact) {
  facts[vm + ".rx"] = rx_text(fact.rx_state);
  facts[vm + ".tx"] = (fact.flags & 2U) != 0 ? "claimed" : "free";
  facts[vm + ".frozen"] = yes_no((fact.flags & 1U) != 0);
  facts[vm + ".dying"] = yes_no((fact.flags & 4U) != 0);
  facts[vm + ".version"] = version_text(fact.version);
  facts[vm + ".shares"] = std::to_string(fact.shares);
  facts[vm + ".quarantined"] = std::to_string(fact.quarantined);
  facts[vm + ".rxtx_pages"] = std::to_string(fact.rxtx_pages);
}

/// Pins of memory transactions alone: each page of a mapped RX or TX buffer is pinned once as well.
uint64_t share_pins(const VmStateFacts& vm) {
  const bool mapped = vm.mediator && vm.mediator->rx_state != 0;
  const uint64_t buffers = 2 * (mapped ? vm.mediator->rxtx_pages : vm.buffers / 2);
  return vm.pins >= buffers ? vm.pins - buffers : 0;
}

SpmcStateFacts spmc_facts(const spmc_model::Spmc& model) {
  SpmcStateFacts facts;
  facts.regions = model.regions();
  for (size_t n = 0; n < model.regions(); ++n) {
    const spmc_model::RegionFacts region = model.region(n);
    facts.pages += region.pages;
    facts.retrieved += region.retrieved_by;
  }
  facts.owns_rx = model.owns_hypervisor_rx();
  return facts;
}

}  // namespace

std::map<std::string, std::string> in_words(const StateFacts& all) {
  Facts facts;
  for (const VmStateFacts& vm : all.vms) {
    if (vm.mediator) set_mediator(facts, vm.name, *vm.mediator);
    facts[vm.name + ".exists"] = yes_no(vm.exists);
    facts[vm.name + ".pins_total"] = std::to_string(vm.pins);
    facts[vm.name + ".pins"] = std::to_string(share_pins(vm));
    facts[vm.name + ".buffers"] = std::to_string(vm.buffers);
    if (!all.spmc) continue;
    facts[vm.name + ".known"] = yes_no(vm.known);
    facts[vm.name + ".bitmap"] = yes_no(vm.bitmap);
  }
  if (all.spmc) {
    facts["spmc.regions"] = std::to_string(all.spmc->regions);
    facts["spmc.pages"] = std::to_string(all.spmc->pages);
    facts["spmc.retrieved"] = std::to_string(all.spmc->retrieved);
    facts["spmc.rx_owner"] = all.spmc->owns_rx ? "spmc" : "hypervisor";
  }
  return facts;
}

StateDump dump_state(uint32_t id, Simulation& simulation) {
  std::map<uint16_t, ffa_sim_fact> seen;
  const bool observed = simulation.mediator().observe([&](const ffa_sim_fact& fact) {
    if (fact.kind == FFA_SIM_FACT_VM) seen[fact.vm] = fact;
  });
  const spmc_model::Spmc* const model = simulation.secure_world().model();
  StateFacts facts;
  for (const VmSpec& spec : simulation.spec().vms) {
    const uint16_t number = spec.config.id.raw();
    VmStateFacts vm;
    vm.name = spec.name;
    vm.exists = simulation.machine().has_vm(number);
    if (observed) vm.mediator = seen.contains(number) ? seen[number] : ffa_sim_fact{};
    vm.pins = vm.exists ? simulation.machine().pinned_pages(number) : 0;
    vm.buffers = vm.exists ? simulation.machine().mapped_buffers(number) : 0;
    if (model != nullptr) {
      vm.known = model->knows_vm(spec.config.id);
      vm.bitmap = model->has_bitmap(spec.config.id);
    }
    facts.vms.push_back(std::move(vm));
  }
  if (model != nullptr) facts.spmc = spmc_facts(*model);
  return {id, in_words(facts)};
}

}  // namespace sim
