// SPDX-License-Identifier: BSD-3-Clause
// Which partitions a VM is shown, in RX or in registers. [DEN0077A 1.2 §13.8, §13.9]
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ffa/fid.hpp"
#include "sim/trace/event.hpp"

namespace property {

/// The partitions that an answer shows; nothing: it counts them only, or is an error.
inline std::optional<std::vector<uint16_t>> listed(const sim::trace::Event& event) {
  std::vector<uint16_t> ids;
  if (event.out.w(0) == ffa::fid64(ffa::Fid::success)) {
    const uint64_t first = event.in.x[3] & 0xffff;
    const uint64_t last = event.out.x[2] >> 16 & 0xffff;
    constexpr size_t registers_each = 3;
    for (uint64_t n = 0; first + n <= last; ++n) {
      ids.push_back(static_cast<uint16_t>(event.out.x.at(3 + registers_each * n)));
    }
    return ids;
  }
  if (event.out.w(0) != ffa::fid32(ffa::Fid::success) || event.rx.empty()) return {};
  const size_t each = event.out.w(3) == 0 ? 8 : event.out.w(3);
  for (size_t at = 0; at + each <= event.rx.size(); at += each) {
    ids.push_back(static_cast<uint16_t>(event.rx[at] | event.rx[at + 1] << 8));
  }
  return ids;
}

}  // namespace property
