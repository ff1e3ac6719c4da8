// SPDX-License-Identifier: BSD-3-Clause
// The one layout that needs no registers but w0. The chapters' headers name its instances.
#pragma once

#include "ffa/calls/codec.hpp"

namespace ffa {

/// A call without arguments; unused registers are SBZ.
template <Fid id>
struct BareCall {
  static constexpr Result<BareCall> decode(const Regs& /*regs*/) { return BareCall{}; }
  [[nodiscard]] constexpr Regs encode() const { return codec::start(id); }
  friend constexpr bool operator==(const BareCall&, const BareCall&) = default;
};

}  // namespace ffa
