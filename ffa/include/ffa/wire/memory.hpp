// SPDX-License-Identifier: BSD-3-Clause
// Memory management descriptors as they stand in TX and RX buffers, little-endian and packed, one
// struct a layout. Read and written by copying bytes, never through a pointer into foreign memory.
// [DEN0140 1.2 §1.11, DEN0077A 1.0 §5.11, §5.12]
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace ffa::wire {

static_assert(std::endian::native == std::endian::little, "wire structs are read by copying bytes");

/// Memory transaction descriptor, 1.0. Endpoint memory access descriptors follow directly.
/// [DEN0077A 1.0 §5.12]
struct [[gnu::packed]] MemoryTransactionV1_0 {
  uint16_t sender;        // 0   endpoint that owns the memory (owner or lender)
  uint8_t attributes;     // 2   MemoryAttributes, lower byte
  uint8_t reserved_3;     // 3   MBZ
  uint32_t flags;         // 4   MemoryFlags
  uint64_t handle;        // 8   MBZ in sends, the region in a retrieval
  uint64_t tag;           // 16  opaque, the same in every message about this region
  uint32_t reserved_24;   // 24  MBZ
  uint32_t access_count;  // 28  number of MemoryAccessV1_0 that follow
};
static_assert(sizeof(MemoryTransactionV1_0) == 32);
static_assert(offsetof(MemoryTransactionV1_0, sender) == 0);
static_assert(offsetof(MemoryTransactionV1_0, attributes) == 2);
static_assert(offsetof(MemoryTransactionV1_0, reserved_3) == 3);
static_assert(offsetof(MemoryTransactionV1_0, flags) == 4);
static_assert(offsetof(MemoryTransactionV1_0, handle) == 8);
static_assert(offsetof(MemoryTransactionV1_0, tag) == 16);
static_assert(offsetof(MemoryTransactionV1_0, reserved_24) == 24);
static_assert(offsetof(MemoryTransactionV1_0, access_count) == 28);

/// Memory transaction descriptor, 1.1 and 1.2. [DEN0140 1.2 table 1.20]
struct [[gnu::packed]] MemoryTransactionV1_1 {
  uint16_t sender;          // 0   endpoint that owns the memory (owner or lender)
  uint16_t attributes;      // 2   MemoryAttributes
  uint32_t flags;           // 4   MemoryFlags
  uint64_t handle;          // 8   MBZ in sends, the region in a retrieval
  uint64_t tag;             // 16  opaque, the same in every message about this region
  uint32_t access_size;     // 24  bytes of one endpoint memory access descriptor: 16 or 32
  uint32_t access_count;    // 28  number of them
  uint32_t access_offset;   // 32  of the first one, from here; multiple of 16, at least 48
  uint8_t reserved_36[12];  // 36  MBZ
};
static_assert(sizeof(MemoryTransactionV1_1) == 48);
static_assert(offsetof(MemoryTransactionV1_1, sender) == 0);
static_assert(offsetof(MemoryTransactionV1_1, attributes) == 2);
static_assert(offsetof(MemoryTransactionV1_1, flags) == 4);
static_assert(offsetof(MemoryTransactionV1_1, handle) == 8);
static_assert(offsetof(MemoryTransactionV1_1, tag) == 16);
static_assert(offsetof(MemoryTransactionV1_1, access_size) == 24);
static_assert(offsetof(MemoryTransactionV1_1, access_count) == 28);
static_assert(offsetof(MemoryTransactionV1_1, access_offset) == 32);
static_assert(offsetof(MemoryTransactionV1_1, reserved_36) == 36);

/// Endpoint memory access descriptor, 1.0 and 1.1. [DEN0077A 1.0 §5.11.1]
struct [[gnu::packed]] MemoryAccessV1_0 {
  uint16_t endpoint;    // 0  receiver
  uint8_t permissions;  // 2  AccessPermissions
  uint8_t flags;        // 3  AccessFlags
  uint32_t
      composite_offset;  // 4  from the transaction descriptor; 0 in a retrieval without addresses
  uint64_t reserved_8;   // 8  MBZ
};
static_assert(sizeof(MemoryAccessV1_0) == 16);
static_assert(offsetof(MemoryAccessV1_0, endpoint) == 0);
static_assert(offsetof(MemoryAccessV1_0, permissions) == 2);
static_assert(offsetof(MemoryAccessV1_0, flags) == 3);
static_assert(offsetof(MemoryAccessV1_0, composite_offset) == 4);
static_assert(offsetof(MemoryAccessV1_0, reserved_8) == 8);

/// Endpoint memory access descriptor, 1.2. [DEN0140 1.2 §1.11.3]
struct [[gnu::packed]] MemoryAccessV1_2 {
  uint16_t endpoint;    // 0   receiver
  uint8_t permissions;  // 2   AccessPermissions
  uint8_t flags;        // 3   AccessFlags
  uint32_t
      composite_offset;  // 4   from the transaction descriptor; 0 in a retrieval without addresses
  uint64_t impdef[2];    // 8   IMPLEMENTATION DEFINED, passed on unread
  uint64_t reserved_24;  // 24  MBZ
};
static_assert(sizeof(MemoryAccessV1_2) == 32);
static_assert(offsetof(MemoryAccessV1_2, endpoint) == 0);
static_assert(offsetof(MemoryAccessV1_2, permissions) == 2);
static_assert(offsetof(MemoryAccessV1_2, flags) == 3);
static_assert(offsetof(MemoryAccessV1_2, composite_offset) == 4);
static_assert(offsetof(MemoryAccessV1_2, impdef) == 8);
static_assert(offsetof(MemoryAccessV1_2, reserved_24) == 24);

/// Composite memory region descriptor, all versions. The constituents follow directly.
/// [DEN0077A 1.0 table 45]
struct [[gnu::packed]] CompositeMemoryRegion {
  uint32_t total_page_count;  // 0  4 KiB pages, the sum over all constituents
  uint32_t range_count;       // 4  number of Constituent that follow
  uint64_t reserved_8;        // 8  MBZ
};
static_assert(sizeof(CompositeMemoryRegion) == 16);
static_assert(offsetof(CompositeMemoryRegion, total_page_count) == 0);
static_assert(offsetof(CompositeMemoryRegion, range_count) == 4);
static_assert(offsetof(CompositeMemoryRegion, reserved_8) == 8);

/// Constituent memory region descriptor, all versions: one range of addresses.
/// [DEN0077A 1.0 §5.11.1]
struct [[gnu::packed]] Constituent {
  uint64_t address;      // 0   IPA or PA, multiple of 4 KiB
  uint32_t page_count;   // 8   4 KiB pages
  uint32_t reserved_12;  // 12  MBZ
};
static_assert(sizeof(Constituent) == 16);
static_assert(offsetof(Constituent, address) == 0);
static_assert(offsetof(Constituent, page_count) == 8);
static_assert(offsetof(Constituent, reserved_12) == 12);

/// Descriptor of FFA_MEM_RELINQUISH, all versions. 16-bit endpoint ids follow directly.
/// [DEN0077A 1.0 §11.6]
struct [[gnu::packed]] MemoryRelinquish {
  uint64_t handle;          // 0   region to give back
  uint32_t flags;           // 8   MemoryFlags: zero, time slice; rest MBZ
  uint32_t endpoint_count;  // 12  number of ids that follow
};
static_assert(sizeof(MemoryRelinquish) == 16);
static_assert(offsetof(MemoryRelinquish, handle) == 0);
static_assert(offsetof(MemoryRelinquish, flags) == 8);
static_assert(offsetof(MemoryRelinquish, endpoint_count) == 12);

/// One of the ids behind it.
struct [[gnu::packed]] RelinquishEndpoint {
  uint16_t id;  // 0  borrower
};
static_assert(sizeof(RelinquishEndpoint) == 2);

}  // namespace ffa::wire
