// SPDX-License-Identifier: BSD-3-Clause
// One simulated world at work: machine, secure world, mediator, scheduler and trace, wired
// together. Scenario runs and trace replays drive it; checkers look at it. Deterministic: the same
// spec, mediator and choices give the same trace.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "sim/engine/mediator_under_test.hpp"
#include "sim/engine/turn.hpp"
#include "sim/engine/world_spec.hpp"
#include "sim/machine/machine.hpp"
#include "sim/sched/choices.hpp"
#include "sim/sched/operation.hpp"
#include "sim/trace/event.hpp"
#include "spmc-model/spmc.hpp"

namespace sim {

/// Who answers the mediator's SMCs. The default is the SPMC model of the world; replay puts the
/// recorded answers here.
class SecureWorld {
 public:
  virtual ~SecureWorld() = default;
  virtual ffa::Regs smc(uint16_t vm, const ffa::Regs& in) = 0;
  /// The model behind it, for checkers and test control; nullptr where there is none.
  virtual spmc_model::Spmc* model() = 0;
  /// Keeps the state that it is in; restore() brings it back, any number of times. False: it can't.
  virtual bool keep() { return false; }
  virtual void restore() {}
};

/// Something that must never happen and did: an invariant's id ("I05") or "machine", and what was
/// seen.
struct Violation {
  std::string invariant;
  std::string text;
  uint64_t seq = 0;  ///< position in the trace
};

class Simulation {
 public:
  /// `secure_world` empty: the SPMC model by spec.spmc. Throws InputError for a spec that can't be
  /// built.
  Simulation(const WorldSpec& spec, MediatorFactory& factory, Choices& choices,
             std::unique_ptr<SecureWorld> secure_world = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  /// The mediator's probe(); a lifecycle event. Runs on a fiber of its own, as do all calls below.
  int32_t boot();
  /// domain_init of a VM of the spec: at most `budget` operations of work (0: no limit). A status,
  /// or, above 0, the ffa_sim_progress for which it is to be called again; a lifecycle event.
  int32_t create_vm(uint16_t vm, uint32_t budget = 0);
  /// teardown, relinquish, free: each at most `budget` operations of work per call (0: no limit).
  /// Returns ffa_sim_progress; a lifecycle event each. Call again while goes_on(). Quarantined
  /// pages stay out of circulation.
  uint32_t destroy_vm(uint16_t vm, uint32_t budget);
  /// IPAs of the pages that the VM that was destroyed last has left in quarantine.
  [[nodiscard]] const std::vector<uint64_t>& left_behind() const;
  /// The host takes a page out of a VM's stage 2, as a balloon does. False: refused, the page is
  /// pinned or not there.
  bool remove_page(uint16_t vm, uint64_t ipa);
  /// How often the host, not the mediator, has changed a stage 2.
  uint64_t host_changes() const;
  /// An SP, or the SPM, has set a notification of its own accord, within no call.
  void note_unasked_notification();
  uint64_t unasked_notifications() const;
  /// A vCPU goes on on another physical CPU; false: the world has no such CPU.
  bool move_vcpu(uint16_t vm, uint16_t vcpu, uint16_t pcpu);
  /// An interrupt of its own reaches a vCPU. False: none of its calls waits, so nothing happens.
  bool interrupt_vcpu(uint16_t vm, uint16_t vcpu);
  /// A vCPU goes offline, where no interrupt reaches it and it makes no call, or comes back. False:
  /// a call of it is under way.
  bool set_online(uint16_t vm, uint16_t vcpu, bool online);
  /// True if the VM exists and its vCPU is online and makes no call.
  bool can_call(uint16_t vm, uint16_t vcpu) const;
  /// The schedule receiver interrupt arrives in the hypervisor; an irq event.
  void schedule_receiver_interrupt();
  /// True while the SPMC has pended the SRI and it was not delivered yet; taking clears it.
  bool take_pending_sri();

  /// One SMC or HVC of a vCPU, in place: a guest event. PSCI and what else the mediator hands on is
  /// answered as a hypervisor without that service does: w0 = SMCCC NOT_SUPPORTED. A call that
  /// waits for another VM comes back when that has acted, or never. Must be called on a vCPU fiber
  /// (see run()). `before_return` runs when the mediator is done and the vCPU has not gone on yet.
  void guest_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs,
                  const std::function<void()>& before_return = {});

  /// A body that runs on a fiber: a vCPU, or the host.
  struct Task {
    std::string name;
    std::function<void()> body;
  };
  /// Runs the tasks to their ends, interleaved at yield points by choose(n, "schedule"); one task:
  /// no choices. False: no progress (deadlock) — the violation says who waits for what.
  bool run(std::vector<Task> tasks);
  /// For who decides himself what happens when: adds a task, which runs in advance().
  void start(Task task);
  /// Runs every task until it has ended or waits in wait_until(). False: an invariant was violated
  /// such that nothing can go on; no task is left. run({}) tells whether all have ended.
  bool advance();
  /// On a task: goes on once `ready` is true. `idle`: that it waits is no lack of progress.
  void wait_until(std::function<bool()> ready, bool idle = false);
  /// On a task, between two calls: another one may go on here.
  void give_way();
  /// On a task, between two calls: as long as other calls are under way, or woken, lets them get on
  /// a little.
  void let_others_get_on();
  /// A number that no other task has as long as this one runs.
  size_t current_task() const;

  Machine& machine();
  MediatorUnderTest& mediator();
  SecureWorld& secure_world();
  const WorldSpec& spec() const;
  Choices& choices();

  /// Keeps the state that the world is in, so that restore() brings it back, any number of times.
  /// Once, and between two run() or the like. False: a task or call is left, a decision was taken,
  /// or mediator or secure world can't; nothing is kept then.
  bool keep();
  /// What happened since keep() has not; from now on `choices` is asked, which must outlive the
  /// next restore(). Hooks stay. What swap_events() took must be back.
  void restore(Choices& choices);
  /// Takes the trace out without a copy, and puts it back.
  void swap_events(std::vector<trace::Event>& other);

  const std::vector<trace::Event>& events() const;
  /// Drops the events that have ended, injected() and turns(): a replay of any length keeps
  /// constant memory.
  void forget_events();
  const std::vector<Violation>& violations() const;
  /// In the order in which tasks gave way to others in the middle of calls.
  const std::vector<Turn>& turns() const;
  /// The most stack that a call of the mediator's has taken; 0: not known.
  uint64_t stack_bytes() const;
  void report(const std::string& invariant, const std::string& text);
  /// A program from outside prints; by the endpoint's name. What it prints in excess is lost.
  void print(const std::string& endpoint, char c);
  const std::map<std::string, std::string>& consoles() const;
  /// Log lines of the mediator, for people.
  const std::vector<std::string>& log() const;
  /// True if the fault of spec.faults[index] has fired.
  bool fault_fired(size_t index) const;
  /// Arms or disarms the fault of spec.faults[index]. Only while armed does it count operations and
  /// strike; arming does not reset its count.
  void arm_fault(size_t index, bool armed);
  /// No fault strikes any more.
  void stop_faults();
  /// The faults that the choice stream let strike, in words: "smc FFA_MEM_SHARE 1 NO_MEMORY".
  const std::vector<std::string>& chosen_faults() const;
  /// A guest or the host is about to do what a fault of the kind `op` may strike: which of the `n`
  /// things that it can do instead, decided as `label`. Nothing: it does not strike.
  std::optional<uint32_t> strike(const char* op, uint32_t n = 1, const char* label = "");
  /// The next step of the running task, a guest call, the creation of a VM or an interrupt, is
  /// struck by these besides: each by its `nth` operation of the kind `op`, from its beginning.
  void strike_next_step(std::vector<FaultSpec> faults);
  /// For who decides himself what happens when: called on the running task when it reaches a point
  /// where another one may go on, and when it goes on itself.
  void set_switch_hooks(std::function<void()> reached, std::function<void()> passed);
  /// Told, on the task, that its call waits for another VM, and that it goes on; asked, while it
  /// waits, whether an interrupt ends that: no question if empty.
  struct WaitHooks {
    std::function<void(size_t task)> waits, goes_on;
    std::function<bool(size_t task)> is_interrupted = {};
  };
  void set_wait_hooks(WaitHooks hooks);
  /// For who acts on a task besides the mediator: this is what it does now.
  void perform(const Operation& operation);
  /// The same for a vCPU's access to memory, by IPA.
  void touch(uint16_t vm, uint64_t ipa, uint64_t bytes, bool write);
  /// Called before each guest call, with what is known of it by then: vm, vcpu, conduit, in, tx.
  /// Must not let anything happen that is an event of its own.
  void set_before_step(std::function<void(const trace::Event&)> hook);
  /// Called on the task of a guest call right before the mediator reads this part of the caller's
  /// TX, `bytes` at `offset`, which lie at `pa`: what stands there then is what it reads.
  void set_before_tx_read(std::function<void(uint64_t offset, uint64_t bytes, uint64_t pa)> hook);
  /// Called after each guest call and each lifecycle operation (checkers hook in here). Must not
  /// let anything happen that is an event of its own.
  void set_after_step(std::function<void(const trace::Event&)> hook);
  /// What the mediator read and wrote through mapped buffers, during the operations that are not
  /// over yet.
  struct Access {
    enum class Kind : uint8_t { in, out, clear };
    uint64_t call = 0;  ///< `seq` of the event that it happened in
    Kind kind = Kind::in;
    std::optional<uint16_t> vm;  ///< whose buffer; nothing: one of the mediator's own two
    uint64_t ipa = 0;     ///< of the buffer; PA of an own one; 0 where there is no such buffer
    uint32_t offset = 0;  ///< into the buffer, bytes
    uint32_t length = 0;
  };
  const std::vector<Access>& accesses() const;
  /// Guest calls and lifecycle operations that are under way.
  size_t open_steps() const;
  /// Calls that have gone on after they had waited, so far.
  uint64_t resumed_calls() const;
  /// Virtual interrupts injected and not yet taken: (vm, vcpu, id) in order.
  struct Injected {
    uint16_t vm, vcpu;
    uint32_t irq;
  };
  const std::vector<Injected>& injected() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sim
