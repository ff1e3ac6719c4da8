// SPDX-License-Identifier: BSD-3-Clause
// The monitor at EL3: starts the secure world, then the normal one, and relays the SMCs of one to
// the other, x0-x17, but for those that an SPMD answers (spmd.hpp). The normal world may switch the
// machine off, and, where there are two CPUs, the second one on. There is one secure world: the CPU
// whose turn it is runs it, as an SPMC does that knows of one CPU only.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "ports/qemu-virt/common/backtrace.hpp"
#include "ports/qemu-virt/common/gic.hpp"
#include "ports/qemu-virt/common/semihosting.hpp"
#include "ports/qemu-virt/common/spin_lock.hpp"
#include "ports/qemu-virt/el3/context.hpp"
#include "ports/qemu-virt/el3/spmd.hpp"
#include "ports/qemu-virt/el3/start_options.hpp"
#include "ports/qemu-virt/memory_map.h"

extern "C" {
extern const std::byte el3_vectors[];
[[noreturn]] void enter_world(el3::World* world);
[[noreturn]] void smc_from(el3::World* world);
[[noreturn]] void image_main();
extern const std::byte el3_secondary[];
[[noreturn]] void secondary_main();
}

namespace {

using el3::El1Registers;
using el3::Next;
using el3::World;

constexpr uint64_t sctlr_el3 = 0x30c50830;  // RES1 bits; MMU, caches and alignment checks off
constexpr uint64_t sctlr_el1 = 0x30d00800;
constexpr uint64_t scr_secure = 0x530;  // RW, HCE; FIQ 0: an FIQ is S-EL1's
constexpr uint64_t scr_normal = 0x531;  // and NS
constexpr uint64_t spsr_el1h = 0x3c5;   // interrupts masked
constexpr uint64_t spsr_el2h = 0x3c9;
constexpr uint64_t exception_class_smc = 0x17;
constexpr uint64_t psci_system_off = 0x84000008;  // [DEN0022 5.1.10]
constexpr uint64_t psci_cpu_on = 0xc4000003;      // [DEN0022 5.1.4]
constexpr uint64_t psci_success = 0;
constexpr uint64_t psci_invalid_parameters = ~uint64_t{1};
constexpr uint64_t psci_already_on = ~uint64_t{3};
constexpr size_t cpus = 2;
constexpr size_t max_command_line = 256;

World secure;
World normal[cpus];
/// Taken by the CPU that is in the secure world.
uint32_t secure_lock;
constinit el3::Spmd spmd;
/// The secure world says by its first SMC that it is ready.
bool secure_ready;

#define SAVE(name, field) asm volatile("mrs %0, " #name : "=r"(to.field))
#define LOAD(name, field) asm volatile("msr " #name ", %0" ::"r"(from.field))

void save(El1Registers& to) {
  SAVE(sctlr_el1, sctlr);
  SAVE(cpacr_el1, cpacr);
  SAVE(vbar_el1, vbar);
  SAVE(sp_el0, sp_el0);
  SAVE(sp_el1, sp_el1);
  SAVE(elr_el1, elr);
  SAVE(spsr_el1, spsr);
  SAVE(esr_el1, esr);
  SAVE(far_el1, far);
  SAVE(ttbr0_el1, ttbr0);
  SAVE(ttbr1_el1, ttbr1);
  SAVE(tcr_el1, tcr);
  SAVE(mair_el1, mair);
  SAVE(tpidr_el1, tpidr);
  SAVE(tpidr_el0, tpidr_el0);
}

void load(const El1Registers& from) {
  LOAD(sctlr_el1, sctlr);
  LOAD(cpacr_el1, cpacr);
  LOAD(vbar_el1, vbar);
  LOAD(sp_el0, sp_el0);
  LOAD(sp_el1, sp_el1);
  LOAD(elr_el1, elr);
  LOAD(spsr_el1, spsr);
  LOAD(esr_el1, esr);
  LOAD(far_el1, far);
  LOAD(ttbr0_el1, ttbr0);
  LOAD(ttbr1_el1, ttbr1);
  LOAD(tcr_el1, tcr);
  LOAD(mair_el1, mair);
  LOAD(tpidr_el1, tpidr);
  LOAD(tpidr_el0, tpidr_el0);
}

World start_of(uint64_t entry, uint64_t spsr, uint64_t scr) {
  World world;
  world.elr = entry;
  world.spsr = spsr;
  world.scr = scr;
  world.el1.sctlr = sctlr_el1;
  return world;
}

/// All interrupts belong to the normal world (group 1); in the secure world they are FIQs of S-EL1.
void route_interrupts() {
  namespace gic = ports::qemu::gic;
  constexpr uint32_t groups_and_affinity = 0x37;
  constexpr uint32_t asleep = 2;
  constexpr uint32_t children_asleep = 4;
  gic::distributor_control() = groups_and_affinity;
  gic::waker(0) = gic::waker(0) & ~asleep;
  while ((gic::waker(0) & children_asleep) != 0) {
  }
  gic::group(0) = ~uint32_t{0};
  for (unsigned n = 1; n < gic::spi_groups(); ++n) gic::distributor_group(n) = ~uint32_t{0};
  asm volatile("msr " FFA_ICC_SRE_EL3 ", %0; isb; msr " FFA_ICC_IGRPEN1_EL3
               ", %1; isb" ::"r"(uint64_t{0xf}),
               "r"(uint64_t{3}));
}

/// Nothing that looks like a device tree stays where QEMU has put it.
void move_device_tree(uint64_t to) {
  std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(DEVICE_TREE),
              DEVICE_TREE_BYTES);
  std::memset(reinterpret_cast<void*>(DEVICE_TREE), 0, DEVICE_TREE_BYTES);
}

size_t this_cpu() {
  uint64_t id = 0;
  asm("mrs %0, mpidr_el1" : "=r"(id));
  return id & (cpus - 1);
}

void prepare_cpu() {
  asm volatile(
      "msr sctlr_el3, %0; msr vbar_el3, %1; msr cptr_el3, xzr; msr mdcr_el3, xzr; isb" ::"r"(
          sctlr_el3),
      "r"(el3_vectors));
}

/// CPU_ON: target, entry, context. A board with one CPU has nobody who would answer.
uint64_t switch_on(const World& from) {
  auto* const mailbox = reinterpret_cast<volatile uint64_t*>(EL3_MAILBOX);
  constexpr uint64_t second = 1;
  if (from.x[1] != second || this_cpu() == second) return psci_invalid_parameters;
  if (*mailbox != 0) return psci_already_on;
  normal[second] = start_of(from.x[2], spsr_el2h, scr_normal);
  normal[second].x[0] = from.x[3];
  asm volatile("dsb sy" ::: "memory");
  *mailbox = reinterpret_cast<uintptr_t>(el3_secondary);
  asm volatile("dsb sy; sev" ::: "memory");
  return psci_success;
}

}  // namespace

void secondary_main() {
  prepare_cpu();
  load(normal[this_cpu()].el1);
  enter_world(&normal[this_cpu()]);
}

void smc_from(World* from) {
  uint64_t syndrome = 0;
  asm volatile("mrs %0, esr_el3" : "=r"(syndrome));
  if ((syndrome >> 26 & 0x3f) != exception_class_smc) {
    uint64_t address = 0;
    asm volatile("mrs %0, far_el3" : "=r"(address));
    const bool ours = from == &secure;
    ports::qemu::StackMemory memory{EL2_RAM, EL2_RAM + EL2_RAM_BYTES, EL2_RAM};
    if (ours) memory = {SEL1_RAM, SEL1_RAM + SEL1_RAM_BYTES, SEL1_RAM};
    ports::qemu::print_crash(ours ? "S-EL1, taken to EL3" : "the normal world, taken to EL3",
                             syndrome, from->elr, address, from->x[29], from->x[30], memory);
    ports::qemu::exit_machine(ports::qemu::exit_crash);
  }
  const bool leaves_secure = from == &secure;
  if (!leaves_secure && from->x[0] == psci_system_off) {
    ports::qemu::exit_machine(ports::qemu::exit_done);
  }
  if (!leaves_secure && from->x[0] == psci_cpu_on) {
    from->x[0] = switch_on(*from);
    enter_world(from);
  }
  if (!leaves_secure) ports::qemu::take_lock(secure_lock);
  ffa::Regs regs;
  std::copy_n(from->x.begin(), regs.x.size(), regs.x.begin());
  const Next next = leaves_secure ? spmd.from_secure(regs) : spmd.from_normal(regs);
  if (next == Next::nowhere) {
    ports::qemu::give_up(ports::qemu::exit_broken, "the SPMC does not answer what it was asked");
  }
  if (next == Next::caller) {
    std::copy(regs.x.begin(), regs.x.end(), from->x.begin());
    if (!leaves_secure) ports::qemu::release_lock(secure_lock);
    enter_world(from);
  }
  World* const to = leaves_secure ? &normal[this_cpu()] : &secure;
  save(from->el1);
  load(to->el1);
  if (secure_ready) std::copy(regs.x.begin(), regs.x.end(), to->x.begin());
  secure_ready = true;
  if (leaves_secure) ports::qemu::release_lock(secure_lock);
  enter_world(to);
}

void image_main() {
  prepare_cpu();
  route_interrupts();
  char words[max_command_line];
  const auto options = el3::parse_start_options(ports::qemu::command_line(words));
  if (!options) ports::qemu::give_up(ports::qemu::exit_bad_input, "a word of arg= is no option");
  secure = start_of(SEL1_RAM, spsr_el1h, scr_secure);
  normal[0] = start_of(options->bl33.value_or(EL2_RAM), spsr_el2h, scr_normal);
  normal[0].x[0] = options->x0;
  if (options->device_tree) move_device_tree(*options->device_tree);
  load(secure.el1);
  ports::qemu::take_lock(secure_lock);
  enter_world(&secure);
}
