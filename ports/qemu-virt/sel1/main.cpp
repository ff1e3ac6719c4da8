// SPDX-License-Identifier: BSD-3-Clause
// The SPMC model at S-EL1: one SMC in, one answer out, for ever. It reaches non-secure memory at
// its own addresses, the MMU being off.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "ffa/calls/framework.hpp"
#include "ffa/calls/setup.hpp"
#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "guest/package.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/common/semihosting.hpp"
#include "ports/qemu-virt/common/test_control.hpp"
#include "ports/qemu-virt/memory_map.h"
#include "ports/qemu-virt/sel1/sp_work.hpp"
#include "spmc-model/spmc.hpp"

extern "C" {
extern const std::byte sel1_vectors[];
[[noreturn]] void image_main(const std::byte* package, size_t bytes);
}

namespace {

using ports::qemu::TestControl;
using spmc_model::Spmc;

constexpr uint64_t smccc_not_supported = 0xffffffff;
constexpr size_t storage_bytes = 4 << 20;

alignas(64) std::byte storage[storage_bytes];
guest::Package package;

/// The world's RAM. Which page of it belongs to whom the secure world does not know.
class NormalMemory final : public spmc_model::PhysicalMemory {
 public:
  bool read(ffa::Pa from, std::span<std::byte> to) override {
    if (!is_inside(from.raw(), to.size())) return false;
    std::memcpy(to.data(), reinterpret_cast<const void*>(from.raw()), to.size());
    return true;
  }
  bool write(ffa::Pa to, std::span<const std::byte> from) override {
    if (!is_inside(to.raw(), from.size())) return false;
    std::memcpy(reinterpret_cast<void*>(to.raw()), from.data(), from.size());
    return true;
  }
  bool is_normal_ram(ffa::Pa page) override { return is_inside(page.raw(), ffa::page_size); }
  void raise_schedule_receiver_interrupt() override { sri_pending_ = true; }
  bool works_until_stopped(const spmc_model::SpWork& work) override { return workers_.run(work); }
  bool take_pending_sri() {
    const bool pending = sri_pending_;
    sri_pending_ = false;
    return pending;
  }

 private:
  static bool is_inside(uint64_t pa, size_t bytes) {
    return pa >= package.ram_base && pa - package.ram_base <= package.ram_size &&
           bytes <= package.ram_size - (pa - package.ram_base);
  }
  bool sri_pending_ = false;
  ports::qemu::SpWorkers workers_;
};

Spmc* create_spmc(NormalMemory& memory) {
  const guest::PackedSpmc& packed = package.spmc;
  const std::string_view name{reinterpret_cast<const char*>(packed.personality.data()),
                              packed.personality.size()};
  auto personality = spmc_model::find_personality(name);
  if (!personality)
    ports::qemu::give_up(ports::qemu::exit_bad_input, "case.package: unknown personality");
  personality->max_version = ffa::Version{packed.version};
  if (packed.max_shares != 0) personality->handles.live_limit = packed.max_shares;
  if (packed.max_vms != 0) personality->vms = packed.max_vms;
  personality->per_vcpu_notifications = packed.per_vcpu_notifications;
  std::array<spmc_model::SpConfig, guest::package_max_sps> sps{};
  for (size_t n = 0; n < packed.sp_count; ++n) {
    const guest::PackedSp& sp = packed.sps[n];
    sps[n].id = ffa::EndpointId{sp.id};
    sps[n].kind = static_cast<spmc_model::SpKind>(sp.kind);
    sps[n].uuid = sp.uuid;
    sps[n].contexts = sp.contexts;
    sps[n].properties = sp.properties;
    if (sp.threads != 0) sps[n].service.threads = sp.threads;
    if (sp.sessions != 0) sps[n].service.sessions = sp.sessions;
  }
  if (Spmc::storage_bytes() > storage_bytes) {
    ports::qemu::give_up(ports::qemu::exit_too_large, "the SPMC model's storage");
  }
  Spmc* const spmc = Spmc::create(storage,
                                  {*personality, std::span{sps}.first(packed.sp_count),
                                   std::span{packed.missing}.first(packed.missing_count)},
                                  memory);
  if (spmc == nullptr)
    ports::qemu::give_up(ports::qemu::exit_bad_input, "the SPMC refuses these SPs");
  return spmc;
}

/// Facts of the model for a dump of the state.
ffa::Regs facts(const Spmc& spmc) {
  ffa::Regs out;
  uint64_t pages = 0;
  uint64_t retrieved = 0;
  for (size_t n = 0; n < spmc.regions(); ++n) {
    pages += spmc.region(n).pages;
    retrieved += spmc.region(n).retrieved_by;
  }
  out.x[0] = 1;
  out.x[1] = spmc.regions();
  out.x[2] = pages;
  out.x[3] = retrieved;
  out.x[4] = spmc.owns_hypervisor_rx() ? 1 : 0;
  return out;
}

/// x1: SP, or 0: the SPM; x2: VM; x3: bitmap; x4: 0, or a vCPU and 1 more.
ffa::Status set_notification(Spmc& spmc, const ffa::Regs& in) {
  const ffa::EndpointId sp{static_cast<uint16_t>(in.x[1])};
  const ffa::EndpointId vm{static_cast<uint16_t>(in.x[2])};
  if (sp == ffa::hypervisor_id) return spmc.set_framework_notification(vm, in.w(3));
  if (in.x[4] == 0) return spmc.set_notification(sp, vm, in.x[3]);
  return spmc.set_notification(sp, vm, in.x[3], static_cast<uint16_t>(in.x[4] - 1));
}

ffa::Regs answer_with(Spmc& spmc, NormalMemory& memory, const ffa::Regs& in) {
  ffa::Regs out;
  const auto id = [&](size_t n) { return ffa::EndpointId{static_cast<uint16_t>(in.x[n])}; };
  switch (static_cast<TestControl>(in.x[0])) {
    case TestControl::set_notification:
      out.x[0] = static_cast<uint64_t>(static_cast<int64_t>(set_notification(spmc, in)));
      return out;
    case TestControl::answer_vm_messages:
      spmc.answer_vm_messages(id(1), static_cast<ffa::Status>(static_cast<int32_t>(in.x[2])),
                              in.w(3));
      return out;
    case TestControl::take_pending_sri:
      out.x[0] = memory.take_pending_sri() ? 1 : 0;
      return out;
    case TestControl::facts:
      return facts(spmc);
    case TestControl::vm_facts:
      out.x[0] = spmc.knows_vm(id(1)) ? 1 : 0;
      out.x[1] = spmc.has_bitmap(id(1)) ? 1 : 0;
      return out;
    case TestControl::preempt:
      spmc.preempt(id(1), in.w(2), static_cast<spmc_model::StopKind>(in.x[3]));
      return out;
    case TestControl::begin_world:
    case TestControl::describe_spmc:
      break;
  }
  return spmc.smc(in);
}

/// A secure world without an SPMC: it knows no call, EL2's questions included.
ffa::Regs answer_without_spmc(const ffa::Regs& in) {
  ffa::Regs out = in;
  out.x[0] = smccc_not_supported;
  if (static_cast<TestControl>(in.x[0]) == TestControl::facts) out.x[0] = 0;
  if (static_cast<TestControl>(in.x[0]) == TestControl::take_pending_sri) out.x[0] = 0;
  return out;
}

/// What EL3 has to know of the SPMC, as an SPMD has it from a manifest.
void describe_spmc(bool there) {
  const auto missing = std::span{package.spmc.missing}.first(package.spmc.missing_count);
  const auto lacks = [&](ffa::Fid fid) {
    return std::find(missing.begin(), missing.end(), ffa::fid32(fid)) != missing.end();
  };
  ffa::Regs regs;
  regs.x[0] = static_cast<uint64_t>(TestControl::describe_spmc);
  regs.x[1] = there ? ffa::spmc_default_id.raw() : 0;
  regs.x[2] = lacks(ffa::Fid::id_get) || lacks(ffa::Fid::spm_id_get) ? 1 : 0;
  port_smc(regs.x.data(), 0);
}

/// FFA_VERSION of the normal world, which the SPMD passes on. [DEN0077A 1.2 §18.3]
bool is_version_request(const ffa::Regs& in) {
  return ffa::FunctionId{in.x[0]}.raw == ffa::fid32(ffa::Fid::msg_send_direct_req) &&
         ffa::codec::sender_of(in) == ffa::spmd_id && ffa::VersionRequest::decode(in).ok();
}

ffa::Regs answer_version(Spmc& spmc, const ffa::Regs& in) {
  const ffa::VersionRequest request = *ffa::VersionRequest::decode(in);
  const ffa::Regs said = spmc.smc(ffa::FfaVersion{request.requested}.encode());
  return ffa::VersionResponse{request.receiver, request.sender,
                              ffa::FfaVersionResult::decode(said)->version}
      .encode();
}

/// Who is at EL3 says so by itself: FFA_VERSION and FFA_SPM_ID_GET of the SPMC end there.
void check_spmd() {
  ffa::Regs version = ffa::FfaVersion{ffa::v1_2}.encode();
  port_smc(version.x.data(), 0);
  ffa::Regs id = ffa::SpmIdGet{}.encode();
  port_smc(id.x.data(), 0);
  if (version.x[0] != ffa::v1_2.raw() || !ffa::is_success(id) || id.x[2] != ffa::spmd_id.raw()) {
    ports::qemu::give_up(ports::qemu::exit_broken, "no SPMD of 1.2 at EL3");
  }
}

/// The secure world of one package after the other.
class SecureWorld {
 public:
  /// False: the package is not well-formed; what was before is gone all the same.
  bool begin(std::span<const std::byte> bytes) {
    spmc_ = nullptr;
    package = {};
    describe_spmc(false);
    if (!guest::Package::open(bytes, package).ok()) return false;
    memory_ = {};
    if (!package.spmc.absent) spmc_ = create_spmc(memory_);
    describe_spmc(!package.spmc.absent);
    return true;
  }
  ffa::Regs answer(const ffa::Regs& in) {
    if (static_cast<TestControl>(in.x[0]) == TestControl::begin_world) {
      ffa::Regs out;
      out.x[0] = begin({reinterpret_cast<const std::byte*>(in.x[1]), in.x[2]}) ? 1 : 0;
      return out;
    }
    if (spmc_ != nullptr && is_version_request(in)) return answer_version(*spmc_, in);
    if (spmc_ != nullptr && ffa::is_function(in, ffa::Fid::version)) {
      ports::qemu::give_up(ports::qemu::exit_broken, "FFA_VERSION has passed the SPMD");
    }
    return spmc_ == nullptr ? answer_without_spmc(in) : answer_with(*spmc_, memory_, in);
  }

 private:
  NormalMemory memory_;
  Spmc* spmc_ = nullptr;
};

}  // namespace

/// No package: a world without an SPMC until begin_world.
void image_main(const std::byte* bytes, size_t length) {
  asm volatile("msr vbar_el1, %0; isb" ::"r"(sel1_vectors));
  check_spmd();
  SecureWorld world;
  if (length != 0 && !world.begin({bytes, length})) {
    ports::qemu::give_up(ports::qemu::exit_bad_input, "case.package: not well-formed");
  }
  ffa::Regs regs;
  regs.x[0] = static_cast<uint64_t>(ffa::Fid::msg_wait);
  while (true) {
    port_smc(regs.x.data(), 0);
    regs = world.answer(regs);
  }
}
