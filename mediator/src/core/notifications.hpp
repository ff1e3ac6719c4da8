// SPDX-License-Identifier: BSD-3-Clause
// What other VMs notify a VM of: bindings, and what is pending, for the VM as a whole and for each
// of its vCPUs. Besides, where something is pending that FFA_NOTIFICATION_INFO_GET has not told the
// VM yet, whoever it comes from. [DEN0077A 1.2 §16]
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "core/arena.hpp"
#include "ffa/calls.hpp"
#include "ffa/types.hpp"

namespace mediator {

/// A VM as sender. The next VM with its id is another one.
struct Notifier {
  ffa::EndpointId id{};
  uint32_t incarnation = 0;
  friend constexpr bool operator==(const Notifier&, const Notifier&) = default;
};

/// Whom a notification is for: the VM as a whole, or one vCPU of it.
struct Audience {
  bool per_vcpu = false;
  ffa::VcpuId vcpu{};
};

/// Where notifications come from, as far as it is known before they are fetched: SPs and the SPM
/// are one.
enum class NotificationSource : uint8_t { spmc, vms, hypervisor };

class VmNotifications {
 public:
  /// The VM as a whole, or one vCPU of it.
  struct Place {
    struct Events {
      uint32_t seen = 0;
      uint32_t told = 0;  ///< how many of them the VM knows of
    };
    uint64_t pending = 0;             ///< from VMs
    std::array<Events, 3> events_of;  ///< by source

    void notify(NotificationSource source) { ++events(source).seen; }
    void notify(uint64_t bitmap) {
      pending |= bitmap;
      notify(NotificationSource::vms);
    }
    [[nodiscard]] Events& events(NotificationSource source) {
      return events_of[static_cast<size_t>(source)];
    }
    [[nodiscard]] bool untold() const {
      return std::any_of(events_of.begin(), events_of.end(),
                         [](const Events& events) { return events.told != events.seen; });
    }
    void tell(NotificationSource source) { events(source).told = events(source).seen; }
    void tell_all() {
      for (Events& events : events_of) events.told = events.seen;
    }
  };

  static size_t bytes(uint16_t vcpus) { return Arena::bytes<Place>(vcpus); }
  VmNotifications(uint16_t vcpus, Arena& arena) : vcpus_(arena.make_array<Place>(vcpus)) {}

  /// True if none of them is bound.
  [[nodiscard]] bool is_free(uint64_t bitmap) const { return (bound_ & bitmap) == 0; }
  void bind(const Notifier& sender, uint64_t bitmap, bool per_vcpu) {
    bound_ |= bitmap;
    per_vcpu_ = per_vcpu ? per_vcpu_ | bitmap : per_vcpu_ & ~bitmap;
    for_each(bitmap, [&](size_t n) { sender_[n] = sender; });
  }
  void unbind(uint64_t bitmap) { bound_ &= ~bitmap; }

  /// What is bound to a VM with this id, whichever.
  [[nodiscard]] uint64_t bound_to(ffa::EndpointId sender) const {
    uint64_t bitmap = 0;
    for_each(bound_, [&](size_t n) {
      if (sender_[n].id == sender) bitmap |= uint64_t{1} << n;
    });
    return bitmap;
  }
  /// True if all of them are bound to this very VM.
  [[nodiscard]] bool is_bound(const Notifier& sender, uint64_t bitmap) const {
    bool all = (bitmap & ~bound_) == 0;
    for_each(bitmap, [&](size_t n) { all = all && sender_[n] == sender; });
    return all;
  }
  /// True if all of them are of this kind.
  [[nodiscard]] bool is_kind(uint64_t bitmap, bool per_vcpu) const {
    return (bitmap & (per_vcpu ? ~per_vcpu_ : per_vcpu_)) == 0;
  }
  /// True if one of them is pending anywhere.
  [[nodiscard]] bool is_pending(uint64_t bitmap) const {
    const auto here = [&](const Place& place) { return (place.pending & bitmap) != 0; };
    return here(whole_) ||
           ((bitmap & per_vcpu_) != 0 && std::any_of(vcpus_.begin(), vcpus_.end(), here));
  }

  [[nodiscard]] Place& at(const Audience& whom) {
    return whom.per_vcpu ? vcpus_[whom.vcpu.raw()] : whole_;
  }

  /// What VMs have set for the VM and this vCPU, and is pending no longer.
  uint64_t take(ffa::VcpuId vcpu) {
    Place& part = vcpus_[vcpu.raw()];
    whole_.tell(NotificationSource::vms);
    part.tell(NotificationSource::vms);
    return std::exchange(whole_.pending, 0) | std::exchange(part.pending, 0);
  }

  /// The hypervisor's own notification: RX holds an indirect message.
  void notify_rx_full() {
    rx_full_ = true;
    whole_.notify(NotificationSource::hypervisor);
  }
  bool take_rx_full() {
    whole_.tell(NotificationSource::hypervisor);
    return std::exchange(rx_full_, false);
  }

  /// What the SPMC had for the VM and this vCPU is fetched at a time when as many events were seen:
  /// what came meanwhile is still to be told.
  struct SpmcEvents {
    uint32_t whole = 0;
    uint32_t vcpu = 0;
  };
  SpmcEvents seen_of_spmc(ffa::VcpuId vcpu) {
    constexpr auto spmc = NotificationSource::spmc;
    return {whole_.events(spmc).seen, vcpus_[vcpu.raw()].events(spmc).seen};
  }
  void tell_of_spmc(ffa::VcpuId vcpu, const SpmcEvents& seen) {
    whole_.events(NotificationSource::spmc).told = seen.whole;
    vcpus_[vcpu.raw()].events(NotificationSource::spmc).told = seen.vcpu;
  }

  /// Lists of what the VM was not told yet, as many as the registers hold; what they hold is told.
  ffa::NotificationInfoGetSuccess tell(ffa::EndpointId self, ffa::Convention convention) {
    ffa::NotificationInfoGetSuccess info{convention, false, 0, {}};
    if (whole_.untold()) {
      (void)info.append({.endpoint = self});  // the first list fits
      whole_.tell_all();
    }
    ffa::NotificationList list{.endpoint = self};
    for (size_t n = 0; n < vcpus_.size(); ++n) {
      if (!vcpus_[n].untold()) continue;
      const unsigned used = info.id_count() + 1U + list.vcpu_count;
      info.more_pending = used >= ffa::NotificationInfoGetSuccess::id_capacity(convention);
      if (info.more_pending) break;
      list.vcpus[list.vcpu_count++] = ffa::VcpuId{static_cast<uint16_t>(n)};
      vcpus_[n].tell_all();
      if (list.vcpu_count < list.vcpus.size()) continue;
      (void)info.append(list);
      list.vcpu_count = 0;
    }
    if (list.vcpu_count != 0) (void)info.append(list);
    return info;
  }

 private:
  template <class Visit>
  static void for_each(uint64_t bitmap, Visit visit) {
    for (size_t n = 0; n < 64; ++n) {
      if ((bitmap >> n & 1) != 0) visit(n);
    }
  }

  uint64_t bound_ = 0;
  uint64_t per_vcpu_ = 0;  ///< of those bound
  std::array<Notifier, 64> sender_{};
  bool rx_full_ = false;
  Place whole_;
  std::span<Place> vcpus_;
};

}  // namespace mediator
