// SPDX-License-Identifier: BSD-3-Clause
// The descriptor in a hypervisor's TX buffer with which it registers a VM's RX/TX buffers at the
// SPMC, by FFA_RXTX_MAP with zero addresses (since 1.1). [DEN0077A 1.2 §13.6]
#pragma once

#include <cstddef>
#include <cstdint>

#include "ffa/wire/memory.hpp"

namespace ffa::wire {

/// Endpoint RX/TX descriptor. Two CompositeMemoryRegion with their constituents follow, RX first.
struct [[gnu::packed]] EndpointRxtxV1_1 {
  uint16_t endpoint;     // 0   VM
  uint16_t reserved_2;   // 2   MBZ
  uint32_t rx_offset;    // 4   of the RX buffer's composite descriptor, from here
  uint32_t tx_offset;    // 8   of the TX buffer's composite descriptor, from here
  uint32_t reserved_12;  // 12  pads the first composite to 16 bytes
};
static_assert(sizeof(EndpointRxtxV1_1) == 16);
static_assert(offsetof(EndpointRxtxV1_1, endpoint) == 0);
static_assert(offsetof(EndpointRxtxV1_1, reserved_2) == 2);
static_assert(offsetof(EndpointRxtxV1_1, rx_offset) == 4);
static_assert(offsetof(EndpointRxtxV1_1, tx_offset) == 8);
static_assert(offsetof(EndpointRxtxV1_1, reserved_12) == 12);

}  // namespace ffa::wire
