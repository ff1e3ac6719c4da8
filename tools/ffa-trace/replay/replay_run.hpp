// SPDX-License-Identifier: BSD-3-Clause
// One replay under way: reads a capture's records as they come, lets a simulation do what they say
// happened, and compares. Its parts: replay_run.cpp the walk along the records, replay_calls.cpp
// guest calls, replay_host.cpp what the hypervisor does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "sim/engine/simulation.hpp"
#include "tools/ffa-trace/replay/activity.hpp"
#include "tools/ffa-trace/replay/compare.hpp"
#include "tools/ffa-trace/replay/handle_binding.hpp"
#include "tools/ffa-trace/replay/ledger.hpp"
#include "tools/ffa-trace/replay/relayed_calls.hpp"
#include "tools/ffa-trace/replay/replay_world.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"
#include "tools/ffa-trace/replay/survey.hpp"
#include "tools/ffa-trace/replay/timeline.hpp"

namespace ffa_trace {

/// How a capture is replayed.
struct ReplayMode {
  bool model = false;  ///< the SPMC model answers
  bool bare = false;   ///< of a system without hypervisor
  bool own = false;    ///< a trace of the simulator's, which tells what the host did
  bool stop_at_first = false;
  size_t keep = 20;  ///< divergences that are kept, beside being counted
};

class ReplayRun {
 public:
  /// All outlive the run.
  ReplayRun(EventSource& source, sim::MediatorFactory& factory, const Survey& survey,
            const Profile& profile, const ReplayMode& mode);

  /// To the end of the source, or to the first divergence. Throws InputError for what is no trace.
  const Comparison& run();

  [[nodiscard]] const Held& held() const { return held_; }

 private:
  /// What the replay remembers of a VM.
  struct VmState {
    bool created = false;
    ffa::Version version = ffa::v1_1;  ///< negotiated, as captured
    uint64_t tx_ipa = 0;
    uint64_t rx_ipa = 0;
  };

  [[nodiscard]] bool done() const;
  void boot();
  void begin_event(sim::trace::Event event);
  void end_event(uint64_t seq);
  void settle();
  void finish();
  void note_held();
  void compare(const Activity& activity);
  void compare_relayed(const Activity& call);

  /// A task of the simulation whose SPMC calls belong to `window`.
  template <class Body>
  void start(std::string name, Window& window, Body body) {
    simulation_->start({std::move(name), [this, &window, body = std::move(body)] {
                          world_->enter(window);
                          body();
                          world_->leave();
                        }});
  }
  template <class Body>
  void start(Activity& activity, std::string name, Body body) {
    activity.finished = false;
    start(std::move(name), activity.window, [this, &activity, body = std::move(body)] {
      const size_t task = simulation_->current_task();
      tasks_[task] = &activity;
      simulation_->strike_next_step(activity.stimulus.faults);
      body();
      tasks_.erase(task);
      activity.finished = true;
    });
  }

  // What the hypervisor does: read off SPMC calls, or told by the trace itself.
  void spmc_call(sim::trace::Event event);
  Activity& host_activity(const sim::trace::Event& event);
  void create(Activity& activity);
  void destroy(Activity& activity, uint32_t budget);
  void interrupt(Activity& activity);
  void lifecycle(sim::trace::Event event);
  void destroy_stage(const sim::trace::Event& event);
  void end_destroy_stage(Activity& activity);
  void irq(sim::trace::Event event);
  void stimulate(const sim::trace::Event& event);
  void act_as_host(const sim::trace::Event& event, const StepStimulus& stimulus,
                   uint64_t switch_point);
  void read_stimulus(Activity& activity) const;
  void wait_for(const std::vector<StepStimulus::Turn>& turns, uint64_t nth);
  void wait_for_turn();
  void wait_is_over(size_t task);
  bool is_interrupted(size_t task);
  /// What a task of the simulation works on; nullptr: on none of the activities.
  Activity* activity_of(size_t task) const;
  bool has_come(const StepStimulus::Turn& turn);

  void guest_call(sim::trace::Event event);
  void create_untold(const sim::trace::Event& event);
  void write_tx(const Activity& call);
  void restore_tx(uint64_t offset, uint64_t length, uint64_t pa);
  void rewrite_tag(ffa::Regs& in) const;
  std::vector<uint8_t> read_rx(const sim::trace::Event& event, const VmState& vm,
                               const ffa::Regs& out);
  static void follow(const sim::trace::Event& event, VmState& vm);

  Timeline timeline_;
  Comparison comparison_;
  HeaderLayout layout_;
  sim::Choices choices_;
  ReplayMode mode_;
  bool inferred_sps_;  ///< the model's SPs are those that the records list at boot
  Activities activities_;
  ReplayWorld* world_ = nullptr;  ///< the simulation's
  std::unique_ptr<sim::Simulation> simulation_;
  std::map<uint16_t, VmState> vms_;
  TagBinding tags_;
  HandleBinding handles_;
  RelayedCalls relayed_;  ///< of a system without hypervisor
  Ledger lifecycle_{"lifecycle"};
  Ledger irqs_{"irq"};
  Held held_;
  std::map<size_t, Activity*> tasks_;  ///< what each task of the simulation works on
  uint64_t position_ = 0;              ///< `seq` of the record that began last
  uint64_t calls_returned_ = 0;
  std::set<uint16_t> under_destruction_;  ///< VMs
  bool guest_seen_ = false;
  bool stuck_ = false;  ///< no task can go on, and none is left
};

}  // namespace ffa_trace
