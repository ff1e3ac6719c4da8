// SPDX-License-Identifier: BSD-3-Clause
// A world with one VM for each way in which host memory may lie, and what becomes of a plan that
// one of them sends. Built-in mediator, SPMC model, all invariants checked.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "send_plan.hpp"
#include "sim/check/checkers.hpp"
#include "sim/engine/simulation.hpp"

namespace property {

/// How the host memory of a VM lies.
struct HostLayout {
  const char* name;
  uint16_t vm;
  sim::Backing backing;
  uint64_t block;  ///< of its RAM; the rest is 4 KiB pages
  uint64_t size;   ///< of its RAM
};
const std::vector<HostLayout>& host_layouts();

/// All that a send must leave as it was, or that its failure must.
struct State {
  std::vector<std::string> facts;  ///< of the mediator, as text
  std::vector<uint64_t> machine;   ///< pins, rights and contents of each VM's memory
  std::vector<std::string> spmc;   ///< its regions
  friend bool operator==(const State&, const State&) = default;
};

/// What became of a send.
struct Outcome {
  bool ok = false;
  uint32_t status = 0;  ///< of an error: w2
  std::string rule;     ///< that rejected it
  uint64_t handle = 0;
  std::vector<uint64_t> told;     ///< the pages that the SPMC holds for it, by physical address
  std::vector<std::string> head;  ///< what the SPMC was told besides: all but sender and handle
  uint32_t spmc_fragments = 0;    ///< fragments that it was sent until it answered an error
  std::optional<uint32_t> spmc_error;  ///< that error's w2
  std::string wrong;                   ///< what must not be, whatever became of it
};

class SendWorld {
 public:
  /// The VMs of `layouts`, booted, with mapped buffers. Only the fault is armed later.
  SendWorld(const Setting& setting, const std::vector<HostLayout>& layouts,
            std::vector<sim::FaultSpec> faults = {});

  /// Sends the plan with the given ends of fragments.
  Outcome send(const Plan& plan, uint16_t vm, const std::vector<uint64_t>& ends);
  /// w0-w3 of the answer.
  ffa::Regs reclaim(uint16_t vm, uint64_t handle);
  /// Shares the page at taken_ipa.
  void take_page(uint16_t vm);
  ffa::Regs call(uint16_t vm, std::initializer_list<uint64_t> in);

  /// The pages of a plan, by physical address, as the machine has them.
  std::vector<uint64_t> pages_of(const Plan& plan, uint16_t vm);
  State state();
  uint32_t quarantined(uint16_t vm);  ///< shares
  /// Everything that was found wrong.
  std::string violations() const;
  sim::Simulation& simulation() { return simulation_; }
  [[nodiscard]] uint64_t tx_bytes() const { return setting_.rxtx_pages * page; }

 private:
  ffa::Regs send_fragments(const std::vector<uint8_t>& bytes, uint16_t vm, const Plan& plan,
                           const std::vector<uint64_t>& ends, Outcome& outcome);
  void read_events(size_t first, Outcome& outcome) const;
  void read_region(uint16_t vm, const Plan& plan, Outcome& outcome);

  Setting setting_;
  std::vector<HostLayout> layouts_;
  std::unique_ptr<sim::MediatorFactory> factory_;
  sim::Choices choices_;
  sim::Simulation simulation_;
  sim::Checkers checkers_;
};

}  // namespace property
