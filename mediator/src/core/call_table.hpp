// SPDX-License-Identifier: BSD-3-Clause
// Which calls a VM can make: by the table of calls.def, the VM's version and width, and what the
// SPMC has. Dispatch and FFA_FEATURES ask the same table, so they can't disagree. [DEN0077A 1.2
// §13.3]
#pragma once

#include <array>
#include <cstdint>

#include "core/spmc_features.hpp"
#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// What of the SPMC a call needs.
enum class Need : uint8_t {
  nothing,          ///< the mediator serves it alone
  spmc,             ///< an SPMC that can be used
  same_or_peers,    ///< it is forwarded as it is, or goes to another VM
  peers,            ///< other VMs that this one may know of
  direct_requests,  ///< a direct request of any kind, or other VMs
  memory_sharing,   ///< MEM_SHARE, of either width, and MEM_RECLAIM; or other VMs
  lending,          ///< MEM_LEND, of either width, likewise, where the VM may lend
  donating,         ///< MEM_DONATE, of either width, and MEM_RECLAIM, where the VM may lend
  fragments,        ///< memory_sharing, where the VM may send in fragments
  borrowing,        ///< where the VM may borrow from others
  notifications,    ///< all notification functions that a hypervisor needs, or other VMs
  notification_set  ///< FFA_NOTIFICATION_SET besides, or other VMs
};

/// What a VM's configuration and the SPMC's make of calls that not every VM has.
struct CallSwitches {
  bool spmc = true;        ///< there is an SPMC that can be used
  bool fragments = false;  ///< sends in fragments
  bool lends = false;      ///< sends that take the sender's access away
  bool borrows = false;    ///< retrieves what other VMs send
  bool peers = false;      ///< messages and notifications between VMs
  /// True if FF-A is there at all: without an SPMC, for the sake of other VMs.
  [[nodiscard]] constexpr bool has_ffa() const { return spmc || peers; }
};

/// True if the SPMC has every function without which notifications would be half there.
/// [DEN0077A 1.2 §16]
constexpr bool has_notifications(const SpmcFeatures& spmc) {
  using ffa::Fid;
  return spmc.has(Fid::notification_bitmap_create) && spmc.has(Fid::notification_bitmap_destroy) &&
         spmc.has(Fid::notification_bind) && spmc.has(Fid::notification_unbind) &&
         spmc.has(Fid::notification_get) && spmc.has(Fid::notification_info_get);
}

/// True if the SPMC wants to know the buffers of VMs, for messages from SPs: it has all that a
/// hypervisor needs to share them with it; FFA_RXTX_MAP it has, as the mediator's own are mapped.
/// [DEN0077A 1.2 §13.4-13.7]
constexpr bool has_vm_buffers(const SpmcFeatures& spmc) {
  using ffa::Fid;
  return spmc.has(Fid::rx_acquire) && spmc.has(Fid::rx_release) && spmc.has(Fid::rxtx_unmap);
}

/// True if VMs can notify SPs.
constexpr bool can_notify_sps(const SpmcFeatures& spmc) {
  return has_notifications(spmc) && spmc.has(ffa::Fid::notification_set);
}

/// True if memory can be sent to SPs this way, and got back.
constexpr bool sends_memory(const SpmcFeatures& spmc, ffa::Fid send) {
  return spmc.has(send) && spmc.has(ffa::Fid::mem_reclaim);
}

constexpr bool provides(const SpmcFeatures& spmc, const CallSwitches& switches, Need need,
                        uint32_t function_id) {
  using ffa::Fid;
  switch (need) {
    case Need::nothing:
      return true;
    case Need::spmc:
      return switches.spmc;
    case Need::direct_requests:
      return switches.peers || spmc.has(Fid::msg_send_direct_req) ||
             spmc.has(Fid::msg_send_direct_req2);
    case Need::same_or_peers:
      return switches.peers || spmc.has(function_id);
    case Need::peers:
      return switches.peers;
    case Need::memory_sharing:
      return switches.peers || sends_memory(spmc, Fid::mem_share);
    case Need::lending:
      return switches.lends && (switches.peers || sends_memory(spmc, Fid::mem_lend));
    case Need::donating:
      return switches.lends && sends_memory(spmc, Fid::mem_donate);
    case Need::fragments:
      return switches.fragments && provides(spmc, switches, Need::memory_sharing, function_id);
    case Need::borrowing:
      return switches.borrows;
    case Need::notifications:
      return switches.peers || has_notifications(spmc);
    case Need::notification_set:
      return switches.peers || can_notify_sps(spmc);
  }
  return false;
}

/// A row of calls.def.
struct CallRow {
  bool listed = false;
  Need need = Need::nothing;
};
/// By function number: those of FF-A fit in 8 bits.
inline constexpr auto call_rows = [] {
  std::array<CallRow, 0x100> rows{};
#define FFA_CALL(function, need) rows[ffa::fid32(ffa::Fid::function) & 0xffU] = {true, Need::need};
#include "core/calls.def"
#undef FFA_CALL
  return rows;
}();
/// What calls.def says of a function; not listed where it is not there.
constexpr CallRow find_call(ffa::Fid fid) { return call_rows[ffa::fid32(fid) & 0xffU]; }

/// The row of a function id that the spec defines, in this width, or nullptr. A 32-bit guest has
/// the SMC32 ids only.
inline const ffa::FidInfo* find_function(uint32_t function_id, bool aarch64) {
  const ffa::FunctionId id{function_id};
  if (!id.in_ffa_range()) return nullptr;
  const ffa::FidInfo* const info = ffa::find_fid(id.number());
  if (info == nullptr) return nullptr;
  const bool width_exists = id.is_smc64() ? info->has64 && aarch64 : info->has32;
  return width_exists ? info : nullptr;
}

/// True if a VM can make the call, if its version has it.
inline bool is_provided(uint32_t function_id, const ffa::FidInfo& info, const SpmcFeatures& spmc,
                        const CallSwitches& switches) {
  const CallRow row = find_call(info.fid);
  return row.listed && provides(spmc, switches, row.need, function_id);
}

/// The calls of one VM: from which version on it can make each. Never changes; what a call costs to
/// look up is paid once.
class OfferedCalls {
 public:
  OfferedCalls(bool aarch64, const SpmcFeatures& spmc, const CallSwitches& switches) {
    for (uint32_t number = ffa::first_fid_number; number <= ffa::last_fid_number; ++number) {
      for (const uint32_t id : {0x84000000U | number, 0xc4000000U | number}) {
        const ffa::FidInfo* const info = find_function(id, aarch64);
        const bool there =
            switches.has_ffa() && info != nullptr && is_provided(id, *info, spmc, switches);
        since(ffa::FunctionId{id}) = there ? info->since.raw() : never;
      }
    }
  }
  /// `id` is in FF-A's range; `version` is raw 0 before one was negotiated.
  [[nodiscard]] bool has(ffa::FunctionId id, ffa::Version version) const {
    return version.raw() >= since_[place(id)];
  }

 private:
  static constexpr uint32_t never = ~uint32_t{0};
  static constexpr size_t place(ffa::FunctionId id) {
    return 2 * (id.number() - ffa::first_fid_number) + (id.is_smc64() ? 1U : 0U);
  }
  uint32_t& since(ffa::FunctionId id) { return since_[place(id)]; }

  std::array<uint32_t, 2 * (ffa::last_fid_number - ffa::first_fid_number + 1)> since_;
};

/// Replies that a VM gets but does not send; mandatory, so FFA_FEATURES says yes. [DEN0077A 1.2
/// table 13.12]
constexpr bool is_reply(ffa::Fid fid) {
  return fid == ffa::Fid::error || fid == ffa::Fid::success || fid == ffa::Fid::interrupt;
}

}  // namespace mediator
