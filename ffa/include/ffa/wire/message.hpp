// SPDX-License-Identifier: BSD-3-Clause
// The header of an indirect message in TX and RX (FFA_MSG_SEND2, since 1.1). [DEN0077A 1.2 §7.3]
#pragma once

#include <cstddef>
#include <cstdint>

#include "ffa/types.hpp"

namespace ffa::wire {

/// 1.1.
struct [[gnu::packed]] PartitionMessageV1_1 {
  uint32_t flags;           // 0   MBZ
  uint32_t reserved_4;      // 4   SBZ
  uint32_t message_offset;  // 8   of the payload, from the start of the buffer; at least 20
  uint16_t receiver;        // 12  lower half of the sender/receiver word
  uint16_t sender;          // 14  upper half
  uint32_t message_size;    // 16  bytes of payload
};
static_assert(sizeof(PartitionMessageV1_1) == 20);
static_assert(offsetof(PartitionMessageV1_1, flags) == 0);
static_assert(offsetof(PartitionMessageV1_1, reserved_4) == 4);
static_assert(offsetof(PartitionMessageV1_1, message_offset) == 8);
static_assert(offsetof(PartitionMessageV1_1, receiver) == 12);
static_assert(offsetof(PartitionMessageV1_1, sender) == 14);
static_assert(offsetof(PartitionMessageV1_1, message_size) == 16);

/// 1.2.
struct [[gnu::packed]] PartitionMessageV1_2 {
  uint32_t flags;           // 0   MBZ
  uint32_t reserved_4;      // 4   SBZ
  uint32_t message_offset;  // 8   of the payload, from the start of the buffer; at least 40
  uint16_t receiver;        // 12  lower half of the sender/receiver word
  uint16_t sender;          // 14  upper half
  uint32_t message_size;    // 16  bytes of payload
  uint32_t reserved_20;     // 20  SBZ
  Uuid uuid;                // 24  of the service meant, or nil
};
static_assert(sizeof(PartitionMessageV1_2) == 40);
static_assert(offsetof(PartitionMessageV1_2, flags) == 0);
static_assert(offsetof(PartitionMessageV1_2, reserved_4) == 4);
static_assert(offsetof(PartitionMessageV1_2, message_offset) == 8);
static_assert(offsetof(PartitionMessageV1_2, receiver) == 12);
static_assert(offsetof(PartitionMessageV1_2, sender) == 14);
static_assert(offsetof(PartitionMessageV1_2, message_size) == 16);
static_assert(offsetof(PartitionMessageV1_2, reserved_20) == 20);
static_assert(offsetof(PartitionMessageV1_2, uuid) == 24);

}  // namespace ffa::wire
