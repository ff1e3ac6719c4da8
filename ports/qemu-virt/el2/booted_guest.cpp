// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/booted_guest.hpp"

#include <algorithm>
#include <cstring>

#include "ffa/fid.hpp"
#include "ports/qemu-virt/common/backtrace.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/common/gic.hpp"

namespace ports::qemu {
namespace {

constexpr uint64_t page = ffa::page_size;
constexpr uint64_t not_supported = ~uint64_t{0};
constexpr uint64_t invalid_parameters = ~uint64_t{1};
constexpr uint64_t already_on = ~uint64_t{3};
constexpr uint64_t psci_1_1 = 1 << 16 | 1;
constexpr uint64_t smccc_1_2 = 1 << 16 | 2;
constexpr uint64_t trusted_os_needs_no_migration = 2;
constexpr uint64_t smc64 = 1 << 30;
constexpr uint64_t affinity = 0xff00ffffff;  // of MPIDR
/// Where its stack lies is the guest's own business.
constexpr StackMemory nowhere{~uint64_t{0}, ~uint64_t{0}, 0};

/// Function ids; those with addresses or affinities exist as SMC64, too.
enum class Firmware : uint32_t {
  smccc_version = 0x80000000,
  smccc_arch_features = 0x80000001,
  psci_version = 0x84000000,
  cpu_off = 0x84000002,
  cpu_on = 0x84000003,
  affinity_info = 0x84000004,
  migrate_info_type = 0x84000006,
  system_off = 0x84000008,
  system_reset = 0x84000009,
  psci_features = 0x8400000a,
};

bool is_answered(uint64_t function) {
  switch (static_cast<Firmware>(function & ~smc64)) {
    case Firmware::smccc_version:
    case Firmware::psci_version:
    case Firmware::cpu_off:
    case Firmware::migrate_info_type:
    case Firmware::system_off:
    case Firmware::system_reset:
    case Firmware::psci_features:
      return (function & smc64) == 0;
    case Firmware::cpu_on:
    case Firmware::affinity_info:
      return true;
    default:
      return false;
  }
}

bool is_this_cpu(uint64_t target) {
  uint64_t id = 0;
  asm("mrs %0, mpidr_el1" : "=r"(id));
  return (target & affinity) == (id & affinity);
}

bool is_ffa(uint64_t x0) {
  const uint32_t number = static_cast<uint32_t>(x0) & 0xffff;
  const uint32_t rest = static_cast<uint32_t>(x0) & 0xbfff0000;
  return rest == 0x84000000 && number >= ffa::first_fid_number && number <= ffa::last_fid_number;
}

}  // namespace

Vm* BootedGuest::find() {
  if (boot_.vm == 0 || state_ == State::off) return nullptr;
  Vm* const vm = world_.machine().find(boot_.vm);
  if (vm == nullptr) give_up(exit_bad_input, "case.package: a guest is for a VM that there is not");
  if (vm->life == Life::running) {
    if (state_ == State::waiting) load(*vm);
    return vm;
  }
  // A VM that has gone takes its guest with it.
  if (state_ == State::running) state_ = State::off;
  return nullptr;
}

void BootedGuest::load(Vm& vm) {
  constexpr uint64_t distributor = 0x10000;
  vm.stage2.map_private(gic::distributor, gic::distributor, distributor,
                        Stage2::Private::registers);
  vm.stage2.map_private(gic::redistributors, gic::redistributors, gic::redistributor_bytes,
                        Stage2::Private::registers);
  vm.stage2.map_private(UART, UART, page, Stage2::Private::registers);
  for (size_t n = 0; n < boot_.file_count; ++n) {
    const guest::PackedFile& file = boot_.files[n];
    for (size_t done = 0; done < file.bytes.size();) {
      const uint64_t ipa = file.ipa + done;
      (void)world_.machine().touch(boot_.vm, ipa);
      const mediator::Extent extent = vm.stage2.find(ipa / page * page, 1);
      if (extent.kind != mediator::MemoryKind::ram_rw) {
        give_up(exit_bad_input, "case.package: a file of the guest lies outside its RAM");
      }
      const size_t part = std::min<uint64_t>(file.bytes.size() - done, page - ipa % page);
      std::memcpy(reinterpret_cast<void*>(extent.pa.raw() + ipa % page), file.bytes.data() + done,
                  part);
      done += part;
    }
  }
  asm volatile("msr " FFA_ICC_SRE_EL2
               ", %0; dsb sy; ic ialluis; dsb sy; isb" ::"r"(gic::system_registers_for_all));
  vcpu_.boot(boot_.entry, boot_.x0);
  state_ = State::running;
}

void BootedGuest::run_until_call() {
  while (Vm* const vm = find()) {
    if (exit(*vm)) return;
  }
}

void BootedGuest::run_until_off() {
  while (Vm* const vm = find()) exit(*vm);
}

bool BootedGuest::exit(Vm& vm) {
  const Stop stop = vcpu_.run(vm.stage2);
  const GuestContext& context = vcpu_.context();
  switch (stop.kind) {
    case StopKind::call_smc:
      vcpu_.skip_instruction();
      return call(mediator::Conduit::smc);
    case StopKind::call_hvc:
      return call(mediator::Conduit::hvc);
    case StopKind::request:
      vcpu_.x()[0] = not_supported;
      return false;
    case StopKind::abort:
    case StopKind::fetch_abort:
      if (!world_.machine().touch(boot_.vm, stop.ipa)) vcpu_.inject_abort();
      return false;
    case StopKind::other:
      print_crash("EL1, a guest of its own, taken to EL2", context.esr, context.elr, context.far, 0,
                  context.x[30], nowhere);
      exit_machine(exit_crash);
  }
  return false;
}

bool BootedGuest::call(mediator::Conduit conduit) {
  const std::span<uint64_t, 18> x = vcpu_.x().first<18>();
  if (is_ffa(x[0])) {
    world_.guest_call(boot_.vm, 0, conduit, x);
    return true;
  }
  if (!firmware_call(x)) x[0] = not_supported;
  return false;
}

bool BootedGuest::firmware_call(std::span<uint64_t, 18> x) {
  const uint64_t function = static_cast<uint32_t>(x[0]);
  if (!is_answered(function) && function != static_cast<uint32_t>(Firmware::smccc_arch_features)) {
    return false;
  }
  switch (static_cast<Firmware>(function & ~smc64)) {
    case Firmware::smccc_version:
      x[0] = smccc_1_2;
      return true;
    case Firmware::smccc_arch_features:
      x[0] = x[1] == static_cast<uint32_t>(Firmware::smccc_version) ? 0 : not_supported;
      return true;
    case Firmware::psci_version:
      x[0] = psci_1_1;
      return true;
    case Firmware::psci_features:
      x[0] = is_answered(static_cast<uint32_t>(x[1])) ? 0 : not_supported;
      return true;
    case Firmware::cpu_on:
      x[0] = is_this_cpu(x[1]) ? already_on : invalid_parameters;
      return true;
    case Firmware::affinity_info:
      x[0] = is_this_cpu(x[1]) ? 0 : invalid_parameters;
      return true;
    case Firmware::migrate_info_type:
      x[0] = trusted_os_needs_no_migration;
      return true;
    case Firmware::system_reset:
      world_.recorder().violation("the booted guest asks for a reset: it did not end well");
      state_ = State::off;
      return true;
    case Firmware::cpu_off:  // the only one
    case Firmware::system_off:
      state_ = State::off;
      return true;
  }
  return false;
}

}  // namespace ports::qemu
