// SPDX-License-Identifier: BSD-3-Clause
// Decides which operations of the world fail, as the simulator does: the n-th one that matches.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "guest/package.hpp"
#include "ports/qemu-virt/el2/recorder.hpp"

namespace ports::qemu {

class Faults {
 public:
  explicit Faults(const guest::Package& package);

  /// One operation takes place, of an SMC the function in w0. The fault that strikes it, or
  /// nullptr.
  const guest::PackedFault* strike(guest::FaultOp op, uint32_t function = 0);
  void arm(size_t index, bool armed);
  /// Which have struck.
  void record(Recorder& recorder) const;

 private:
  struct Entry {
    uint64_t seen = 0;
    bool armed = false;
    bool fired = false;
  };
  const guest::Package& package_;
  std::array<Entry, guest::package_max_faults> entries_{};
};

/// The answer of a fault that names none.
inline ffa::Status status_of(const guest::PackedFault& fault, ffa::Status silent) {
  return fault.has_status ? static_cast<ffa::Status>(fault.status) : silent;
}

}  // namespace ports::qemu
