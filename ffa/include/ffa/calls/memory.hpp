// SPDX-License-Identifier: BSD-3-Clause
// Memory management: the registers of each call. The descriptors that travel in TX and RX are in
// wire/memory.hpp, the attribute, permission and flag words in memory_attributes.hpp.
// [DEN0077A 1.0 chapters 11 and 12, DEN0140]
#pragma once

#include "ffa/calls/bare.hpp"
#include "ffa/calls/codec.hpp"
#include "ffa/calls/mem_perm.hpp"
#include "ffa/memory_attributes.hpp"

namespace ffa {

/// FFA_MEM_DONATE, _LEND, _SHARE and _RETRIEVE_REQ. w1 = total descriptor length, w2 = length of
/// the fragment at hand, in bytes; w3/x3 = address of the buffer that holds it (0: TX), w4 = its 4
/// KiB pages (0 with TX), w5-w7/x5-x7 MBZ. Each of these is a rule of its own for the handler, so
/// decode() never fails and keeps what it saw. Errors: INVALID_PARAMETERS, DENIED, NO_MEMORY, BUSY,
/// ABORTED, NOT_SUPPORTED. [DEN0077A 1.0 §11.1-11.4]
template <Fid id>
struct MemSend {
  Convention convention = Convention::smc32;
  uint32_t total_length_bytes = 0;
  uint32_t fragment_length_bytes = 0;
  uint64_t buffer_address = 0;
  uint32_t buffer_pages = 0;
  bool reserved_set = false;  ///< seen in w5-w7; encode() always writes zero there

  static constexpr Fid fid = id;
  static constexpr Result<MemSend> decode(const Regs& regs) {
    const Convention convention = codec::convention_of(regs);
    return MemSend{convention, regs.w(1),
                   regs.w(2),  codec::argument(regs, 3, convention),
                   regs.w(4),  !codec::all_zero(regs, 5, 7, convention)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(id, convention);
    regs.x[1] = total_length_bytes;
    regs.x[2] = fragment_length_bytes;
    regs.x[3] = codec::narrow(buffer_address, convention);
    regs.x[4] = buffer_pages;
    return regs;
  }
  friend constexpr bool operator==(const MemSend&, const MemSend&) = default;
};
using MemDonate = MemSend<Fid::mem_donate>;
using MemLend = MemSend<Fid::mem_lend>;
using MemShare = MemSend<Fid::mem_share>;
using MemRetrieveReq = MemSend<Fid::mem_retrieve_req>;

/// Reply to the sends and to the last FFA_MEM_FRAG_TX: w2/w3 = handle. [DEN0077A 1.0 §11.1-11.3]
struct MemSendSuccess {
  Handle handle{};

  static constexpr Result<MemSendSuccess> decode(const Regs& regs) {
    return MemSendSuccess{codec::handle_at(regs, 2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success);
    codec::put_dword(regs, 2, handle.raw());
    return regs;
  }
  friend constexpr bool operator==(const MemSendSuccess&, const MemSendSuccess&) = default;
};

/// FFA_MEM_RETRIEVE_RESP, only ever a reply. w1 = total descriptor length, w2 = bytes of it now in
/// RX; w3-w7 MBZ, ignored like all reserved bits of a reply. [DEN0077A 1.0 §11.5]
struct MemRetrieveResp {
  uint32_t total_length_bytes = 0;
  uint32_t fragment_length_bytes = 0;

  static constexpr Result<MemRetrieveResp> decode(const Regs& regs) {
    return MemRetrieveResp{regs.w(1), regs.w(2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::mem_retrieve_resp);
    regs.x[1] = total_length_bytes;
    regs.x[2] = fragment_length_bytes;
    return regs;
  }
  friend constexpr bool operator==(const MemRetrieveResp&, const MemRetrieveResp&) = default;
};

/// FFA_MEM_RELINQUISH: no registers, wire::MemoryRelinquish in TX.
/// Errors: INVALID_PARAMETERS, DENIED, NO_MEMORY, ABORTED. [DEN0077A 1.0 §11.6]
using MemRelinquish = BareCall<Fid::mem_relinquish>;

/// FFA_MEM_RECLAIM. w1/w2 = handle, w3 = flags: bit 0 zero memory, bit 1 time slice, 31:2 MBZ,
/// which the handler checks with its other rules on flags. w4-w7 SBZ. Errors: INVALID_PARAMETERS,
/// DENIED (still retrieved), NO_MEMORY, ABORTED. [DEN0077A 1.0 §11.7]
struct MemReclaim {
  Handle handle{};
  MemoryFlags flags{};

  static constexpr Result<MemReclaim> decode(const Regs& regs) {
    return MemReclaim{codec::handle_at(regs, 1), MemoryFlags{regs.w(3)}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::mem_reclaim);
    codec::put_dword(regs, 1, handle.raw());
    regs.x[3] = flags.raw();
    return regs;
  }
  friend constexpr bool operator==(const MemReclaim&, const MemReclaim&) = default;
};

/// FFA_MEM_FRAG_RX: ask for the fragment at an offset. w1/w2 = handle, w3 = offset in the whole
/// descriptor in bytes, w4[31:16] = endpoint at the NS physical instance, MBZ elsewhere (the
/// handler's rule), 15:0 MBZ. Errors: INVALID_PARAMETERS, BUSY, DENIED, ABORTED.
/// [DEN0077A 1.0 §12.2]
struct MemFragRx {
  Handle handle{};
  uint32_t fragment_offset_bytes = 0;
  EndpointId endpoint{};

  static constexpr Result<MemFragRx> decode(const Regs& regs) {
    if (codec::low16(regs.w(4)) != 0) return codec::must_be_zero;
    return MemFragRx{codec::handle_at(regs, 1), regs.w(3), EndpointId{codec::high16(regs.w(4))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::mem_frag_rx);
    codec::put_dword(regs, 1, handle.raw());
    regs.x[3] = fragment_offset_bytes;
    regs.x[4] = codec::pair(endpoint.raw(), 0);
    return regs;
  }
  friend constexpr bool operator==(const MemFragRx&, const MemFragRx&) = default;
};

/// FFA_MEM_FRAG_TX: here is the next fragment. w1/w2 = handle, w3 = its length in bytes, w4 as in
/// FFA_MEM_FRAG_RX. Errors: INVALID_PARAMETERS, NO_MEMORY, ABORTED. [DEN0077A 1.0 §12.2]
struct MemFragTx {
  Handle handle{};
  uint32_t fragment_length_bytes = 0;
  EndpointId endpoint{};

  static constexpr Result<MemFragTx> decode(const Regs& regs) {
    if (codec::low16(regs.w(4)) != 0) return codec::must_be_zero;
    return MemFragTx{codec::handle_at(regs, 1), regs.w(3), EndpointId{codec::high16(regs.w(4))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::mem_frag_tx);
    codec::put_dword(regs, 1, handle.raw());
    regs.x[3] = fragment_length_bytes;
    regs.x[4] = codec::pair(endpoint.raw(), 0);
    return regs;
  }
  friend constexpr bool operator==(const MemFragTx&, const MemFragTx&) = default;
};

/// FFA_MEM_OP_PAUSE and _RESUME (1.0; no known callee implements them). w1/w2 = handle.
/// [DEN0077A 1.0 chapter 12]
template <Fid id>
struct MemOp {
  Handle handle{};

  static constexpr Result<MemOp> decode(const Regs& regs) {
    return MemOp{codec::handle_at(regs, 1)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(id);
    codec::put_dword(regs, 1, handle.raw());
    return regs;
  }
  friend constexpr bool operator==(const MemOp&, const MemOp&) = default;
};
using MemOpPause = MemOp<Fid::mem_op_pause>;
using MemOpResume = MemOp<Fid::mem_op_resume>;

}  // namespace ffa
