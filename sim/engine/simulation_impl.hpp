// SPDX-License-Identifier: BSD-3-Clause
// The inside of Simulation: the world that a mediator calls back into, and the recorder of its
// trace. Included by simulation*.cpp only.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ffa/buffer_use.hpp"
#include "sim/engine/coverage.hpp"
#include "sim/engine/secure_world.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/engine/turn.hpp"
#include "sim/platform/bridge.hpp"
#include "sim/platform/faults.hpp"
#include "sim/sched/scheduler.hpp"
#include "sim/trace/translations.hpp"

namespace sim {

/// All of the engine's own that changes, but what is there of calls under way.
struct SimulationState {
  /// How far the creation or the destruction of a VM has come.
  enum class Life : uint8_t { creating, running, teardown, relinquish, free };
  struct Vm {
    Life life = Life::running;
    uint32_t references = 0;
    bool quarantined = false;
    ffa::MappedBuffers buffers;
    bool spmc_has_buffers = false;  ///< was told of them: FFA_MSG_SEND2 does not use the own TX
  };
  /// A call of a vCPU that has not returned. `number`: of this call and no other.
  struct OpenCall {
    uint64_t number = 0;
    bool woken = false;
    bool interrupted = false;
    bool from_outside = false;  ///< interrupted so: by what no event tells
  };
  struct Buffer {
    uint16_t vm;
    uint64_t ipa;
  };

  std::vector<Violation> violations;
  std::vector<std::string> lines;
  std::map<std::string, std::string> consoles;
  std::vector<Simulation::Injected> injected;
  std::vector<Simulation::Access> accesses;
  uint64_t next_seq = 1;
  uint64_t resumed_calls = 0;  ///< calls that went on after they had waited
  uint64_t host_changes = 0;
  uint64_t unasked_notifications = 0;
  /// What came from outside since a step last ran, and no register shows.
  std::vector<std::string> stimuli;
  bool sri_pending = false;
  bool memory_broken = false;
  std::map<uint16_t, Vm> vms;
  std::vector<uint64_t> left_behind;  ///< pages in quarantine of the VM that went last, by IPA
  SwitchPlace last_place;             ///< of the step that ran last
  uint64_t decisions_there = 0;       ///< taken before it gave way
  std::vector<Turn> turns;
  std::map<std::pair<uint16_t, uint16_t>, OpenCall> open_calls;   // by VM and vCPU
  std::map<std::pair<uint16_t, uint16_t>, uint16_t> moved_vcpus;  // to which pCPU
  std::set<std::pair<uint16_t, uint16_t>> offline;                // vCPUs
  std::map<uint32_t, Buffer> buffers;
  std::set<uint16_t> unsure_of_buffers;     ///< VMs: whether the SPMC gave them up was left open
  std::set<uint16_t> said_to_have_aborted;  ///< SPs, in an answer that may be a fault's
};

struct Simulation::Impl final : World, SimulationState {
  Impl(const WorldSpec& world, Choices& source);

  /// A guest call or lifecycle operation under way, one a task.
  struct Step {
    uint64_t event = 0;  ///< its `seq`
    uint16_t pcpu = 0;   ///< that it runs on
    trace::Translations translations;
    std::map<std::string_view, uint64_t> operations;  ///< that may fail: how many there were
    std::vector<FaultSpec> faults;  ///< that strike in this step, counted from its beginning
    uint64_t switch_points = 0;     ///< reached so far
    uint64_t waits = 0;             ///< for another VM that are over
    SwitchPoint at;                 ///< the last of them
    uint8_t site = 0;               ///< as Coverage counts
  };
  /// By task, of which there are few.
  class OpenSteps {
   public:
    [[nodiscard]] Step* find(size_t task) {
      return task < slots_.size() && slots_[task].open ? &slots_[task].step : nullptr;
    }
    /// A fresh one.
    Step& open(size_t task) {
      if (task >= slots_.size()) slots_.resize(task + 1);
      Slot& slot = slots_[task];
      if (!slot.open) ++count_;
      slot = {true, {}};
      return slot.step;
    }
    void close(size_t task) {
      if (find(task) == nullptr) return;
      slots_[task].open = false;
      --count_;
    }
    void clear() {
      for (Slot& slot : slots_) slot.open = false;
      count_ = 0;
    }
    [[nodiscard]] size_t size() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }

   private:
    struct Slot {
      bool open = false;
      Step step;
    };
    std::deque<Slot> slots_;  // a step stays where it is while others begin
    size_t count_ = 0;
  };
  // World: what the mediator calls back.
  ffa::Regs smc(uint16_t vm, const ffa::Regs& in) override;
  bool inject_irq(uint16_t vm, uint16_t vcpu, uint32_t irq) override;
  void wake(uint16_t vm, uint16_t vcpu) override;
  uint16_t pcpu() override;
  bool vm_get(uint16_t vm) override;
  void vm_put(uint16_t vm) override;
  void log(uint32_t level, std::string_view text) override;
  void rules(uint16_t vm, uint16_t vcpu, const std::vector<uint32_t>& accepted,
             uint32_t rejected) override;
  void translated(uint16_t vm, uint64_t ipa, uint64_t asked,
                  const mediator::Extent& extent) override;
  void mapped(uint16_t vm, uint64_t ipa, uint64_t pages, uint32_t buffer) override;
  void unmapped(uint32_t buffer) override { buffers.erase(buffer); }
  void accessed(const BufferAccess& access) override;
  void reading(const BufferAccess& part) override;
  std::optional<uint64_t> word_of(const void* word) override { return mediator->word_of(word); }
  void report(std::string_view invariant, const std::string& text) override;

  /// Runs `body` as a task of its own, or in place where a task runs already. False: no progress.
  template <class Body>
  bool on_task(const char* name, Body body);
  /// Scheduler::run(); steps of tasks that did not end are forgotten.
  bool run_tasks(std::vector<Scheduler::Task> tasks);
  bool advance();
  /// Of an event that is there, by its `seq`: what was forgotten moves the others.
  trace::Event& event(uint64_t seq);
  /// Begins a step of the running task; returns its `seq`.
  uint64_t begin(trace::Event event);
  /// Ends the running task's step: checks what must hold at each end, calls the hook.
  void end(uint64_t seq);
  uint64_t begin_lifecycle(const char* op, uint16_t vm);
  uint32_t end_lifecycle(uint64_t seq, int64_t result);
  Step* current_step();
  const std::string& rule_name(uint32_t rule);

  void guest_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs,
                  const std::function<void()>& before_return);
  int32_t create_vm(uint16_t id, uint32_t budget);
  uint32_t destroy_vm(uint16_t id, uint32_t budget);
  // What goes wrong in the world.
  uint32_t choose(uint32_t n, const char* label);
  ffa::Regs answer_smc(uint16_t vm, const ffa::Regs& in);
  ffa::Regs faulty_answer(uint16_t vm, const ffa::Regs& in);
  void hold_to_buffers(uint16_t vm, const ffa::Regs& in, const ffa::Regs& out);
  void hold_to_abortion(uint16_t vm, const ffa::Regs& in, const ffa::Regs& out);
  void refuse_fragment(const ffa::Regs& in, const ffa::Regs& out);
  void stop_sp(const ffa::Regs& in);
  void distort_counts(const ffa::Regs& in, ffa::Regs& out);
  void distort_handle(const ffa::Regs& in, ffa::Regs& out);
  void around_read(const BufferAccess& access) override;
  void check_step_end();
  void add_stimulus(std::string text) { stimuli.push_back(std::move(text)); }

  /// All of them, each behind `place`.
  std::string take_stimuli(const std::string& place);

  /// Told to who watches operations: memory is read or written, by PA.
  void touch_pa(uint64_t pa, uint64_t bytes, bool write);

  // What happened inside a step and no register shows: told by its event's stimulus.
  const FaultSpec* judge_fault(std::string_view op, const FaultSpec* struck);
  void switch_reached(const SwitchPoint& here);
  void switch_passed();
  void wait_passed(const OpenCall& call);
  void tell_order(Step& step, std::string_view kind, uint64_t nth);
  void add_turn(const SwitchPlace& to);
  void break_at(const SwitchPlace& here) const;
  std::vector<uint8_t> guest_tx(uint16_t vm, const ffa::Regs& in) const;
  std::vector<uint8_t> guest_rx(uint16_t vm, const ffa::Regs& in, const ffa::Regs& out) const;
  std::vector<uint8_t> spmc_tx(uint16_t vm, const ffa::Regs& in);
  std::vector<uint8_t> spmc_rx(const ffa::Regs& in, const ffa::Regs& out) const;
  /// Where the vCPU is to run from now on. A call that is under way ends where it is.
  uint16_t pcpu_of(uint16_t vm, uint16_t vcpu) const;
  uint32_t call_mediator(uint64_t seq, uint16_t vm, uint16_t vcpu, uint32_t conduit,
                         ffa::Regs& regs);

  WorldSpec spec;
  Choices* choices;
  std::vector<trace::Event> events;

  Machine machine;
  Scheduler scheduler;
  Faults faults;
  Bridge bridge;
  std::unique_ptr<SecureWorld> secure;
  std::unique_ptr<MediatorUnderTest> mediator;

  OpenSteps steps;
  std::map<size_t, std::vector<FaultSpec>> faults_to_come;  // by task: of its next step
  std::map<size_t, Step> parked;        // of tasks whose call waits for another VM
  std::vector<std::string> rule_names;  // by number, as far as they were asked for
  SimulationState kept;
  size_t kept_events = 0;
  Simulation::WaitHooks wait_hooks;
  std::function<void(const trace::Event&)> before_step;
  std::function<void(uint64_t offset, uint64_t bytes, uint64_t pa)> before_tx_read;
  std::function<void(const trace::Event&)> after_step;
};

template <class Body>
bool Simulation::Impl::on_task(const char* name, Body body) {
  if (scheduler.on_task()) {
    body();
    return true;
  }
  return run_tasks({{name, body}});
}

}  // namespace sim
