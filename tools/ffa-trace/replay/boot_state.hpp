// SPDX-License-Identifier: BSD-3-Clause
// The state that the mediator's boot reaches, read off its requests or off the records. The order
// of its probing is free.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tools/ffa-trace/replay/records.hpp"

namespace ffa_trace {

struct BootState {
  uint64_t version = 0;
  uint64_t tx_pa = 0;
  uint64_t rx_pa = 0;
  uint64_t pages = 0;
  bool rx_held = false;

  void follow(const ffa::Regs& in, const ffa::Regs& out) {
    if (is(in, ffa::Fid::version) && is_version(out)) version = std::min(in.w(1), out.w(0));
    if (!ffa::is_success(out)) return;
    if (is(in, ffa::Fid::rxtx_map)) {
      tx_pa = in.x[1];
      rx_pa = in.x[2];
      pages = in.w(3);
    }
    if (is(in, ffa::Fid::partition_info_get) && (in.w(5) & 1) == 0) rx_held = true;
    if (is(in, ffa::Fid::rx_release)) rx_held = false;
  }
};

}  // namespace ffa_trace
