// SPDX-License-Identifier: BSD-3-Clause
// The secure world of a replay, whoever answers in it. It knows the window that the running task's
// requests belong to. docs/replay.md, "What the SPMC answers".
#pragma once

#include <map>
#include <string>

#include "sim/engine/simulation.hpp"
#include "tools/ffa-trace/survey.hpp"
#include "tools/ffa-trace/window.hpp"

namespace ffa_trace {

class ReplayWorld : public sim::SecureWorld {
 public:
  /// `profile`: what to expect in addition to the records. It outlives the world.
  explicit ReplayWorld(const Profile& profile) : profile_(profile) {}
  /// Before the first request: the world that the requests come from.
  virtual void attach(sim::Simulation& simulation) {
    simulation_ = &simulation;
    const sim::WorldSpec& spec = simulation.spec();
    own_ = {spec.own_tx_pa, spec.own_rx_pa, spec.mediator.spmc_buffer_pages};
  }
  /// From here on the running task's requests belong to `window`, until it leaves.
  void enter(Window& window) { windows_[simulation_->current_task()] = &window; }
  void leave() { windows_.erase(simulation_->current_task()); }
  /// Stimuli taken from the records so far, by kind: "payloads".
  [[nodiscard]] virtual std::map<std::string, uint64_t> stimuli() const { return {}; }
  /// Nothing: checkers must not judge by a world that has seen half of what happened.
  spmc_model::Spmc* model() override { return nullptr; }

 protected:
  [[nodiscard]] Window& window() { return *windows_.at(simulation_->current_task()); }
  /// What a memory send or FFA_MEM_FRAG_TX put into the mediator's own TX buffer.
  [[nodiscard]] std::vector<uint8_t> read_tx(const ffa::Regs& in) const;
  /// So many bytes of the mediator's own RX buffer, at most all.
  [[nodiscard]] std::vector<uint8_t> read_rx(uint64_t length) const;
  void write_rx(const std::vector<uint8_t>& bytes);
  /// Waits for the record of this request, and takes it; nothing where the window closes without,
  /// or the profile knows that it won't come.
  std::optional<size_t> record_of(Window& window, const Asked& asked);
  /// Waits until the record has returned, so that calls return in the order in which they did.
  void wait_for_return(const Window& window, size_t record);
  sim::Simulation& simulation() { return *simulation_; }

 private:
  /// Waits until `window` has a record with this key, which it takes, or is closed without.
  std::optional<size_t> wait_for(Window& window, const std::string& key);

  const Profile& profile_;
  sim::Simulation* simulation_ = nullptr;
  OwnPages own_;
  std::map<size_t, Window*> windows_;  ///< by task
};

}  // namespace ffa_trace
