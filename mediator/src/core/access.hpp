// SPDX-License-Identifier: BSD-3-Clause
// Which endpoints a VM may see and reach: the policy of its configuration, in the one place that
// decides. SPs are named by default, other VMs are not, and two VMs know of each other only where
// each names the other. [DEN0077A 1.2 §6.2, §15.2]
#pragma once

#include <algorithm>
#include <array>

#include "ffa/types.hpp"
#include "mediator/limits.hpp"

namespace mediator {

class Access {
 public:
  constexpr Access() = default;
  constexpr explicit Access(const VmConfig& vm)
      : every_vm_(vm.visible_to_vms), every_sp_(vm.reaches_sps), peers_(vm.peers) {}

  [[nodiscard]] constexpr bool names(ffa::EndpointId id) const {
    if (id == ffa::hypervisor_id) return false;
    const bool every = id.is_secure() ? every_sp_ : every_vm_;
    return every || std::find(peers_.begin(), peers_.end(), id) != peers_.end();
  }
  /// True if some other VM may be named: then there are calls between VMs.
  [[nodiscard]] constexpr bool names_vms() const {
    return every_vm_ || std::any_of(peers_.begin(), peers_.end(), [](ffa::EndpointId id) {
             return id != ffa::hypervisor_id && !id.is_secure();
           });
  }

 private:
  bool every_vm_ = false;
  bool every_sp_ = false;
  std::array<ffa::EndpointId, 8> peers_{};
};

/// True if the VMs `a` and `b` know of each other.
constexpr bool know_each_other(const Access& of_a, ffa::EndpointId a, const Access& of_b,
                               ffa::EndpointId b) {
  return of_a.names(b) && of_b.names(a);
}

}  // namespace mediator
