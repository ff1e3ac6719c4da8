// SPDX-License-Identifier: BSD-3-Clause
// What a recorded SPMC call means for a replay: which VM it creates or ends, whether it answers an
// interrupt. docs/replay.md, "World".
#pragma once

#include <cstdint>
#include <optional>

#include "ffa/reply.hpp"
#include "sim/trace/event.hpp"

namespace ffa_trace {

inline bool is(const ffa::Regs& regs, ffa::Fid fid) { return ffa::is_function(regs, fid); }

/// True for FFA_MEM_DONATE, LEND and SHARE.
bool is_memory_send(const ffa::Regs& in);

/// True for calls whose effect is the SPMC's or an SP's: a mediator that lets one pass passes it
/// on, once.
bool is_passed_on(const ffa::Regs& in);

/// True for an answer that is a version, not an error.
inline bool is_version(const ffa::Regs& out) { return (out.w(0) >> 31) == 0; }

/// The VM whose creation this SPMC call belongs to: VM_CREATED, FFA_NOTIFICATION_BITMAP_CREATE.
std::optional<uint16_t> created_vm(const ffa::Regs& in);
/// The VM whose end it belongs to: FFA_NOTIFICATION_BITMAP_DESTROY, VM_DESTROYED.
std::optional<uint16_t> destroyed_vm(const ffa::Regs& in);

/// A hypervisor that asks who has notifications pending.
inline bool is_info_get(const ffa::Regs& in) { return is(in, ffa::Fid::notification_info_get); }
/// Its answer: there is more to ask for.
inline bool more_pending(const ffa::Regs& out) {
  return ffa::is_success(out) && (out.x[2] & 1) != 0;
}

}  // namespace ffa_trace
