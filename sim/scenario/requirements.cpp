// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/requirements.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "sim/scenario/compile_names.hpp"
#include "spmc-model/personality.hpp"

namespace sim::scenario {
namespace {

using spmc_model::Personality;

/// True if both ids name the same function of FF-A, of either width.
bool same_function(uint32_t id, uint32_t function) {
  return ffa::FunctionId{id}.in_ffa_range() &&
         ffa::FunctionId{id}.number() == ffa::FunctionId{function}.number();
}

/// True if the personality lists the function at the version.
bool lists(const Personality& spmc, ffa::Version version, uint32_t function) {
  for (const auto& table : {spmc.features, spmc.more_features}) {
    for (const auto& row : table) {
      if (same_function(row.id, function) && version >= row.since) return true;
    }
  }
  return false;
}

/// A difference between personalities that scenarios depend on, by its rows of
/// docs/spmc-personalities.md.
struct Trait {
  const char* name;
  bool (*has)(const Personality& spmc);
};
constexpr Trait traits[] = {
    {"lend_attributes", [](const Personality& p) { return p.lend_attributes.has_value(); }},
    {"many_borrowers", [](const Personality& p) { return p.max_borrowers == 0; }},
    {"shared_twice", [](const Personality& p) { return !p.page_shared_twice; }},
    {"owner_in_handle", [](const Personality& p) { return p.handles.guest_in_handle; }},
    {"handles_used_again", [](const Personality& p) { return !p.handles.counting; }},
    {"preset_handle", [](const Personality& p) { return p.preset_handle; }},
    {"any_number_of_fragments", [](const Personality& p) { return p.max_fragments == 0; }},
    {"vm_state", [](const Personality& p) { return p.guests_tracked; }},
    {"unbinds_unbound", [](const Personality& p) { return !p.unbind_of_unbound; }},
    {"info_get_32", [](const Personality& p) { return p.info_get_32; }},
    {"one_retrieval", [](const Personality& p) { return p.retrieve_limit == 1; }},
};

ffa::Version lowest_guest(const CompiledWorld& world) {
  ffa::Version lowest = ffa::v1_2;
  for (const GuestFacts& guest : world.guests) {
    if (guest.version) lowest = std::min(lowest, *guest.version);
  }
  return lowest;
}

bool has(const Node& node, const Personality& spmc, const CompiledWorld& world) {
  const std::string word = node.text();
  if (word == "spmc_1_2") return world.spec.spmc.version >= ffa::v1_2;
  if (word == "guest_1_1") return lowest_guest(world) >= ffa::v1_1;
  if (word == "guest_1_2") return lowest_guest(world) >= ffa::v1_2;
  if (word.starts_with("FFA_")) return lists(spmc, world.spec.spmc.version, function_of(node));
  for (const Trait& known : traits) {
    if (word == known.name) return known.has(spmc);
  }
  node.fail(fmt::format("'{}' is nothing that an SPMC may lack", word));
}

}  // namespace

bool spmc_holds_buffers(const CompiledWorld& world, const GuestFacts& guest) {
  using ffa::Fid;
  constexpr Fid needed[] = {Fid::rx_acquire, Fid::rx_release, Fid::rxtx_map, Fid::rxtx_unmap};
  const SpmcSpec& spec = world.spec.spmc;
  const auto spmc = spmc_model::find_personality(spec.personality);
  if (spec.absent || guest.version < ffa::v1_1) return false;
  return std::all_of(std::begin(needed), std::end(needed), [&](Fid fid) {
    const uint32_t function = ffa::fid32(fid);
    const bool missing = std::any_of(spec.missing.begin(), spec.missing.end(),
                                     [&](uint32_t id) { return same_function(id, function); });
    return !missing && lists(*spmc, spec.version, function);
  });
}

std::string lacking(const Node& list, const CompiledWorld& world) {
  const SpmcSpec& spec = world.spec.spmc;
  const auto spmc = spmc_model::find_personality(spec.personality);
  std::string lacks;
  for (const Node& node : list.elements()) {
    if (has(node, *spmc, world)) continue;
    lacks += (lacks.empty() ? "" : ", ") + node.text();
  }
  if (lacks.empty()) return {};
  const ffa::Version guest = lowest_guest(world);
  return fmt::format("{} {}.{}, guest {}.{}: no {}", spec.personality, spec.version.major(),
                     spec.version.minor(), guest.major(), guest.minor(), lacks);
}

}  // namespace sim::scenario
