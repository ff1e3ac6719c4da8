// SPDX-License-Identifier: BSD-3-Clause
// EL2 on two CPUs: vCPUs of one VM, then of two, call the mediator at the same time. In what order
// is nobody's choice, so that no trace is kept; when all is over, the state must be what some order
// leaves: nothing is shared, pinned or mapped, the SPMC has no region, and no operation was wrong.
// The world is a case.package with two VMs of two vCPUs and one SP; its steps are not run. Behind
// it stands how many calls each vCPU makes, about, as a frame of 8 bytes.
#include <cstring>

#include "mediator/mediator.hpp"
#include "ports/qemu-virt/common/backtrace.hpp"
#include "ports/qemu-virt/common/semihosting.hpp"
#include "ports/qemu-virt/common/test_control.hpp"
#include "ports/qemu-virt/el2/begin_world.hpp"
#include "ports/qemu-virt/el2/configs.hpp"
#include "ports/qemu-virt/el2/places.hpp"
#include "ports/qemu-virt/el2/registers.hpp"
#include "ports/qemu-virt/el2/room.hpp"
#include "ports/qemu-virt/el2/vcpu.hpp"
#include "ports/qemu-virt/smp/platform.hpp"
#include "ports/qemu-virt/smp/protocol.hpp"

extern template class mediator::Mediator<ports::qemu::smp::Platform>;

extern "C" {
extern const std::byte smp_guest[], smp_guest_end[], smp_start[];
[[noreturn]] void image_main();
[[noreturn]] void secondary_main();
}

namespace {

using namespace ports::qemu;
using namespace ports::qemu::smp;
using SmpMediator = mediator::Mediator<Platform>;

constexpr uint64_t psci_cpu_on = 0xc4000003;
constexpr size_t package_at_least_vms = 2;
constexpr uint64_t most_aborts = 1000000;
constexpr uint64_t parts = 8;
constexpr size_t stack_bytes = 0x20000;
alignas(16) std::byte secondary_stack[stack_bytes];
guest::Package package;

Room<Recorder> recorder_room;
Room<Machine> machine_room;
Room<Platform> platform_room;
Machine* machine = nullptr;
Platform* platform = nullptr;
SmpMediator* product = nullptr;

/// A vCPU that runs its program to the end, on whichever CPU.
struct Running {
  Vm* vm = nullptr;
  uint16_t vcpu = 0;
  Vcpu registers{};
  uint64_t calls = 0;
  uint64_t aborts = 0;
};
/// What the second CPU does next; 0 when it has done it.
Running* for_second = nullptr;

void complain(const char* what, uint64_t first, uint64_t second = 0) {
  print(what);
  print(" ");
  print_hex(first);
  print(" ");
  print_hex(second);
  print("\n");
  exit_machine(1);
}

/// Nobody had touched the page yet, or another vCPU has, or its call has taken it away for a
/// moment.
void retry(Running& one, uint64_t ipa) {
  platform->touch(ffa::EndpointId{one.vm->id()}, ipa);
  if (++one.aborts > most_aborts) complain("a guest can't reach its memory at", ipa);
}

void run(Running& one) {
  const ffa::EndpointId id{one.vm->id()};
  const ffa::VcpuId vcpu{one.vcpu};
  while (true) {
    const Stop stop = one.registers.run(one.vm->stage2);
    const std::span<uint64_t, 18> x = one.registers.x().first<18>();
    if (stop.kind == StopKind::abort) {
      retry(one, stop.ipa);
      continue;
    }
    if (stop.kind == StopKind::request && stop.request == HVC_END) return;
    if (stop.kind != StopKind::call_smc) {
      const GuestContext& context = one.registers.context();
      complain("a guest ends by ESR, ELR", context.esr, context.elr);
    }
    one.registers.skip_instruction();
    ffa::Regs regs;
    std::memcpy(regs.x.data(), x.data(), sizeof regs.x);
    const auto outcome = product->handle_call(id, vcpu, mediator::Conduit::smc, regs);
    if (outcome != mediator::Dispatch::handled) complain("not the mediator's call:", x[0]);
    std::memcpy(x.data(), regs.x.data(), sizeof regs.x);
    ++one.calls;
  }
}

/// What a guest says of itself at its end.
void judge(Running& one, uint64_t* successes) {
  const auto x = one.registers.x();
  if (x[0] != 0) {
    print("VM ");
    print_hex(one.vm->id());
    complain(": trouble, work", x[0], x[1] << 32 | static_cast<uint32_t>(x[2]));
  }
  for (unsigned n = 0; n < works; ++n) successes[n] += x[1 + n];
}

void create_vms() {
  std::byte* memory = reinterpret_cast<std::byte*>(places.mediator.base);
  const mediator::MediatorConfig config = to_config(package.mediator);
  const size_t needed = SmpMediator::memory_needed(config);
  product = SmpMediator::create(*platform, config, {memory, needed});
  if (product == nullptr || !product->probe().ok()) complain("no SPMC, or no mediator", 0);
  memory += needed;
  const auto image = reinterpret_cast<uintptr_t>(smp_guest);
  const auto image_bytes = static_cast<uint64_t>(smp_guest_end - smp_guest);
  for (Vm& vm : machine->vms()) {
    const mediator::VmConfig vm_config = to_config(*vm.config);
    const size_t bytes = SmpMediator::memory_needed(config, vm_config);
    machine->add_vm(vm);
    const auto progress = product->domain_init(vm_config, {memory, bytes});
    if (!progress.ok() || *progress != mediator::Progress::done) complain("no VM", vm.id());
    vm.life = Life::running;
    memory += bytes;
    vm.stage2.map_private(GUEST_IMAGE_IPA, image, image_bytes, Stage2::Private::code);
    vm.stage2.map_private(GUEST_STACKS_IPA, places.guest_stacks.base,
                          uint64_t{parts} * GUEST_STACK_BYTES, Stage2::Private::variables);
  }
}

void prepare(Running& one, Vm& vm, uint16_t vcpu, const Vm& peer, uint64_t part, uint64_t rounds) {
  one.vm = &vm;
  one.vcpu = vcpu;
  const uint64_t ids = uint64_t{vm.id()} << 32 | uint64_t{peer.id()} << 16 | package.spmc.sps[0].id;
  one.registers.create(part * 0x9e3779b97f4a7c15, rounds, ids, 0,
                       GUEST_STACKS_IPA + (part + 1) * GUEST_STACK_BYTES);
}

/// Both at once; back when both have ended.
void run_both(Running& here, Running& there) {
  __atomic_store_n(&for_second, &there, __ATOMIC_RELEASE);
  asm volatile("dsb sy; sev");
  run(here);
  while (__atomic_load_n(&for_second, __ATOMIC_ACQUIRE) != nullptr) {
  }
}

/// Counts what is left of a VM in the mediator.
class Left final : public mediator::Observer {
 public:
  void vm(const mediator::VmFacts& facts) override {
    count += facts.shares + facts.quarantined + facts.pinned_pages + facts.rxtx_pages.raw();
    count += facts.tx_claimed ? 1 : 0;
  }
  void share(const mediator::ShareFacts& /*facts*/) override { ++count; }
  void range(const mediator::RangeFacts& /*facts*/) override {}
  uint64_t count = 0;
};

/// Nothing is left of what the VMs have done; then they go.
void check_end(size_t empty, Recorder& recorder) {
  for (const Vm& vm : machine->vms()) {
    for (const ffa::Fid fid : {ffa::Fid::rx_release, ffa::Fid::rxtx_unmap}) {
      ffa::Regs regs;
      regs.x[0] = static_cast<uint64_t>(fid);
      (void)product->handle_call(ffa::EndpointId{vm.id()}, ffa::VcpuId{0}, mediator::Conduit::smc,
                                 regs);
    }
  }
  Left left;
  product->observe(left);
  if (left.count != 0) complain("the mediator still holds", left.count);
  uint64_t facts[18] = {static_cast<uint64_t>(TestControl::facts)};
  port_smc(facts, 0);
  if (facts[0] != 1 || facts[1] != 0) complain("the SPMC still has regions:", facts[1]);
  for (Vm& vm : machine->vms()) {
    const uint16_t id = vm.id();
    if (vm.pins != 0 || vm.references != 0) complain("pins, references:", vm.pins, vm.references);
    if (machine->mapped_buffers(id) != 0) complain("buffers are mapped of VM", id);
    for (uint64_t n = 0; n < pool_pages; ++n) {
      const auto extent = machine->translate(id, pool_ipa + n * ffa::page_size, 1);
      if (extent.kind != mediator::MemoryKind::ram_rw) complain("no access to page", n, id);
    }
    vm.life = Life::teardown;
    if (product->domain_teardown(ffa::EndpointId{id}) != mediator::Progress::done ||
        product->relinquish_resources(ffa::EndpointId{id}) != mediator::Progress::done) {
      complain("a VM does not end:", id);
    }
    product->free_domain_ctx(ffa::EndpointId{id});
    machine->remove_vm(vm);
  }
  // Nothing is written into the record here but what was wrong.
  const auto written = recorder.writer().written();
  if (written.size() == empty) return;
  char text[100] = {};
  const size_t at = empty + 3 * sizeof(uint64_t);
  std::memcpy(text, written.data() + at, std::min(sizeof text - 1, written.size() - at));
  print(text);
  complain("", written.size() - empty);
}

void print_count(const char* name, uint64_t count) {
  print(name);
  print_hex(count);
}

void report(const uint64_t* successes, uint64_t calls) {
  static constexpr const char* names[works] = {"share ",    " lend ", " remap ",
                                               " request ", " list ", " message "};
  for (unsigned n = 0; n < works; ++n) print_count(names[n], successes[n]);
  print_count("\ncalls ", calls);
  print("\n");
  for (unsigned n = 0; n < works; ++n) {
    if (successes[n] == 0) complain("never a success of work", n);
  }
}

}  // namespace

void secondary_main() {
  prepare_el2();
  prepare_guests();
  while (true) {
    Running* const next = __atomic_load_n(&for_second, __ATOMIC_ACQUIRE);
    if (next == nullptr) continue;
    run(*next);
    __atomic_store_n(&for_second, nullptr, __ATOMIC_RELEASE);
  }
}

void image_main() {
  prepare_el2();
  FrameReader packages{"case.package"};
  const std::span<std::byte> room{reinterpret_cast<std::byte*>(places.package.base),
                                  static_cast<size_t>(places.package.bytes)};
  const Frame frame = packages.opened() ? packages.next(room) : Frame{};
  uint64_t rounds = 0;
  (void)packages.next(std::as_writable_bytes(std::span{&rounds, 1}));
  const bool good = frame.kind == FrameKind::whole &&
                    begin_secure_world(frame.bytes) == Begun::as_asked &&
                    guest::Package::open(frame.bytes, package).ok() &&
                    package.vm_count >= package_at_least_vms && package.spmc.sp_count != 0;
  if (!good) give_up(exit_bad_input, "case.package: no world of two VMs and an SP");
  Stage2::forget_all();
  prepare_guests();
  const std::span<std::byte> record{reinterpret_cast<std::byte*>(places.record.base), 1 << 20};
  auto* const recorder = recorder_room.make(record);
  const size_t empty = recorder->writer().written().size();
  machine = machine_room.make(package, *recorder);
  platform = platform_room.make(*machine);
  create_vms();
  uint64_t on[18] = {psci_cpu_on, 1, reinterpret_cast<uintptr_t>(smp_start),
                     reinterpret_cast<uintptr_t>(secondary_stack + stack_bytes)};
  port_smc(on, 0);
  if (on[0] != 0) complain("CPU_ON:", on[0]);

  Vm& first = machine->vms()[0];
  Vm& second = machine->vms()[1];
  static Running here;
  static Running there;
  uint64_t successes[works] = {};
  for (uint64_t part = 0; part < parts; part += 2) {
    const bool one_vm = part % 4 == 0;
    prepare(here, first, 0, second, part, rounds / (parts / 2));
    prepare(there, one_vm ? first : second, 1, one_vm ? second : first, part + 1,
            rounds / (parts / 2));
    run_both(here, there);
    judge(here, successes);
    judge(there, successes);
  }
  check_end(empty, *recorder);
  report(successes, here.calls + there.calls);
  print("done\n");
  exit_machine(exit_done);
}
