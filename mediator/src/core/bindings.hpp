// SPDX-License-Identifier: BSD-3-Clause
// Which notifications a VM has bound to SPs, by sender. The SPMC is the authority; this is kept so
// that the end of the VM can undo it. [DEN0077A 1.2 §16.3]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ffa/types.hpp"

namespace mediator {

class Bindings {
 public:
  static constexpr size_t notifications = 64;

  constexpr void bind(ffa::EndpointId sender, uint64_t bitmap) { set(bitmap, sender); }
  constexpr void unbind(uint64_t bitmap) { set(bitmap, ffa::hypervisor_id); }
  /// What `sender` has been bound to.
  [[nodiscard]] constexpr uint64_t bound_to(ffa::EndpointId sender) const {
    uint64_t bitmap = 0;
    for (size_t n = 0; n < notifications; ++n) {
      if (sender_[n] == sender) bitmap |= uint64_t{1} << n;
    }
    return bitmap;
  }
  [[nodiscard]] constexpr uint64_t bound() const { return ~bound_to(ffa::hypervisor_id); }
  /// The sender of notification `n`; the hypervisor's id where it is not bound.
  [[nodiscard]] constexpr ffa::EndpointId sender(size_t n) const { return sender_[n]; }

  /// The SPMC is asked to change them: until end_change(), no other call can. False: another one
  /// does, and in which order the SPMC would take the two nobody knows.
  [[nodiscard]] constexpr bool begin_change(uint64_t bitmap) {
    if ((changing_ & bitmap) != 0) return false;
    changing_ |= bitmap;
    return true;
  }
  constexpr void end_change(uint64_t bitmap) { changing_ &= ~bitmap; }

 private:
  constexpr void set(uint64_t bitmap, ffa::EndpointId sender) {
    for (size_t n = 0; n < notifications; ++n) {
      if (((bitmap >> n) & 1) != 0) sender_[n] = sender;
    }
  }

  std::array<ffa::EndpointId, notifications> sender_{};
  uint64_t changing_ = 0;
};

}  // namespace mediator
