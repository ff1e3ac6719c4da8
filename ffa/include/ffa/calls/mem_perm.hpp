// SPDX-License-Identifier: BSD-3-Clause
// Stage-1 permissions of an S-EL0 partition's own pages. [DEN0140 1.2 §2.8, §2.9]
#pragma once

#include "ffa/calls/codec.hpp"
#include "ffa/memory_attributes.hpp"

namespace ffa {

/// FFA_MEM_PERM_GET (1.1, S-EL0). w1/x1 = virtual address; w2 = page count - 1 (1.3, 0 before).
/// Errors: INVALID_PARAMETERS, DENIED (after initialisation), NOT_SUPPORTED.
struct MemPermGet {
  Convention convention = Convention::smc64;
  uint64_t address = 0;
  uint32_t page_count_minus_1 = 0;

  static constexpr Result<MemPermGet> decode(const Regs& regs) {
    const Convention convention = codec::convention_of(regs);
    return MemPermGet{convention, codec::argument(regs, 1, convention), regs.w(2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::mem_perm_get, convention);
    regs.x[1] = codec::narrow(address, convention);
    regs.x[2] = page_count_minus_1;
    return regs;
  }
  friend constexpr bool operator==(const MemPermGet&, const MemPermGet&) = default;
};

/// Reply to FFA_MEM_PERM_GET: w2 = permissions; w3 = page count - 1 (1.3, 0 before).
struct MemPermGetSuccess {
  PagePermissions permissions{};
  uint32_t page_count_minus_1 = 0;

  static constexpr Result<MemPermGetSuccess> decode(const Regs& regs) {
    return MemPermGetSuccess{PagePermissions{regs.w(2)}, regs.w(3)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success);
    regs.x[2] = permissions.raw();
    regs.x[3] = page_count_minus_1;
    return regs;
  }
  friend constexpr bool operator==(const MemPermGetSuccess&, const MemPermGetSuccess&) = default;
};

/// FFA_MEM_PERM_SET (1.1, S-EL0). w1/x1 = virtual address, w2 = 4 KiB pages, w3 = permissions, 31:3
/// MBZ. Errors: INVALID_PARAMETERS, DENIED (after initialisation), NO_MEMORY, NOT_SUPPORTED.
struct MemPermSet {
  Convention convention = Convention::smc64;
  uint64_t address = 0;
  PageCount page_count{};
  PagePermissions permissions{};

  static constexpr Result<MemPermSet> decode(const Regs& regs) {
    const PagePermissions permissions{regs.w(3)};
    if (permissions.has_reserved_bits()) return codec::must_be_zero;
    const Convention convention = codec::convention_of(regs);
    return MemPermSet{convention, codec::argument(regs, 1, convention), PageCount{regs.w(2)},
                      permissions};
  }
  /// `page_count` above 32 bits loses its upper bits.
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::mem_perm_set, convention);
    regs.x[1] = codec::narrow(address, convention);
    regs.x[2] = static_cast<uint32_t>(page_count.raw());
    regs.x[3] = permissions.raw();
    return regs;
  }
  friend constexpr bool operator==(const MemPermSet&, const MemPermSet&) = default;
};

}  // namespace ffa
