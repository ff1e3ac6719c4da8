// SPDX-License-Identifier: BSD-3-Clause
// What checkers may see of a mediator: plain facts, no pointers into its state.
#pragma once

#include <cstdint>

#include "ffa/types.hpp"

namespace mediator {

enum class RxState : uint8_t { unmapped, free, producing, vm_owned, spmc_owned };
enum class ShareState : uint8_t { reserved, sent, shared, reclaiming, quarantined };

struct VmFacts {
  ffa::EndpointId id{};
  ffa::Version version{};  ///< negotiated, or raw 0 before
  bool version_frozen = false;
  RxState rx = RxState::unmapped;
  bool tx_claimed = false;
  ffa::Ipa rx_ipa{};
  ffa::Ipa tx_ipa{};
  ffa::PageCount rxtx_pages{};
  uint32_t shares = 0;        ///< share objects in any state
  uint32_t quarantined = 0;   ///< of these; one more if the SPMC keeps RX and TX
  uint64_t pinned_pages = 0;  ///< references held: live shares and the RX/TX buffers
  uint32_t notifications_bound_low = 0;
  bool dying = false;
};

struct ShareFacts {
  ffa::EndpointId owner{};
  ffa::Handle handle{};
  ShareState state{};
  ffa::PageCount pages{};
};

struct RangeFacts {
  ffa::Ipa ipa{};
  ffa::PageCount pages{};
};

/// Receives the facts; one call an object, in a fixed order: a VM, then its shares, each followed
/// by its ranges.
class Observer {
 public:
  virtual void vm(const VmFacts& facts) = 0;
  virtual void share(const ShareFacts& facts) = 0;
  virtual void range(const RangeFacts& facts) = 0;

 protected:
  ~Observer() = default;
};

}  // namespace mediator
