// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/control.hpp"

#include <algorithm>

#include "ffa/names.hpp"
#include "guest/host_words.hpp"
#include "ports/qemu-virt/common/backtrace.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/el2/places.hpp"

extern "C" const std::byte el1_image[], el1_image_end[];

namespace ports::qemu {
namespace {

using guest::HostOp;
using guest::Opcode;
using guest::RecordTag;
using mediator::Progress;

/// A creation or destruction that has not ended after so many rounds never will.
constexpr uint32_t max_lifecycle_rounds = 100000;
constexpr uint64_t max_dump_bytes = 16 << 20;
constexpr uint64_t page = ffa::page_size;

static_assert(guest::package_max_programs <= GUEST_STACKS_COUNT);
static_assert(guest::max_slots * sizeof(uint64_t) <= GUEST_SLOTS_BYTES);

[[noreturn]] void broken(const char* what) { give_up(exit_broken, what); }

std::string_view progress_text(Progress progress) {
  return guest::progress_word(static_cast<uint32_t>(progress));
}

std::string_view status_text(uint64_t word) {
  return ffa::status_name(static_cast<ffa::Status>(static_cast<int32_t>(word)));
}

bool is_dump(Opcode code) {
  return code == Opcode::dump_state || code == Opcode::dump_memory ||
         code == Opcode::dump_translation;
}

/// A guest program that took an exception which nobody expects.
[[noreturn]] void guest_crash(const char* name, const GuestContext& context) {
  print_crash(
      name, context.esr, context.elr, context.far, context.x[29], context.x[30],
      {GUEST_STACKS_IPA, GUEST_STACKS_IPA + places.guest_stacks.bytes, places.guest_stacks.base});
  exit_machine(exit_crash);
}

/// What a guest program finds in the window of its VM.
void map_window(Vm& vm) {
  const auto image = reinterpret_cast<uintptr_t>(el1_image);
  const auto image_bytes = static_cast<uint64_t>(el1_image_end - el1_image);
  vm.stage2.map_private(GUEST_IMAGE_IPA, image, image_bytes, Stage2::Private::code);
  vm.stage2.map_private(GUEST_SLOTS_IPA, places.guest_slots.base, places.guest_slots.bytes,
                        Stage2::Private::variables);
}

}  // namespace

Control::Control(const guest::Package& package, World& world)
    : package_(package), world_(world), booted_(package.boot, world) {
  const auto program = guest::Program::open(package.control);
  if (!program.ok()) broken("the control program does not open");
  slots_ = {reinterpret_cast<uint64_t*>(places.guest_slots.base), program->slots()};
  std::fill(slots_.begin(), slots_.end(), 0);
  for (Vm& vm : world.machine().vms()) map_window(vm);
  for (size_t n = 0; n < package.program_count; ++n) place_program(n);
}

/// Stack n and the pages of program n appear in the window of the program's VM.
void Control::place_program(size_t index) {
  const guest::PackedProgram& program = package_.programs[index];
  Vm& vm = vm_of(program.vm);
  const uint64_t stack = index * GUEST_STACK_BYTES;
  vm.stage2.map_private(GUEST_STACKS_IPA + stack, places.guest_stacks.base + stack,
                        GUEST_STACK_BYTES, Stage2::Private::variables);
  const auto code = reinterpret_cast<uintptr_t>(program.code.data());
  const uint64_t first = code / page * page;
  const uint64_t end = (code + program.code.size() + page - 1) / page * page;
  vm.stage2.map_private(GUEST_PACKAGE_IPA + (first - places.package.base), first, end - first,
                        Stage2::Private::constants);
  Place& place = places_[index];
  place.vm = program.vm;
  place.vcpu = program.vcpu;
  place.registers.create(GUEST_PACKAGE_IPA + (code - places.package.base), program.code.size(),
                         GUEST_SLOTS_IPA, slots_.size(),
                         GUEST_STACKS_IPA + stack + GUEST_STACK_BYTES);
}

Vm& Control::vm_of(uint16_t id) {
  Vm* const vm = world_.machine().find(id);
  if (vm == nullptr) broken("a program names a VM that the world does not have");
  return *vm;
}

Control::Place& Control::find(uint16_t vm, uint16_t vcpu) {
  for (size_t n = 0; n < package_.program_count; ++n) {
    if (places_[n].vm == vm && places_[n].vcpu == vcpu) return places_[n];
  }
  broken("no program for this vCPU");
}

void Control::run() {
  world_.boot();
  const auto program = guest::Program::open(package_.control);
  for (uint32_t offset = 0;;) {
    const auto op = program->at(offset);
    if (!op.ok()) broken("the control program does not end");
    offset = op->next;
    if (op->code == Opcode::end) break;
    // A guest of its own runs beside the steps: one call of it, one step with its dumps.
    if (!is_dump(op->code)) booted_.run_until_call();
    if (op->code == Opcode::run) {
      run_step(*guest::decode_run(*op));
    } else if (op->code == Opcode::parallel) {
      broken("an operation that this machine does not have");
    } else {
      host_op(op->code, *guest::decode_host(*op));
    }
  }
  booted_.run_until_off();
  world_.faults().record(world_.recorder());
  world_.recorder().words(RecordTag::end, {});
}

void Control::run_step(const guest::RunOp& op) {
  Place& place = find(op.vm, op.vcpu);
  Vm& vm = vm_of(op.vm);
  world_.recorder().words(RecordTag::step_begin, {op.step});
  while (true) {
    const Stop stop = place.registers.run(vm.stage2);
    const std::span<uint64_t, 18> x = place.registers.x().first<18>();
    switch (stop.kind) {
      case StopKind::call_smc:
        place.registers.skip_instruction();
        world_.guest_call(op.vm, op.vcpu, mediator::Conduit::smc, x);
        continue;
      case StopKind::call_hvc:
        world_.guest_call(op.vm, op.vcpu, mediator::Conduit::hvc, x);
        continue;
      case StopKind::abort:
        abort(place, stop.ipa);
        continue;
      case StopKind::request:
        if (request(place, stop.request, op.step)) continue;
        world_.recorder().step_end(op.step, slots_);
        return;
      case StopKind::fetch_abort:
      case StopKind::other:
        guest_crash("EL1", place.registers.context());
    }
  }
}

/// An access that stage 2 refused. In the window it is the guest program itself that is broken.
void Control::abort(Place& place, uint64_t ipa) {
  if (world_.machine().touch(place.vm, ipa)) return;
  if (ipa < WINDOW_IPA || ipa >= WINDOW_IPA + WINDOW_BYTES) {
    place.registers.inject_abort();
    return;
  }
  guest_crash("EL1, which left its memory", place.registers.context());
}

bool Control::request(Place& place, uint16_t request, uint32_t step) {
  const auto x = place.registers.x();
  GuestContext report = place.registers.context();
  switch (request) {
    case HVC_STEP:
      if (x[0] != step) broken("a vCPU is at another step");
      return false;
    case HVC_DUMP:
      dump_memory(static_cast<uint32_t>(x[0]), place.vm, x[1], x[2]);
      return true;
    case HVC_FAULT:
      world_.recorder().words(RecordTag::step_fault, {step, x[0]});
      return true;
    case HVC_END:
      broken("a vCPU's program ended too early");
    case HVC_MALFORMED:
      broken("a vCPU's program is malformed");
    case HVC_CRASH:
      report.esr = x[0];
      report.elr = x[1];
      report.far = x[2];
      guest_crash("EL1", report);
    default:
      broken("a request that EL2 does not know");
  }
}

void Control::host_op(Opcode code, const HostOp& op) {
  switch (code) {
    case Opcode::dump_state:
      world_.dump_state(op.id);
      return;
    case Opcode::dump_memory:
      dump_memory(op.id, op.vm, op.value, op.length);
      return;
    case Opcode::dump_translation:
      dump_translation(op);
      return;
    case Opcode::arm_faults:
      world_.faults().arm(op.id, (op.flags & 1U) != 0);
      return;
    default:
      break;
  }
  world_.recorder().words(RecordTag::step_begin, {op.step});
  const std::string_view result = act(code, op);
  world_.recorder().step_result(op.step, result);
  world_.recorder().step_end(op.step, slots_);
}

std::string_view Control::act(Opcode code, const HostOp& op) {
  SecureCalls& secure = world_.secure();
  const bool model = !package_.spmc.absent;
  const std::string_view nobody = ffa::status_name(ffa::Status::not_supported);
  switch (code) {
    case Opcode::create_vm:
      return create(op);
    case Opcode::destroy_vm:
      return destroy(op);
    case Opcode::remove_page:
      return world_.machine().remove_page(op.vm, op.value) ? "removed" : "refused";
    case Opcode::deliver_sri: {
      const bool pending = secure.ask(TestControl::take_pending_sri, {}).x[0] != 0;
      if ((op.flags & 1U) != 0 && !pending) return "not_pending";
      world_.schedule_receiver_interrupt();
      return "delivered";
    }
    case Opcode::notify:
      if (!model) return nobody;
      return status_text(
          secure.ask(TestControl::set_notification, {op.sp, op.vm, op.value, op.id}).x[0]);
    case Opcode::preempt:
      if (!model) return nobody;
      secure.preempt(op.sp, static_cast<uint32_t>(op.value), op.flags);
      return "done";
    case Opcode::answer_vm_messages:
      if (!model) return nobody;
      secure.ask(TestControl::answer_vm_messages, {op.sp, op.flags, op.value});
      return "done";
    default:
      broken("an operation that this machine does not have");
  }
}

std::string_view Control::create(const HostOp& op) {
  const bool one_stage = (op.flags & 1U) != 0;
  int32_t result = 1;
  for (uint32_t round = 0; result > 0 && round < (one_stage ? 1 : max_lifecycle_rounds); ++round) {
    result = world_.create_vm(vm_of(op.vm), static_cast<uint32_t>(op.value));
  }
  if (result > 0) return progress_text(static_cast<Progress>(result));
  return ffa::status_name(static_cast<ffa::Status>(result));
}

std::string_view Control::destroy(const HostOp& op) {
  const bool until_done = (op.flags & 1U) != 0;
  Progress progress = Progress::restart;
  for (uint32_t round = 0; round < (until_done ? max_lifecycle_rounds : 1); ++round) {
    Vm& vm = vm_of(op.vm);
    if (!vm.exists()) return "refused";
    progress = world_.destroy_vm(vm, static_cast<uint32_t>(op.value));
    if (!goes_on(progress)) break;
  }
  return progress_text(progress);
}

void Control::dump_memory(uint32_t id, uint16_t vm, uint64_t ipa, uint64_t length) {
  Machine& machine = world_.machine();
  const bool ok = length <= max_dump_bytes && machine.is_readable(vm, ipa, length);
  guest::RecordWriter& out = world_.recorder().writer();
  out.begin(RecordTag::memory);
  out.word(id);
  out.word(ok ? 1 : 0);
  machine.read(vm, ipa, out.reserve(ok ? length : 0));
  out.end();
}

void Control::dump_translation(const HostOp& op) {
  // The list's length stands before it: count first, write then.
  guest::RecordWriter& out = world_.recorder().writer();
  uint64_t runs = 0;
  for (const bool counting : {true, false}) {
    if (!counting) {
      out.begin(RecordTag::translation);
      out.word(op.id);
      out.word(runs);
    }
    uint64_t ipa = op.value;
    for (uint64_t left = op.length; left != 0;) {
      const mediator::Extent extent = world_.machine().translate(op.vm, ipa, left);
      const bool hole = extent.kind == mediator::MemoryKind::none || extent.pages.raw() == 0;
      const uint64_t pages = hole ? 1 : std::min(extent.pages.raw(), left);
      if (counting) {
        ++runs;
      } else {
        out.word(ipa);
        out.word(hole ? ~uint64_t{0} : extent.pa.raw());
        out.word(pages);
      }
      ipa += pages * page;
      left -= pages;
    }
  }
  out.end();
}

}  // namespace ports::qemu
