// SPDX-License-Identifier: BSD-3-Clause
// The facts of a world in words: from the mediator's observer, the machine and the SPMC model.
// Names are those of scenarios: docs/scenario-format.md, "State".
#include <fmt/format.h>

#include "sim/engine/control.hpp"

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

void set_vm(Facts& facts, const std::string& vm, const ffa_sim_fact& fact) {
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
uint64_t share_pins(uint64_t all, uint64_t buffer_pages) {
  const uint64_t buffers = 2 * buffer_pages;
  return all >= buffers ? all - buffers : 0;
}

void spmc_facts(Facts& facts, const spmc_model::Spmc& model) {
  uint64_t pages = 0;
  uint64_t retrieved = 0;
  for (size_t n = 0; n < model.regions(); ++n) {
    const spmc_model::RegionFacts region = model.region(n);
    pages += region.pages;
    retrieved += region.retrieved_by;
  }
  facts["spmc.regions"] = std::to_string(model.regions());
  facts["spmc.pages"] = std::to_string(pages);
  facts["spmc.retrieved"] = std::to_string(retrieved);
  facts["spmc.rx_owner"] = model.owns_hypervisor_rx() ? "spmc" : "hypervisor";
}

}  // namespace

StateDump dump_state(uint32_t id, Simulation& simulation) {
  StateDump dump;
  dump.id = id;
  std::map<uint16_t, ffa_sim_fact> seen;
  const bool observed = simulation.mediator().observe([&](const ffa_sim_fact& fact) {
    if (fact.kind == FFA_SIM_FACT_VM) seen[fact.vm] = fact;
  });
  const spmc_model::Spmc* const model = simulation.secure_world().model();
  for (const VmSpec& vm : simulation.spec().vms) {
    const uint16_t number = vm.config.id.raw();
    const bool exists = simulation.machine().has_vm(number);
    const ffa_sim_fact fact = seen.contains(number) ? seen[number] : ffa_sim_fact{};
    if (observed) set_vm(dump.facts, vm.name, fact);
    const uint64_t pins = exists ? simulation.machine().pinned_pages(number) : 0;
    const uint64_t buffers = exists ? simulation.machine().mapped_buffers(number) : 0;
    const uint64_t buffer_pages = observed && fact.rx_state != 0 ? fact.rxtx_pages : buffers / 2;
    dump.facts[vm.name + ".exists"] = yes_no(exists);
    dump.facts[vm.name + ".pins_total"] = std::to_string(pins);
    dump.facts[vm.name + ".pins"] = std::to_string(share_pins(pins, buffer_pages));
    dump.facts[vm.name + ".buffers"] = std::to_string(buffers);
    if (model != nullptr) {
      dump.facts[vm.name + ".known"] = yes_no(model->knows_vm(vm.config.id));
      dump.facts[vm.name + ".bitmap"] = yes_no(model->has_bitmap(vm.config.id));
    }
  }
  if (model != nullptr) spmc_facts(dump.facts, *model);
  return dump;
}

}  // namespace sim
