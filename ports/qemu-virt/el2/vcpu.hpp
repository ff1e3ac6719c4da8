// SPDX-License-Identifier: BSD-3-Clause
// A vCPU: the registers of a guest program at EL1, entered and left for real.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ports/qemu-virt/el2/stage2.hpp"

namespace ports::qemu {

/// enter.S knows the offsets.
struct GuestContext {
  std::array<uint64_t, 31> x{};
  uint64_t elr = 0;    // 248
  uint64_t spsr = 0;   // 256
  uint64_t esr = 0;    // 264: why it stopped
  uint64_t far = 0;    // 272
  uint64_t hpfar = 0;  // 280
};

/// Why a vCPU stopped.
enum class StopKind : uint8_t { call_smc, call_hvc, request, abort, fetch_abort, other };
struct Stop {
  StopKind kind = StopKind::other;
  uint16_t request = 0;  ///< immediate of the HVC
  uint64_t ipa = 0;      ///< page of the access that stage 2 refused
};

/// What EL2 must set up once, before any vCPU runs.
void prepare_guests();

class Vcpu {
 public:
  /// `code` and `slots` as IPAs; `stack_top` too.
  void create(uint64_t code, uint64_t code_bytes, uint64_t slots, uint64_t slot_count,
              uint64_t stack_top);
  /// A guest of its own, as arm64's boot protocol has it: MMU off, interrupts its own business.
  void boot(uint64_t entry, uint64_t x0);
  /// Runs behind `stage2` until the next exit to EL2.
  Stop run(const Stage2& stage2);
  /// x0-x17 of a call that is under way.
  [[nodiscard]] std::span<uint64_t, 31> x() { return context_.x; }
  /// Goes on behind the SMC that trapped.
  void skip_instruction() { context_.elr += 4; }
  /// The access that stage 2 refused fails in the guest, as an external abort.
  void inject_abort();
  [[nodiscard]] const GuestContext& context() const { return context_; }

 private:
  struct El1 {
    uint64_t sp = 0, elr = 0, spsr = 0, esr = 0, far = 0, vbar = 0, sctlr = 0;
  };
  GuestContext context_{};
  El1 el1_{};
  uint64_t hcr_ = 0;
};

}  // namespace ports::qemu
