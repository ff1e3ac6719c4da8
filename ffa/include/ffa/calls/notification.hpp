// SPDX-License-Identifier: BSD-3-Clause
// Notifications (1.1). The reply to FFA_NOTIFICATION_INFO_GET is in notification_info.hpp.
// [DEN0077A 1.1 chapter 17]
#pragma once

#include "ffa/calls/bare.hpp"
#include "ffa/calls/codec.hpp"
#include "ffa/calls/notification_info.hpp"

namespace ffa {

/// FFA_NOTIFICATION_BITMAP_CREATE, hypervisor to SPMC. w1[15:0] = VM id, 31:16 MBZ; w2 = number of
/// its vCPUs. Errors: DENIED (exists), INVALID_PARAMETERS, NO_MEMORY, NOT_SUPPORTED.
/// [DEN0077A 1.1 §17.1]
struct NotificationBitmapCreate {
  EndpointId vm{};
  uint32_t vcpu_count = 0;

  static constexpr Result<NotificationBitmapCreate> decode(const Regs& regs) {
    if (codec::high16(regs.w(1)) != 0) return codec::must_be_zero;
    return NotificationBitmapCreate{EndpointId{codec::low16(regs.w(1))}, regs.w(2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::notification_bitmap_create);
    regs.x[1] = vm.raw();
    regs.x[2] = vcpu_count;
    return regs;
  }
  friend constexpr bool operator==(const NotificationBitmapCreate&,
                                   const NotificationBitmapCreate&) = default;
};

/// FFA_NOTIFICATION_BITMAP_DESTROY, hypervisor to SPMC. w1[15:0] = VM id, 31:16 MBZ.
/// Errors: DENIED (none, or notifications pending), INVALID_PARAMETERS, NOT_SUPPORTED.
/// [DEN0077A 1.1 §17.2]
struct NotificationBitmapDestroy {
  EndpointId vm{};

  static constexpr Result<NotificationBitmapDestroy> decode(const Regs& regs) {
    if (codec::high16(regs.w(1)) != 0) return codec::must_be_zero;
    return NotificationBitmapDestroy{EndpointId{codec::low16(regs.w(1))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::notification_bitmap_destroy);
    regs.x[1] = vm.raw();
    return regs;
  }
  friend constexpr bool operator==(const NotificationBitmapDestroy&,
                                   const NotificationBitmapDestroy&) = default;
};

/// FFA_NOTIFICATION_BIND, called by the receiver. w1 = sender << 16 | receiver; w2 bit 0 =
/// per-vCPU, 31:1 MBZ; w3/w4 = bitmap; w5-w7 MBZ. Errors: DENIED, INVALID_PARAMETERS,
/// NOT_SUPPORTED. [DEN0077A 1.1 §17.3]
struct NotificationBind {
  EndpointId sender{};
  EndpointId receiver{};
  bool per_vcpu = false;
  uint64_t bitmap = 0;

  static constexpr Result<NotificationBind> decode(const Regs& regs) {
    if ((regs.w(2) & ~1U) != 0 || !codec::all_zero(regs, 5, 7)) return codec::must_be_zero;
    return NotificationBind{codec::sender_of(regs), codec::receiver_of(regs), regs.w(2) != 0,
                            codec::dword_at(regs, 3)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::notification_bind);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    regs.x[2] = per_vcpu ? 1 : 0;
    codec::put_dword(regs, 3, bitmap);
    return regs;
  }
  friend constexpr bool operator==(const NotificationBind&, const NotificationBind&) = default;
};

/// FFA_NOTIFICATION_UNBIND, called by the receiver. w1 = sender << 16 | receiver; w2 MBZ; w3/w4 =
/// bitmap. Errors: DENIED (not bound to the sender, or pending), INVALID_PARAMETERS, NOT_SUPPORTED.
/// [DEN0077A 1.1 §17.4]
struct NotificationUnbind {
  EndpointId sender{};
  EndpointId receiver{};
  uint64_t bitmap = 0;

  static constexpr Result<NotificationUnbind> decode(const Regs& regs) {
    if (regs.w(2) != 0) return codec::must_be_zero;
    return NotificationUnbind{codec::sender_of(regs), codec::receiver_of(regs),
                              codec::dword_at(regs, 3)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::notification_unbind);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    codec::put_dword(regs, 3, bitmap);
    return regs;
  }
  friend constexpr bool operator==(const NotificationUnbind&, const NotificationUnbind&) = default;
};

/// FFA_NOTIFICATION_SET, called by the sender. w1 = sender << 16 | receiver; w2 bit 0 = per-vCPU,
/// bit 1 = delay the schedule receiver interrupt (SPs only, the handler's rule), 15:2 MBZ, 31:16 =
/// vCPU; w3/w4 = bitmap. Errors: DENIED (not bound), INVALID_PARAMETERS, NOT_SUPPORTED.
/// [DEN0077A 1.1 §17.5]
struct NotificationSet {
  EndpointId sender{};
  EndpointId receiver{};
  bool per_vcpu = false;
  bool delay_schedule_receiver = false;
  VcpuId vcpu{};
  uint64_t bitmap = 0;

  static constexpr uint32_t per_vcpu_bit = 1U << 0;
  static constexpr uint32_t delay_bit = 1U << 1;
  static constexpr Result<NotificationSet> decode(const Regs& regs) {
    const uint32_t flags = codec::low16(regs.w(2));
    if ((flags & ~(per_vcpu_bit | delay_bit)) != 0) return codec::must_be_zero;
    return NotificationSet{codec::sender_of(regs),           codec::receiver_of(regs),
                           (flags & per_vcpu_bit) != 0,      (flags & delay_bit) != 0,
                           VcpuId{codec::high16(regs.w(2))}, codec::dword_at(regs, 3)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::notification_set);
    const uint32_t flags =
        (per_vcpu ? per_vcpu_bit : 0U) | (delay_schedule_receiver ? delay_bit : 0U);
    regs.x[1] = codec::pair(sender.raw(), receiver.raw());
    regs.x[2] = codec::pair(vcpu.raw(), static_cast<uint16_t>(flags));
    codec::put_dword(regs, 3, bitmap);
    return regs;
  }
  friend constexpr bool operator==(const NotificationSet&, const NotificationSet&) = default;
};

/// FFA_NOTIFICATION_GET, called by the receiver. w1 = vCPU << 16 | receiver; w2 = which bitmaps:
/// bit 0 from SPs, 1 from VMs, 2 from the SPM, 3 from the hypervisor, 31:4 MBZ. What it returns is
/// no longer pending. Errors: INVALID_PARAMETERS, NOT_SUPPORTED. [DEN0077A 1.1 §17.6]
struct NotificationGet {
  VcpuId vcpu{};
  EndpointId receiver{};
  uint32_t flags = 0;

  static constexpr uint32_t from_sps = 1U << 0;
  static constexpr uint32_t from_vms = 1U << 1;
  static constexpr uint32_t from_spm = 1U << 2;
  static constexpr uint32_t from_hypervisor = 1U << 3;
  static constexpr uint32_t all_sources = from_sps | from_vms | from_spm | from_hypervisor;
  static constexpr Result<NotificationGet> decode(const Regs& regs) {
    if ((regs.w(2) & ~all_sources) != 0) return codec::must_be_zero;
    return NotificationGet{VcpuId{codec::high16(regs.w(1))}, EndpointId{codec::low16(regs.w(1))},
                           regs.w(2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::notification_get);
    regs.x[1] = codec::pair(vcpu.raw(), receiver.raw());
    regs.x[2] = flags;
    return regs;
  }
  [[nodiscard]] constexpr bool wants(uint32_t source) const { return (flags & source) != 0; }
  friend constexpr bool operator==(const NotificationGet&, const NotificationGet&) = default;
};

/// Reply to FFA_NOTIFICATION_GET. w2/w3 = bitmap from SPs, w4/w5 = from VMs, w6 = SPM framework, w7
/// = hypervisor framework notifications; what was not asked for is zero. [DEN0077A 1.1 §17.6]
struct NotificationGetSuccess {
  uint64_t from_sps = 0;
  uint64_t from_vms = 0;
  uint32_t spm_framework = 0;
  uint32_t hypervisor_framework = 0;

  /// In both framework words: the RX buffer holds an indirect message.
  static constexpr uint32_t rx_buffer_full = 1U << 0;
  static constexpr Result<NotificationGetSuccess> decode(const Regs& regs) {
    return NotificationGetSuccess{codec::dword_at(regs, 2), codec::dword_at(regs, 4), regs.w(6),
                                  regs.w(7)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success);
    codec::put_dword(regs, 2, from_sps);
    codec::put_dword(regs, 4, from_vms);
    regs.x[6] = spm_framework;
    regs.x[7] = hypervisor_framework;
    return regs;
  }
  friend constexpr bool operator==(const NotificationGetSuccess&,
                                   const NotificationGetSuccess&) = default;
};

}  // namespace ffa
