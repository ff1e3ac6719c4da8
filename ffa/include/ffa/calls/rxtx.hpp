// SPDX-License-Identifier: BSD-3-Clause
// The calls that hand RX/TX buffers over and back. The descriptor of a forwarded map is in
// wire/rxtx.hpp. [DEN0077A 1.2 §13.4-13.7]
#pragma once

#include "ffa/calls/codec.hpp"

namespace ffa {

/// FFA_RXTX_MAP. x1 = TX address, x2 = RX address, w3[5:0] = 4 KiB pages of each buffer, 31:6 MBZ.
/// Addresses are IPAs or PAs, depending on the caller. A hypervisor that forwards a VM's buffers
/// passes zeros and a descriptor in its TX. Errors: INVALID_PARAMETERS, NO_MEMORY, DENIED,
/// NOT_SUPPORTED. [DEN0077A 1.2 §13.6]
struct RxtxMap {
  Convention convention = Convention::smc64;
  uint64_t tx_address = 0;
  uint64_t rx_address = 0;
  PageCount page_count{};

  static constexpr uint32_t page_count_mask = 0x3fU;
  static constexpr Result<RxtxMap> decode(const Regs& regs) {
    if ((regs.w(3) & ~page_count_mask) != 0) return codec::must_be_zero;
    const Convention convention = codec::convention_of(regs);
    return RxtxMap{convention, codec::argument(regs, 1, convention),
                   codec::argument(regs, 2, convention), PageCount{regs.w(3)}};
  }
  /// `page_count` above 63 loses its upper bits.
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::rxtx_map, convention);
    regs.x[1] = codec::narrow(tx_address, convention);
    regs.x[2] = codec::narrow(rx_address, convention);
    regs.x[3] = page_count.raw() & page_count_mask;
    return regs;
  }
  [[nodiscard]] constexpr bool is_forwarded() const {
    return tx_address == 0 && rx_address == 0 && page_count == PageCount{0};
  }
  friend constexpr bool operator==(const RxtxMap&, const RxtxMap&) = default;
};

/// FFA_RXTX_UNMAP. w1[31:16] = VM id at the NS physical instance, MBZ elsewhere (the handler's
/// rule); 15:0 MBZ. Errors: INVALID_PARAMETERS, NOT_SUPPORTED. [DEN0077A 1.2 §13.7]
struct RxtxUnmap {
  EndpointId vm{};

  static constexpr Result<RxtxUnmap> decode(const Regs& regs) {
    if (codec::low16(regs.w(1)) != 0) return codec::must_be_zero;
    return RxtxUnmap{EndpointId{codec::high16(regs.w(1))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::rxtx_unmap);
    regs.x[1] = codec::pair(vm.raw(), 0);
    return regs;
  }
  friend constexpr bool operator==(const RxtxUnmap&, const RxtxUnmap&) = default;
};

/// FFA_RX_RELEASE. w1[15:0] = VM id when a hypervisor forwards it (1.1), MBZ elsewhere (the
/// handler's rule); 31:16 MBZ. Errors: DENIED (RX not owned by the caller), INVALID_PARAMETERS,
/// NOT_SUPPORTED. [DEN0077A 1.2 §13.5]
struct RxRelease {
  EndpointId vm{};

  static constexpr Result<RxRelease> decode(const Regs& regs) {
    if (codec::high16(regs.w(1)) != 0) return codec::must_be_zero;
    return RxRelease{EndpointId{codec::low16(regs.w(1))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::rx_release);
    regs.x[1] = vm.raw();
    return regs;
  }
  friend constexpr bool operator==(const RxRelease&, const RxRelease&) = default;
};

/// FFA_RX_ACQUIRE (1.1, hypervisor to SPMC only). w1[15:0] = VM whose RX buffer the hypervisor
/// wants; 31:16 SBZ. Errors: DENIED (not empty, not owned by the SPMC), INVALID_PARAMETERS,
/// NOT_SUPPORTED. [DEN0077A 1.2 §13.4]
struct RxAcquire {
  EndpointId vm{};

  static constexpr Result<RxAcquire> decode(const Regs& regs) {
    return RxAcquire{EndpointId{codec::low16(regs.w(1))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::rx_acquire);
    regs.x[1] = vm.raw();
    return regs;
  }
  friend constexpr bool operator==(const RxAcquire&, const RxAcquire&) = default;
};

}  // namespace ffa
