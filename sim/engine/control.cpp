// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "ffa/names.hpp"
#include "guest/host_words.hpp"

namespace sim {
namespace {

using guest::ExitKind;
using guest::HostOp;
using guest::Opcode;

constexpr uint64_t max_dump_bytes = 16ULL << 20;

/// Our own byte code: the compiler made it, so what is wrong with it is our bug.
[[noreturn]] void broken(const char* what) {
  throw std::logic_error(fmt::format("byte code: {}", what));
}

static_assert(FFA_SIM_DONE == 0 && FFA_SIM_RESTART == 1 && FFA_SIM_QUARANTINED == 2 &&
              FFA_SIM_LATER == 3);

const char* name_of(Opcode code) {
  switch (code) {
    case Opcode::remove_page:
      return "remove_page";
    case Opcode::migrate:
      return "migrate";
    case Opcode::interrupt:
      return "interrupt";
    case Opcode::set_online:
      return "set_online";
    case Opcode::preempt:
      return "preempt";
    case Opcode::deliver_sri:
      return "deliver_sri";
    case Opcode::notify:
      return "notify";
    case Opcode::answer_vm_messages:
      return "answer_vm_messages";
    default:
      return "another operation";
  }
}

guest::Program open_program(const std::vector<std::byte>& code) {
  const auto program = guest::Program::open(code);
  if (!program.ok()) broken("a program does not open");
  return *program;
}

}  // namespace

Control::Control(const scenario::CompiledCase& compiled, Simulation& simulation, RunRecord& record)
    : simulation_(simulation),
      record_(record),
      compiled_(compiled),
      only_invariants_(compiled.only_invariants),
      program_(open_program(compiled.control)),
      slots_(program_.slots()) {
  add_images();
  for (const scenario::VcpuProgram& program : compiled.programs) {
    auto one = std::make_unique<Vcpu>(open_program(program.code), GuestView{simulation, program.vm},
                                      slots_);
    one->vm = program.vm;
    one->vcpu = program.vcpu;
    one->code = program.code;
    if (const auto image = images_.find(one->vm); image != images_.end()) {
      one->image = image->second.get();
    }
    one->name = fmt::format("{}.{}", program.vm, program.vcpu);
    vcpus_.emplace(std::pair{program.vm, program.vcpu}, std::move(one));
  }
  record_.steps.resize(compiled.steps.size());
  for (uint32_t n = 0; n < compiled.steps.size(); ++n) {
    record_.steps[n].step = n;
    const scenario::Actor& actor = compiled.steps[n].actor;
    if (!actor.host) vcpu(actor.vm, actor.vcpu).order.push_back(n);
  }
}

Control::Vcpu& Control::vcpu(uint16_t vm, uint16_t number) {
  const auto found = vcpus_.find({vm, number});
  if (found == vcpus_.end()) broken("no program for this vCPU");
  return *found->second;
}

std::optional<uint32_t> Control::find_open() const {
  const auto& faults = simulation_.spec().faults;
  for (uint32_t offset = 0;;) {
    const auto op = program_.at(offset);
    if (!op.ok()) broken("the control program does not end");
    if (op->code == Opcode::end) return {};
    if (op->code == Opcode::parallel) return offset;
    if (op->code == Opcode::arm_faults && faults.at(guest::decode_host(*op)->id).chosen) {
      return offset;
    }
    offset = op->next;
  }
}

void Control::set_up() {
  simulation_.boot();
  if (const auto open = find_open()) run_until(*open);
}

void Control::run() {
  constexpr uint32_t no_stop = ~uint32_t{0};
  run_until(no_stop);
  for (auto& [key, one] : vcpus_) {
    if (one->open == nullptr) continue;
    one->open->waits = true;
    end(*one->open);
  }
  if (only_invariants_ && !record_.no_progress) destroy_all();
}

void Control::run_until(uint32_t stop) {
  while (!record_.no_progress && offset_ != stop) {
    const auto op = program_.at(offset_);
    if (!op.ok()) broken("the control program does not end");
    if (op->code == Opcode::end) return;
    offset_ = op->next;
    if (op->code == Opcode::run) {
      const auto run = guest::decode_run(*op);
      Vcpu& one = vcpu(run->vm, run->vcpu);
      // It still waits: this step is not reached, and so no later one of its program.
      one.lost = one.lost || one.open != nullptr;
      if (one.lost) continue;
      run_tasks(with_destroyer({{one.name, [&] { run_step(one, run->step); }}}));
    } else if (op->code == Opcode::parallel) {
      parallel(*guest::decode_parallel(*op));
    } else {
      host_op(op->code, *guest::decode_host(*op));
    }
  }
}

void Control::keep() {
  kept_.offset = offset_;
  kept_.slots = slots_;
  for (const auto& [key, one] : vcpus_) {
    kept_.vcpus.push_back({one->interpreter.state(), one->done});
  }
  kept_.record = record_;
}

void Control::restore() {
  offset_ = kept_.offset;
  slots_ = kept_.slots;
  auto place = kept_.vcpus.begin();
  for (const auto& [key, one] : vcpus_) {
    one->interpreter.set_state(place->program);
    one->done = place->done;
    one->thread = WatchedCall::none;
    one->lost = false;
    one->open = nullptr;
    ++place;
  }
  threads_ = 0;
  host_thread_ = WatchedCall::none;
  thread_of_task_.clear();
  record_ = kept_.record;
}

void Control::run_tasks(std::vector<Simulation::Task> tasks) {
  if (!simulation_.run(std::move(tasks))) record_.no_progress = true;
}

/// The host's operations follow the `parallel` operation.
void Control::parallel(const guest::ParallelOp& op) {
  std::vector<Simulation::Task> tasks;
  std::vector<std::pair<Opcode, HostOp>> host_ops;
  bool of_host = false;
  const size_t first = threads_;
  threads_ += op.count;
  for (uint32_t n = 0; n < op.count; ++n) {
    const guest::Thread& thread = op.threads[n];
    if (!thread.host) {
      Vcpu& one = vcpu(thread.vm, thread.vcpu);
      tasks.push_back({one.name, [this, &one, count = thread.count, number = first + n] {
                         one.thread = number;
                         thread_of_task_[simulation_.current_task()] = number;
                         // A call of the set-up may still wait: nothing of the thread is reached.
                         one.lost = one.lost || one.open != nullptr;
                         for (uint32_t step = 0; step < count; ++step) {
                           if (!one.lost) run_step(one, one.order.at(one.done));
                         }
                         one.thread = WatchedCall::none;
                       }});
      continue;
    }
    of_host = true;
    for (uint32_t step = 0; step < thread.count; ++step) {
      const auto next = program_.at(offset_);
      if (!next.ok()) broken("the host's thread is cut short");
      host_ops.emplace_back(next->code, *guest::decode_host(*next));
      offset_ = next->next;
    }
    tasks.push_back({"host", [this, &host_ops, number = first + n] {
                       host_thread_ = number;
                       for (const auto& [code, host] : host_ops) host_op(code, host);
                     }});
  }
  if (watch_ != nullptr) watch_->phase_begins(simulation_, op.count);
  // What the host does is not unordered against itself.
  run_tasks(of_host ? std::move(tasks) : with_destroyer(std::move(tasks)));
  host_thread_ = WatchedCall::none;
  thread_of_task_.clear();
  if (watch_ != nullptr && !record_.no_progress) watch_->phase_ends(simulation_);
}

void Control::set_watch(CallWatch& watch) {
  watch_ = &watch;
  simulation_.set_wait_hooks({[this](size_t task) { wait_at(task, true); },
                              [this](size_t task) { wait_at(task, false); }});
}

void Control::wait_at(size_t task, bool waits) {
  const auto thread = thread_of_task_.find(task);
  if (watch_ == nullptr || thread == thread_of_task_.end()) return;
  if (waits) {
    watch_->call_waits(thread->second);
  } else {
    watch_->call_goes_on(thread->second);
  }
}

StepRecord& Control::begin(uint32_t step) {
  StepRecord& record = record_.steps.at(step);
  if (!record.ran) record.first_event = simulation_.events().size();
  record.ran = true;
  return record;
}

void Control::end(StepRecord& record) {
  record.end_event = simulation_.events().size();
  record.slots = slots_;
}

void Control::run_step(Vcpu& one, uint32_t expected) {
  ++one.done;
  StepRecord& record = begin(expected);
  one.open = &record;
  const auto& image = compiled_.steps.at(expected).image;
  if (image && !run_image(one, *image, record)) {
    one.open = nullptr;
    end(record);
    return;
  }
  do {
    if (watch_ != nullptr && one.thread != WatchedCall::none) watch_->guest_goes_on(one.thread);
  } while (exit(one, one.go_on(), record));
  one.open = nullptr;
  end(record);
}

/// The VM went while its thread had steps left. They are passed over, since the program goes on
/// behind them, but nothing of them happens.
bool Control::ended(const Vcpu& one, StepRecord& record) {
  const bool may_end = one.thread != WatchedCall::none || only_invariants_;
  if (!may_end || simulation_.machine().has_vm(one.vm)) return false;
  record.vm_ended = true;
  return true;
}

/// False: the vCPU was killed in the call, and never goes on.
bool Control::call(Vcpu& one, const guest::Exit& exit, StepRecord& record) {
  if (watch_ != nullptr) {
    if (const auto known = watch_->call_begins({one.thread, one.vm, one.vcpu, exit.regs})) {
      one.complete(*known);
      return true;
    }
  }
  if (ended(one, record)) {
    one.complete({});
    if (watch_ != nullptr) watch_->call_ends(one.thread, {.text = "its VM has ended"});
    return true;
  }
  const bool lives = make_call(one, exit);
  if (watch_ == nullptr || !lives) return lives;
  const auto& events = simulation_.events();
  const auto made = std::find_if(events.rbegin(), events.rend(), [&](const trace::Event& event) {
    return event.side == trace::Side::guest && event.vm == one.vm && event.vcpu == one.vcpu;
  });
  watch_->call_ends(one.thread, {.event = &*made});
  return true;
}

/// One operation of the host, whose result is told in words.
std::string Control::watched(std::string_view what, uint16_t vm,
                             const std::function<std::string()>& act) {
  if (watch_ == nullptr) return act();
  watch_->call_begins({.thread = host_thread_, .vm = vm, .host = what});
  std::string result = act();
  const bool later = result == guest::progress_word(FFA_SIM_LATER);
  watch_->call_ends(host_thread_, {.text = result, .later = later});
  return result;
}

/// What a vCPU asks for when it stops. False: its step is over.
bool Control::exit(Vcpu& one, const guest::Exit& exit, StepRecord& record) {
  switch (exit.kind) {
    case ExitKind::call:
      return call(one, exit, record);
    case ExitKind::dump:
      dump_memory(exit.id, one.vm, exit.ipa, exit.length);
      return true;
    case ExitKind::fault:
      if (!ended(one, record)) record.fault_ipa = exit.ipa;
      return true;
    case ExitKind::step:
      if (exit.id != record.step) broken("a vCPU is at another step");
      return false;
    case ExitKind::end:
      broken("a vCPU's program ended too early");
    case ExitKind::malformed:
      if (one.image != nullptr) {
        simulation_.report("machine", fmt::format("the image of {} can't go on: {}", one.name,
                                                  one.image->describe(one.vcpu)));
        one.lost = true;
        return false;
      }
      broken("a vCPU's program is malformed");
  }
  return false;
}

void Control::host_op(Opcode code, const HostOp& op) {
  simulation_.perform({});
  switch (code) {
    case Opcode::dump_state:
      record_.states.push_back(dump_state(op.id, simulation_));
      return;
    case Opcode::dump_memory:
      dump_memory(op.id, op.vm, op.value, op.length);
      return;
    case Opcode::dump_translation:
      dump_translation(op);
      return;
    case Opcode::arm_faults:
      simulation_.arm_fault(op.id, (op.flags & 1U) != 0);
      return;
    default:
      break;
  }
  StepRecord& record = begin(op.step);
  // Each round of a creation or destruction is an operation of its own.
  if (code == Opcode::create_vm) {
    record.result = create(op);
  } else if (code == Opcode::destroy_vm) {
    record.result = destroy(op);
    if (record.result == guest::progress_word(FFA_SIM_QUARANTINED)) {
      record.quarantined = simulation_.left_behind();
    }
  } else {
    record.result = watched(name_of(code), op.vm, [&] { return act(code, op); });
  }
  end(record);
}

namespace {
ffa::Status set_notification(spmc_model::Spmc& model, const HostOp& op) {
  const ffa::EndpointId vm{op.vm};
  if (op.sp == ffa::hypervisor_id.raw()) {
    return model.set_framework_notification(vm, static_cast<uint32_t>(op.value));
  }
  if (op.id == 0) return model.set_notification(ffa::EndpointId{op.sp}, vm, op.value);
  return model.set_notification(ffa::EndpointId{op.sp}, vm, op.value,
                                static_cast<uint16_t>(op.id - 1));
}
}  // namespace

std::string Control::act(Opcode code, const HostOp& op) {
  spmc_model::Spmc* const model = simulation_.secure_world().model();
  switch (code) {
    case Opcode::remove_page:
      return simulation_.machine().has_vm(op.vm) && simulation_.remove_page(op.vm, op.value)
                 ? "removed"
                 : "refused";
    case Opcode::migrate:
      return simulation_.move_vcpu(op.vm, static_cast<uint16_t>(op.id),
                                   static_cast<uint16_t>(op.value))
                 ? "moved"
                 : "refused";
    case Opcode::interrupt:
      return simulation_.interrupt_vcpu(op.vm, static_cast<uint16_t>(op.id)) ? "done" : "refused";
    case Opcode::set_online:
      return simulation_.set_online(op.vm, static_cast<uint16_t>(op.id), (op.flags & 1U) != 0)
                 ? "done"
                 : "refused";
    case Opcode::preempt:
      if (model == nullptr) return ffa::status_name(ffa::Status::not_supported);
      model->preempt(ffa::EndpointId{op.sp}, static_cast<uint32_t>(op.value),
                     static_cast<spmc_model::StopKind>(op.flags));
      return "done";
    case Opcode::deliver_sri: {
      const bool pending = simulation_.take_pending_sri();
      if ((op.flags & 1U) != 0 && !pending) return "not_pending";
      simulation_.schedule_receiver_interrupt();
      return "delivered";
    }
    case Opcode::notify: {
      if (model == nullptr) return ffa::status_name(ffa::Status::not_supported);
      const ffa::Status status = set_notification(*model, op);
      if (status == ffa::Status::success) simulation_.note_unasked_notification();
      return ffa::status_name(status);
    }
    case Opcode::answer_vm_messages:
      if (model == nullptr) return ffa::status_name(ffa::Status::not_supported);
      model->answer_vm_messages(ffa::EndpointId{op.sp},
                                static_cast<ffa::Status>(static_cast<int32_t>(op.flags)),
                                static_cast<uint32_t>(op.value));
      return "done";
    default:
      broken("an operation that the host does not know");
  }
}

std::string Control::create(const HostOp& op) {
  const bool one_stage = (op.flags & 1U) != 0;
  int32_t result = FFA_SIM_RESTART;
  std::string text;
  for (uint32_t round = 0; round < (one_stage ? 1 : max_lifecycle_rounds); ++round) {
    text = watched("create", op.vm, [&]() -> std::string {
      result = simulation_.create_vm(op.vm, static_cast<uint32_t>(op.value));
      return result <= 0 ? ffa::status_name(static_cast<ffa::Status>(result))
                         : guest::progress_word(static_cast<uint32_t>(result));
    });
    if (result == 0) {
      if (const auto image = images_.find(op.vm); image != images_.end()) image->second->power_on();
    }
    if (result <= 0) break;
    if (result == FFA_SIM_LATER) simulation_.let_others_get_on();
  }
  return text;
}

std::string Control::destroy(const HostOp& op) {
  const bool until_done = (op.flags & 1U) != 0;
  // It may wait for another VM whose end has stuck; destroy_all() sees to all of them.
  const uint32_t most = only_invariants_ ? max_lifecycle_rounds / 100 : max_lifecycle_rounds;
  uint32_t progress = FFA_SIM_RESTART;
  for (uint32_t round = 0; round < (until_done ? most : 1); ++round) {
    if (!simulation_.machine().has_vm(op.vm)) return "refused";
    watched("destroy", op.vm, [&] {
      progress = simulation_.destroy_vm(op.vm, static_cast<uint32_t>(op.value));
      return guest::progress_word(progress);
    });
    if (!goes_on(progress)) break;
    if (progress == FFA_SIM_LATER) simulation_.let_others_get_on();
  }
  return guest::progress_word(progress);
}

void Control::dump_memory(uint32_t id, uint16_t vm, uint64_t ipa, uint64_t length) {
  MemoryDump dump;
  dump.id = id;
  if (length <= max_dump_bytes) dump.bytes.resize(length);
  GuestView view{simulation_, vm};
  dump.ok =
      length <= max_dump_bytes && view.read(ipa, std::as_writable_bytes(std::span{dump.bytes}));
  if (!dump.ok) dump.bytes.clear();
  record_.memory.push_back(std::move(dump));
}

void Control::dump_translation(const HostOp& op) {
  TranslationDump dump;
  dump.id = op.id;
  uint64_t ipa = op.value;
  for (uint64_t left = op.length; left != 0;) {
    mediator::Extent extent;
    if (simulation_.machine().has_vm(op.vm))
      extent = simulation_.machine().translate(op.vm, ipa, left);
    const bool hole = extent.kind == mediator::MemoryKind::none || extent.pages.raw() == 0;
    const uint64_t pages = hole ? 1 : std::min(extent.pages.raw(), left);
    dump.runs.push_back(
        {ipa, hole ? std::numeric_limits<uint64_t>::max() : extent.pa.raw(), pages});
    ipa += pages * ffa::page_size;
    left -= pages;
  }
  record_.translations.push_back(std::move(dump));
}

}  // namespace sim
