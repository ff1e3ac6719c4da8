// SPDX-License-Identifier: BSD-3-Clause
// The `world` of a scenario as a WorldSpec, and what the rest of the compiler asks about it: names,
// ids, where a guest's buffers lie.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/world_spec.hpp"
#include "sim/scenario/compile_node.hpp"
#include "sim/scenario/compile_value.hpp"

namespace sim::scenario {

enum class GuestSetup : uint8_t { none, version_only, all };
enum class FaultStart : uint8_t { boot, setup, steps };

/// What a scenario says about a VM beside its VmSpec.
struct GuestFacts {
  std::string name;
  uint16_t id = 0;
  uint16_t vcpus = 1;
  std::optional<ffa::Version> version;  ///< what it negotiates; nothing: it does not
  GuestSetup setup = GuestSetup::all;
  bool setup_judged = true;
  bool create_at_boot = true;
  /// Of the guest's own stage 1: what it registers and sends is whole pages of this size, unless a
  /// step says otherwise. FF-A's pages stay 4 KiB.
  uint64_t page_size = ffa::page_size;
  uint64_t base = 0;
  uint64_t tx = 0;
  uint64_t rx = 0;
  uint64_t buffer_pages = 1;
  bool runs_image = false;  ///< its vCPUs run a program from outside, and no steps

  /// The layout of its descriptors.
  [[nodiscard]] ffa::Version layout() const { return version.value_or(ffa::v1_1); }
};

struct CompiledWorld {
  WorldSpec spec;
  std::vector<GuestFacts> guests;       ///< as spec.vms
  std::vector<FaultStart> fault_start;  ///< as spec.faults
  std::vector<size_t> sweeps;           ///< faults with nth "sweep"
  std::vector<size_t> each_status;      ///< faults with answer "each_status"

  [[nodiscard]] const GuestFacts* guest(const std::string& name) const;
  [[nodiscard]] const GuestFacts& guest_of(const Node& node) const;  ///< fails for an unknown name
  [[nodiscard]] const SpSpec& sp_of(const Node& node) const;         ///< fails for an unknown name
  [[nodiscard]] const SpSpec& first_sp(const Node& complain_at) const;  ///< fails if there is none
  /// An SP or VM by name, or any id.
  [[nodiscard]] uint16_t endpoint_of(const Node& node) const;
};

/// Reads an entry of `faults`.
void add_fault(CompiledWorld& world, const Node& fault);

/// `world` may be missing: one VM with 16 MiB, one echo SP.
CompiledWorld compile_world(const Node& document);

}  // namespace sim::scenario
