// SPDX-License-Identifier: BSD-3-Clause
// FFA_NOTIFICATION_INFO_GET: which endpoints and vCPUs have notifications pending, as packed lists
// of ids in registers. [DEN0077A 1.1 §17.7]
#pragma once

#include <array>

#include "ffa/calls/codec.hpp"

namespace ffa {

/// FFA_NOTIFICATION_INFO_GET, no arguments; the width chosen is the width of the reply.
/// Errors: NO_DATA (nothing pending), NOT_SUPPORTED. [DEN0077A 1.1 §17.7]
struct NotificationInfoGet {
  Convention convention = Convention::smc32;

  static constexpr Result<NotificationInfoGet> decode(const Regs& regs) {
    return NotificationInfoGet{codec::convention_of(regs)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    return codec::start(Fid::notification_info_get, convention);
  }
  friend constexpr bool operator==(const NotificationInfoGet&,
                                   const NotificationInfoGet&) = default;
};

/// One list: an endpoint and up to three of its vCPUs; none means that a global notification is
/// pending.
struct NotificationList {
  EndpointId endpoint{};
  uint8_t vcpu_count = 0;
  std::array<VcpuId, 3> vcpus{};  ///< the first vcpu_count are meant
  friend constexpr bool operator==(const NotificationList&, const NotificationList&) = default;
};

/// Reply to FFA_NOTIFICATION_INFO_GET (FFA_SUCCESS_32 or _64):
///
///     w2/x2   bit 0: more pending   11:7: number of lists   13:12, 15:14, …: vCPU ids in list 0,
///     1, … w3/x3…  16-bit ids, lowest bits first: endpoint, its vCPUs, next endpoint, …
///
/// w3-w7 hold 10 ids, x3-x7 hold 20. decode() refuses (INVALID_PARAMETERS) counts that reach beyond
/// them.
struct NotificationInfoGetSuccess {
  Convention convention = Convention::smc32;
  bool more_pending = false;
  uint8_t list_count = 0;
  std::array<NotificationList, 20> lists{};  ///< the first list_count are meant

  static constexpr unsigned id_capacity(Convention convention) {
    return convention == Convention::smc64 ? 20 : 10;
  }
  /// Ids that the lists need so far.
  [[nodiscard]] constexpr unsigned id_count() const {
    unsigned count = 0;
    for (unsigned n = 0; n < list_count && n < lists.size(); ++n) count += 1U + lists[n].vcpu_count;
    return count;
  }
  /// Appends a list; NO_MEMORY if the registers cannot hold it, INVALID_PARAMETERS for more than
  /// three vCPUs.
  constexpr Result<void> append(const NotificationList& list) {
    if (list.vcpu_count > list.vcpus.size()) return Error{Status::invalid_parameters};
    if (id_count() + 1U + list.vcpu_count > id_capacity(convention))
      return Error{Status::no_memory};
    lists[list_count++] = list;
    return {};
  }

  static constexpr Result<NotificationInfoGetSuccess> decode(const Regs& regs) {
    NotificationInfoGetSuccess info{codec::convention_of(regs), (regs.w(2) & 1U) != 0, 0, {}};
    const uint64_t head = codec::argument(regs, 2, info.convention);
    const unsigned capacity = id_capacity(info.convention);
    const unsigned count = (head >> 7) & 0x1fU;
    if (count > capacity) return Error{Status::invalid_parameters};
    unsigned next = 0;
    for (unsigned n = 0; n < count; ++n) {
      NotificationList& list = info.lists[n];
      list.vcpu_count = static_cast<uint8_t>((head >> (12 + 2 * n)) & 3U);
      if (1U + list.vcpu_count > capacity - next) return Error{Status::invalid_parameters};
      list.endpoint = EndpointId{id_at(regs, next++, info.convention)};
      for (unsigned v = 0; v < list.vcpu_count; ++v) {
        list.vcpus[v] = VcpuId{id_at(regs, next++, info.convention)};
      }
      info.list_count = static_cast<uint8_t>(n + 1);
    }
    return info;
  }
  /// Lists that append() would have refused are left out.
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success, convention);
    uint64_t head = more_pending ? 1 : 0;
    unsigned written = 0;
    unsigned next = 0;
    for (unsigned n = 0; n < list_count && n < lists.size(); ++n) {
      const NotificationList& list = lists[n];
      if (list.vcpu_count > list.vcpus.size()) break;
      if (1U + list.vcpu_count > id_capacity(convention) - next) break;
      put_id(regs, next++, list.endpoint.raw(), convention);
      for (unsigned v = 0; v < list.vcpu_count; ++v) {
        put_id(regs, next++, list.vcpus[v].raw(), convention);
      }
      head |= static_cast<uint64_t>(list.vcpu_count) << (12 + 2 * n);
      ++written;
    }
    regs.x[2] = head | static_cast<uint64_t>(written) << 7;
    return regs;
  }
  friend constexpr bool operator==(const NotificationInfoGetSuccess&,
                                   const NotificationInfoGetSuccess&) = default;

 private:
  static constexpr unsigned ids_per_register(Convention convention) {
    return convention == Convention::smc64 ? 4 : 2;
  }
  static constexpr uint16_t id_at(const Regs& regs, unsigned n, Convention convention) {
    const unsigned per_register = ids_per_register(convention);
    return static_cast<uint16_t>(regs.x[3 + n / per_register] >> (16 * (n % per_register)));
  }
  static constexpr void put_id(Regs& regs, unsigned n, uint16_t id, Convention convention) {
    const unsigned per_register = ids_per_register(convention);
    regs.x[3 + n / per_register] |= static_cast<uint64_t>(id) << (16 * (n % per_register));
  }
};

}  // namespace ffa
