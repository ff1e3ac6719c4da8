// SPDX-License-Identifier: BSD-3-Clause
// Partition information descriptors as FFA_PARTITION_INFO_GET leaves them in RX. Each version
// extends the one before. [DEN0077A 1.2 §6.2, 1.0 table 8.25]
#pragma once

#include <cstddef>
#include <cstdint>

#include "ffa/types.hpp"

namespace ffa::wire {

/// 1.0.
struct [[gnu::packed]] PartitionInfoV1_0 {
  uint16_t id;                  // 0  partition id
  uint16_t execution_contexts;  // 2  number of them, or the proxy of a stream endpoint
  uint32_t properties;          // 4  PartitionProperties
};
static_assert(sizeof(PartitionInfoV1_0) == 8);
static_assert(offsetof(PartitionInfoV1_0, id) == 0);
static_assert(offsetof(PartitionInfoV1_0, execution_contexts) == 2);
static_assert(offsetof(PartitionInfoV1_0, properties) == 4);

/// 1.1 and 1.2.
struct [[gnu::packed]] PartitionInfoV1_1 {
  uint16_t id;                  // 0  partition id
  uint16_t execution_contexts;  // 2  number of them, or the proxy of a stream endpoint
  uint32_t properties;          // 4  PartitionProperties
  Uuid uuid;                    // 8  of one service; zero if the caller asked for a UUID
};
static_assert(sizeof(PartitionInfoV1_1) == 24);
static_assert(offsetof(PartitionInfoV1_1, id) == 0);
static_assert(offsetof(PartitionInfoV1_1, execution_contexts) == 2);
static_assert(offsetof(PartitionInfoV1_1, properties) == 4);
static_assert(offsetof(PartitionInfoV1_1, uuid) == 8);

/// 1.3, read from newer SPMCs only. [DEN0077A 1.3 table 6.1]
struct [[gnu::packed]] PartitionInfoV1_3 {
  uint16_t id;                  // 0   partition id
  uint16_t execution_contexts;  // 2   number of them, or the proxy of a stream endpoint
  uint32_t properties;          // 4   PartitionProperties
  Uuid protocol_uuid;           // 8   as uuid before
  Uuid image_uuid;              // 24  of the partition's image
  uint32_t ffa_version;         // 40  version that the partition speaks
  uint32_t reserved_44;         // 44  MBZ
};
static_assert(sizeof(PartitionInfoV1_3) == 48);
static_assert(offsetof(PartitionInfoV1_3, id) == 0);
static_assert(offsetof(PartitionInfoV1_3, execution_contexts) == 2);
static_assert(offsetof(PartitionInfoV1_3, properties) == 4);
static_assert(offsetof(PartitionInfoV1_3, protocol_uuid) == 8);
static_assert(offsetof(PartitionInfoV1_3, image_uuid) == 24);
static_assert(offsetof(PartitionInfoV1_3, ffa_version) == 40);
static_assert(offsetof(PartitionInfoV1_3, reserved_44) == 44);

}  // namespace ffa::wire
