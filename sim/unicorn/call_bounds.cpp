// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/call_bounds.hpp"

#include "ffa/fid.hpp"

namespace sim::unicorn {
namespace {

// Each holds for GCC 12 and clang-19 with a fifth to spare, with the factors that are nearest to
// all calls of the suite and the captures together. The calls of SMCCC that count an owner's
// functions look at every number there is.
constexpr CallBound sends{"sends", 100, 520, 12};
constexpr CallBound retrievals{"retrievals", 100, 600, 1};
constexpr CallBound reclaims{"reclaims", 100, 480, 0};
constexpr CallBound lists{"lists of partitions", 3'000, 180, 0};
constexpr CallBound buffers{"buffers mapped", 9'700, 10, 0};
constexpr CallBound messages{"indirect messages", 400, 40, 5};
constexpr CallBound registers{"registers only", 3'200, 10, 0};
constexpr CallBound others{"not FF-A", 2'300, 50, 0};

}  // namespace

const CallBound& bound_of(uint32_t fid) {
  constexpr uint32_t smc64 = 0x4000'0000;
  constexpr uint32_t owner = 0x8400'0000;
  constexpr uint32_t number_mask = 0xff;
  const uint32_t fid32 = fid & ~smc64;
  const bool ffa_call =
      (fid32 & ~number_mask) == owner && (fid32 & number_mask) >= ffa::first_fid_number;
  if (!ffa_call) return others;
  if (fid == ffa::fid64(ffa::Fid::partition_info_get_regs)) return lists;  // SMC64 only
  switch (static_cast<ffa::Fid>(fid32)) {
    case ffa::Fid::mem_donate:
    case ffa::Fid::mem_lend:
    case ffa::Fid::mem_share:
    case ffa::Fid::mem_frag_tx:
      return sends;
    case ffa::Fid::mem_retrieve_req:
    case ffa::Fid::mem_relinquish:
    case ffa::Fid::mem_frag_rx:
      return retrievals;
    case ffa::Fid::mem_reclaim:
      return reclaims;
    case ffa::Fid::partition_info_get:
      return lists;
    case ffa::Fid::rxtx_map:
    case ffa::Fid::rxtx_unmap:
      return buffers;
    case ffa::Fid::msg_send2:
      return messages;
    default:
      return registers;
  }
}

}  // namespace sim::unicorn
