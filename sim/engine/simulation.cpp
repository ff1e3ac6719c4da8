// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/simulation_impl.hpp"

namespace sim {

namespace {

constexpr size_t max_violations = 1000;
constexpr size_t max_log_lines = 10000;

// "I05: text" from the machine names the invariant; other texts are the machine's own.
Violation violation_of(const std::string& text, uint64_t seq) {
  const bool named = text.size() > 5 && text[0] == 'I' && text.compare(3, 2, ": ") == 0;
  if (!named) return {"machine", text, seq};
  return {text.substr(0, 3), text.substr(5), seq};
}

/// The mediator as the outside sees it: while it is observed, nothing may happen.
class Guarded final : public MediatorUnderTest {
 public:
  Guarded(std::unique_ptr<MediatorUnderTest> inner, Bridge& bridge)
      : inner_(std::move(inner)), bridge_(bridge) {}
  std::string name() const override { return inner_->name(); }
  int32_t probe() override { return inner_->probe(); }
  int32_t domain_init(const mediator::VmConfig& vm) override { return inner_->domain_init(vm); }
  uint32_t domain_teardown(uint16_t vm) override { return inner_->domain_teardown(vm); }
  uint32_t relinquish_resources(uint16_t vm) override { return inner_->relinquish_resources(vm); }
  void free_domain_ctx(uint16_t vm) override { inner_->free_domain_ctx(vm); }
  uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs) override {
    return inner_->handle_call(vm, vcpu, conduit, regs);
  }
  void schedule_receiver_interrupt() override { inner_->schedule_receiver_interrupt(); }
  bool observe(const std::function<void(const ffa_sim_fact&)>& sink) override {
    bridge_.set_observing(true);
    const bool offered = inner_->observe(sink);
    bridge_.set_observing(false);
    return offered;
  }
  std::string rule_name(uint32_t rule) const override { return inner_->rule_name(rule); }
  bool memory_intact() const override { return inner_->memory_intact(); }
  std::vector<MonitorFinding> take_findings() override { return inner_->take_findings(); }
  uint64_t stack_bytes() const override { return inner_->stack_bytes(); }
  bool keep() override { return inner_->keep(); }
  void restore() override { inner_->restore(); }
  std::optional<uint64_t> word_of(const void* word) const override { return inner_->word_of(word); }

 private:
  std::unique_ptr<MediatorUnderTest> inner_;
  Bridge& bridge_;
};

/// What the checkers look at before a step and after it is the whole state; I32, besides, which of
/// the guests' calls were over before others began.
Operation operation_of(trace::Side side, OperationKind of_guest) {
  if (side == trace::Side::guest) return {of_guest, 0, false};
  return {OperationKind::everything};
}

}  // namespace

Simulation::Impl::Impl(const WorldSpec& world, Choices& source)
    : spec(world),
      choices(&source),
      machine(spec, [this](const std::string& text) { report("", text); }),
      scheduler(source, [this](const std::string& invariant,
                               const std::string& text) { report(invariant, text); }),
      faults(spec.faults, [this](uint32_t n, const char* label) { return choose(n, label); }),
      bridge(machine, scheduler, faults, *this) {
  faults.set_judge([this](auto op, auto* struck) { return judge_fault(op, struck); });
  scheduler.set_switch_hooks(
      {[this](const SwitchPoint& here) { switch_reached(here); }, [this] { switch_passed(); }});
}

void Simulation::Impl::report(std::string_view invariant, const std::string& text) {
  if (violations.size() >= max_violations) return;
  if (invariant.empty()) {
    violations.push_back(violation_of(text, next_seq));
  } else {
    violations.push_back({std::string{invariant}, text, next_seq});
  }
}

uint16_t Simulation::Impl::pcpu_of(uint16_t vm, uint16_t vcpu) const {
  if (const auto moved = moved_vcpus.find({vm, vcpu}); moved != moved_vcpus.end()) {
    return moved->second;
  }
  return static_cast<uint16_t>(spec.pcpus == 0 ? 0 : vcpu % spec.pcpus);
}

Simulation::Impl::Step* Simulation::Impl::current_step() { return steps.find(scheduler.current()); }

trace::Event& Simulation::Impl::event(uint64_t seq) {
  if (events.back().seq == seq) return events.back();
  const auto found =
      std::lower_bound(events.begin(), events.end(), seq,
                       [](const trace::Event& e, uint64_t wanted) { return e.seq < wanted; });
  return *found;
}

uint64_t Simulation::Impl::begin(trace::Event event) {
  if (last_place.point != 0) add_turn({next_seq, 0});
  const uint64_t seq = event.seq = next_seq++;
  event.stimulus = take_stimuli("");
  scheduler.perform(operation_of(event.side, OperationKind::call_begin));
  Step& step = steps.open(scheduler.current());
  step.event = seq;
  step.pcpu = event.pcpu;
  if (spec.coverage) step.site = Coverage::site_of(event);
  events.push_back(std::move(event));
  if (auto struck = faults_to_come.extract(scheduler.current())) {
    step.faults = std::move(struck.mapped());
  }
  bridge.begin_call();
  break_at({seq, 0});
  return seq;
}

void Simulation::Impl::end(uint64_t seq) {
  scheduler.check_locks_free("at the return of a call");
  scheduler.perform(operation_of(event(seq).side, OperationKind::call_end));
  event(seq).seq_ret = next_seq++;
  last_place = {seq, 0};
  decisions_there = choices->decisions();
  steps.close(scheduler.current());
  check_step_end();
  if (after_step) after_step(event(seq));
  std::erase_if(accesses, [seq](const Access& access) { return access.call == seq; });
}

void Simulation::Impl::check_step_end() {
  if (!memory_broken && !mediator->memory_intact()) {
    memory_broken = true;
    report("machine", "the mediator wrote outside the memory that it was handed");
  }
  for (const MonitorFinding& finding : mediator->take_findings())
    report(finding.invariant, finding.text);
  if (!steps.empty()) return;
  for (auto& [id, vm] : vms) {
    if (vm.references == 0) continue;
    report("machine", fmt::format("{} references to VM {} are held, but no call is under way",
                                  vm.references, id));
    vm.references = 0;
  }
}

bool Simulation::Impl::run_tasks(std::vector<Scheduler::Task> tasks) {
  struct Clean {
    OpenSteps& steps;
    ~Clean() { steps.clear(); }
  } clean{steps};
  return scheduler.run(std::move(tasks));
}

bool Simulation::Impl::advance() {
  try {
    if (scheduler.advance()) return true;
  } catch (...) {
    steps.clear();
    throw;
  }
  steps.clear();
  return false;
}

// ---- What the mediator calls back.

ffa::Regs Simulation::Impl::smc(uint16_t vm, const ffa::Regs& in) {
  trace::Event event;
  event.side = trace::Side::spmc;
  event.vm = vm;
  if (const Step* step = current_step()) {
    event.vcpu = this->event(step->event).vcpu;
    event.pcpu = step->pcpu;
  }
  // Whom the secure world gives the pages may find them written through an old translation.
  if (steps.size() == 1 && machine.stale_pages(vm) != 0) {
    report("I35", "an SMC leaves before what was taken from the VM is out of its TLBs");
  }
  event.in = in;
  event.tx = spmc_tx(vm, in);
  touch_pa(machine.own_buffers().tx.pa.raw(), 1, false);
  const uint64_t seq = event.seq = next_seq++;
  events.push_back(std::move(event));

  const ffa::Regs out = answer_smc(vm, in);
  trace::Event& answered = this->event(seq);
  answered.out = out;
  answered.rx = spmc_rx(in, out);
  if (const auto told = vms.find(vm); told != vms.end() && ffa::is_success(out)) {
    bool& has_buffers = told->second.spmc_has_buffers;
    has_buffers = ffa::is_function(in, ffa::Fid::rxtx_map) ||
                  (has_buffers && !ffa::is_function(in, ffa::Fid::rxtx_unmap));
  }
  answered.seq_ret = next_seq++;
  return out;
}

bool Simulation::Impl::inject_irq(uint16_t vm, uint16_t vcpu, uint32_t irq) {
  if (!machine.has_vm(vm)) {
    report("machine",
           fmt::format("interrupt {} is injected into VM {}, which does not exist", irq, vm));
    return false;
  }
  if (offline.contains({vm, vcpu})) return false;
  trace::Event event;
  event.side = trace::Side::irq;
  event.op = "inject";
  event.vm = vm;
  event.vcpu = vcpu;
  event.pcpu = pcpu_of(vm, vcpu);
  event.result = irq;
  event.seq = next_seq++;
  event.seq_ret = next_seq++;
  events.push_back(std::move(event));
  injected.push_back({vm, vcpu, irq});
  if (const auto call = open_calls.find({vm, vcpu}); call != open_calls.end()) {
    call->second.interrupted = true;
  }
  return true;
}

bool Simulation::Impl::vm_get(uint16_t id) {
  const auto vm = vms.find(id);
  if (vm == vms.end() || vm->second.life != Life::running) return false;
  ++vm->second.references;
  return true;
}

void Simulation::Impl::vm_put(uint16_t id) {
  const auto vm = vms.find(id);
  if (vm == vms.end() || vm->second.references == 0) {
    report("machine", fmt::format("a reference to VM {} is given back that was not taken", id));
    return;
  }
  --vm->second.references;
}

void Simulation::Impl::log(uint32_t level, std::string_view text) {
  static constexpr const char* names[] = {"error", "warning", "info", "debug"};
  if (lines.size() >= max_log_lines) return;
  lines.push_back(fmt::format("{}: {}", names[std::min<uint32_t>(level, 3)], text));
}

/// Of an accepted one; each is asked for once.
const std::string& Simulation::Impl::rule_name(uint32_t rule) {
  if (rule >= rule_names.size()) rule_names.resize(rule + 1);
  std::string& name = rule_names[rule];
  if (name.empty()) name = mediator->rule_name(rule);
  return name;
}

void Simulation::Impl::rules(uint16_t vm, uint16_t vcpu, const std::vector<uint32_t>& accepted,
                             uint32_t rejected) {
  const Step* const step = current_step();
  if (step == nullptr) return;
  trace::Event& event = this->event(step->event);
  if (event.side != trace::Side::guest || event.vm != vm || event.vcpu != vcpu) {
    report("machine",
           fmt::format("rules are told of vCPU {}.{}, whose call this is not", vm, vcpu));
    return;
  }
  event.accepted.reserve(accepted.size());
  for (const uint32_t rule : accepted) event.accepted.add(rule_name(rule));
  if (rejected != 0) event.rule = mediator->rule_name(rejected);
  if (spec.coverage) spec.coverage->add_rules(accepted, rejected, *mediator);
}

void Simulation::Impl::mapped(uint16_t vm, uint64_t ipa, uint64_t /*pages*/, uint32_t buffer) {
  buffers.insert_or_assign(buffer, Buffer{vm, ipa});
}

void Simulation::Impl::accessed(const BufferAccess& access) {
  Access seen;
  const Step* const step = current_step();
  seen.call = step == nullptr ? 0 : step->event;
  seen.kind = static_cast<Access::Kind>(access.kind);
  const mediator::OwnBuffers own = machine.own_buffers();
  const auto of_vm = buffers.find(access.buffer);
  if (access.buffer == own.tx.id.raw()) {
    seen.ipa = own.tx.pa.raw();
  } else if (access.buffer == own.rx.id.raw()) {
    seen.ipa = own.rx.pa.raw();
  } else if (of_vm != buffers.end()) {
    seen.vm = of_vm->second.vm;
    seen.ipa = of_vm->second.ipa;
  }
  seen.offset = access.offset;
  seen.length = access.length;
  accesses.push_back(seen);
}

// ---- What the engine does with the mediator.

void Simulation::Impl::guest_call(uint16_t id, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs,
                                  const std::function<void()>& before_return) {
  trace::Event call;
  call.side = trace::Side::guest;
  call.vm = id;
  call.vcpu = vcpu;
  call.pcpu = pcpu_of(id, vcpu);
  call.conduit = conduit == FFA_SIM_HVC ? "hvc" : "smc";
  call.in = regs;
  call.tx = guest_tx(id, regs);
  const uint64_t seq = begin(std::move(call));
  if (offline.contains({id, vcpu})) {
    report("machine", fmt::format("vCPU {}.{} makes a call, but is offline", id, vcpu));
  }
  if (before_step) before_step(event(seq));
  // A VM that does not exist has nobody who traps its calls.
  uint32_t outcome = FFA_SIM_NOT_MINE;
  if (machine.has_vm(id)) outcome = call_mediator(seq, id, vcpu, conduit, regs);
  if (outcome == FFA_SIM_NOT_MINE) regs.x[0] = smccc_not_supported;
  if (before_return) before_return();
  trace::Event& answered = event(seq);
  answered.out = regs;
  if (const auto vm = vms.find(id); vm != vms.end()) {
    vm->second.buffers.follow(answered.in, regs);
    answered.rx = guest_rx(id, answered.in, regs);
  }
  end(seq);
}

// ---- The public face.

Simulation::Simulation(const WorldSpec& spec, MediatorFactory& factory, Choices& choices,
                       std::unique_ptr<SecureWorld> secure_world)
    : impl_(std::make_unique<Impl>(spec, choices)) {
  Impl& impl = *impl_;
  impl.secure = std::move(secure_world);
  if (!impl.secure) {
    impl.secure = make_secure_world(
        spec, impl.machine,
        {[&impl] { impl.sri_pending = true; },
         [&impl](uint64_t pa, uint64_t bytes, bool write) { impl.touch_pa(pa, bytes, write); },
         [this](const std::string& sp, char c) { print(sp, c); },
         [&impl](const std::string& text) { impl.report("", text); }});
  }
  impl.mediator = std::make_unique<Guarded>(
      factory.create(Bridge::ops(), &impl.bridge, spec.mediator), impl.bridge);
}

// Tasks that wait are unwound while all that they may look at is there.
Simulation::~Simulation() { impl_->scheduler.cancel(); }

int32_t Simulation::boot() {
  auto status = static_cast<int32_t>(ffa::Status::aborted);
  impl_->on_task("boot", [&] {
    const uint64_t event = impl_->begin_lifecycle("probe", 0);
    status = impl_->mediator->probe();
    impl_->end_lifecycle(event, status);
  });
  return status;
}

int32_t Simulation::create_vm(uint16_t vm, uint32_t budget) {
  auto status = static_cast<int32_t>(ffa::Status::aborted);
  impl_->on_task("host", [&] { status = impl_->create_vm(vm, budget); });
  return status;
}

const std::vector<uint64_t>& Simulation::left_behind() const { return impl_->left_behind; }

uint32_t Simulation::destroy_vm(uint16_t vm, uint32_t budget) {
  uint32_t progress = FFA_SIM_DONE;
  impl_->on_task("host", [&] { progress = impl_->destroy_vm(vm, budget); });
  return progress;
}

void Simulation::schedule_receiver_interrupt() {
  impl_->on_task("host", [&] {
    trace::Event event;
    event.side = trace::Side::irq;
    event.op = "sri";
    event.result = impl_->spec.mediator.sri_id;
    const uint64_t seq = impl_->begin(std::move(event));
    impl_->mediator->schedule_receiver_interrupt();
    impl_->end(seq);
  });
}

bool Simulation::remove_page(uint16_t vm, uint64_t ipa) {
  const bool removed = impl_->machine.remove_page(vm, ipa);
  if (removed) {
    impl_->scheduler.perform({});
    ++impl_->host_changes;
    impl_->add_stimulus(fmt::format("remove {} {:#x}", vm, ipa));
  }
  return removed;
}

uint64_t Simulation::host_changes() const { return impl_->host_changes; }

void Simulation::note_unasked_notification() { ++impl_->unasked_notifications; }

uint64_t Simulation::unasked_notifications() const { return impl_->unasked_notifications; }

bool Simulation::take_pending_sri() {
  impl_->scheduler.perform({});
  return std::exchange(impl_->sri_pending, false);
}

void Simulation::guest_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs,
                            const std::function<void()>& before_return) {
  impl_->on_task("vcpu", [&] { impl_->guest_call(vm, vcpu, conduit, regs, before_return); });
}

void Simulation::start(Task task) {
  impl_->scheduler.start({std::move(task.name), std::move(task.body)});
}

bool Simulation::advance() { return impl_->advance(); }

void Simulation::wait_until(std::function<bool()> ready, bool idle) {
  impl_->scheduler.wait_until(std::move(ready), idle);
}

size_t Simulation::current_task() const { return impl_->scheduler.current(); }

bool Simulation::run(std::vector<Task> tasks) {
  std::vector<Scheduler::Task> bodies;
  for (Task& task : tasks) bodies.push_back({std::move(task.name), std::move(task.body)});
  return impl_->run_tasks(std::move(bodies));
}

}  // namespace sim
