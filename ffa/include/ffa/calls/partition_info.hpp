// SPDX-License-Identifier: BSD-3-Clause
// Discovery of partitions through the RX buffer and through registers. [DEN0077A 1.2 §13.8, §13.9]
#pragma once

#include <array>
#include <optional>

#include "ffa/calls/codec.hpp"
#include "ffa/partition_properties.hpp"

namespace ffa {

/// FFA_PARTITION_INFO_GET. w1-w4 = UUID, 4 bytes a word, little-endian (nil: all partitions); w5
/// bit 0 (1.1) = return the count only, 31:1 MBZ; all of w5 is MBZ for a 1.0 caller, which is the
/// handler's rule. Errors: BUSY, INVALID_PARAMETERS, NO_MEMORY, DENIED, NOT_SUPPORTED.
/// [DEN0077A 1.2 §13.8]
struct PartitionInfoGet {
  Uuid uuid{};
  bool count_only = false;

  static constexpr Result<PartitionInfoGet> decode(const Regs& regs) {
    if ((regs.w(5) & ~1U) != 0) return codec::must_be_zero;
    return PartitionInfoGet{Uuid::from_words(regs.w(1), regs.w(2), regs.w(3), regs.w(4)),
                            regs.w(5) != 0};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::partition_info_get);
    for (unsigned n = 0; n < 4; ++n) regs.x[n + 1] = uuid.word(n);
    regs.x[5] = count_only ? 1 : 0;
    return regs;
  }
  friend constexpr bool operator==(const PartitionInfoGet&, const PartitionInfoGet&) = default;
};

/// Reply to FFA_PARTITION_INFO_GET: w2 = number of descriptors, at offset 0 of RX unless only the
/// count was asked for; w3 = bytes of one descriptor since 1.1 (0 for 1.0 and for a count). Step by
/// it. [DEN0077A 1.2 §13.8]
struct PartitionInfoGetSuccess {
  uint32_t count = 0;
  uint32_t descriptor_size_bytes = 0;

  static constexpr Result<PartitionInfoGetSuccess> decode(const Regs& regs) {
    return PartitionInfoGetSuccess{regs.w(2), regs.w(3)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success);
    regs.x[2] = count;
    regs.x[3] = descriptor_size_bytes;
    return regs;
  }
  friend constexpr bool operator==(const PartitionInfoGetSuccess&,
                                   const PartitionInfoGetSuccess&) = default;
};

/// FFA_PARTITION_INFO_GET_REGS (1.2, SMC64 only). x1, x2 = UUID; x3[15:0] = first index wanted,
/// 31:16 = information tag (MBZ with index 0, which is the handler's rule), 63:32 MBZ. Errors:
/// RETRY (stale tag), INVALID_PARAMETERS, NOT_SUPPORTED. [DEN0077A 1.2 §13.9]
struct PartitionInfoGetRegs {
  Uuid uuid{};
  uint16_t start_index = 0;
  uint16_t information_tag = 0;

  static constexpr Result<PartitionInfoGetRegs> decode(const Regs& regs) {
    if ((regs.x[3] >> 32) != 0) return codec::must_be_zero;
    return PartitionInfoGetRegs{Uuid::from_dwords(regs.x[1], regs.x[2]), codec::low16(regs.w(3)),
                                codec::high16(regs.w(3))};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::partition_info_get_regs);
    regs.x[1] = uuid.dword(0);
    regs.x[2] = uuid.dword(1);
    regs.x[3] = codec::pair(information_tag, start_index);
    return regs;
  }
  friend constexpr bool operator==(const PartitionInfoGetRegs&,
                                   const PartitionInfoGetRegs&) = default;
};

/// One partition as FFA_PARTITION_INFO_GET_REGS returns it, three registers: id | contexts << 16 |
/// properties << 32, then the UUID. A 1.3 callee sends longer descriptors, of which these are the
/// first three registers.
struct PartitionRegs {
  EndpointId id{};
  uint16_t execution_contexts = 0;
  PartitionProperties properties{};
  Uuid uuid{};
  friend constexpr bool operator==(const PartitionRegs&, const PartitionRegs&) = default;
};

/// Reply to FFA_PARTITION_INFO_GET_REGS (FFA_SUCCESS_64). x2 = last index | current index << 16 |
/// tag << 32 | descriptor size << 48; x3-x17 = descriptors. last_index is that of the last
/// partition, current_index that of the last one in this reply. decode() takes all values: they
/// come from the callee and partition() bounds them. [DEN0077A 1.2 §13.9]
struct PartitionInfoGetRegsSuccess {
  uint16_t last_index = 0;
  uint16_t current_index = 0;
  uint16_t information_tag = 0;
  uint16_t descriptor_size_bytes = 24;
  std::array<uint64_t, 15> descriptors{};  ///< descriptors[n] is register n + 3

  static constexpr unsigned registers_per_partition = 3;
  static constexpr unsigned max_partitions = 5;

  static constexpr Result<PartitionInfoGetRegsSuccess> decode(const Regs& regs) {
    const uint64_t x2 = regs.x[2];
    PartitionInfoGetRegsSuccess success{static_cast<uint16_t>(x2),
                                        static_cast<uint16_t>(x2 >> 16),
                                        static_cast<uint16_t>(x2 >> 32),
                                        static_cast<uint16_t>(x2 >> 48),
                                        {}};
    for (unsigned n = 0; n < success.descriptors.size(); ++n)
      success.descriptors[n] = regs.x[n + 3];
    return success;
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success, Convention::smc64);
    regs.x[2] = codec::pair(current_index, last_index) |
                static_cast<uint64_t>(codec::pair(descriptor_size_bytes, information_tag)) << 32;
    for (unsigned n = 0; n < descriptors.size(); ++n) regs.x[n + 3] = descriptors[n];
    return regs;
  }

  /// Partition `n` of this reply (0-based), stepping by the reported size; nothing if it lies
  /// outside x3-x17.
  [[nodiscard]] constexpr std::optional<PartitionRegs> partition(unsigned n) const {
    const unsigned step = descriptor_size_bytes / 8U;
    if (step < registers_per_partition || descriptor_size_bytes % 8U != 0) return std::nullopt;
    if (n >= descriptors.size() / step) return std::nullopt;
    const uint64_t head = descriptors[n * step];
    return PartitionRegs{EndpointId{static_cast<uint16_t>(head)}, static_cast<uint16_t>(head >> 16),
                         PartitionProperties{static_cast<uint32_t>(head >> 32)},
                         Uuid::from_dwords(descriptors[n * step + 1], descriptors[n * step + 2])};
  }
  /// Writes partition `n` as a 24-byte descriptor; NO_MEMORY from n = max_partitions on.
  constexpr Result<void> set_partition(unsigned n, const PartitionRegs& partition) {
    if (n >= max_partitions) return Error{Status::no_memory};
    uint64_t* const words = &descriptors[n * registers_per_partition];
    words[0] = codec::pair(partition.execution_contexts, partition.id.raw()) |
               static_cast<uint64_t>(partition.properties.raw()) << 32;
    words[1] = partition.uuid.dword(0);
    words[2] = partition.uuid.dword(1);
    return {};
  }
  friend constexpr bool operator==(const PartitionInfoGetRegsSuccess&,
                                   const PartitionInfoGetRegsSuccess&) = default;
};

}  // namespace ffa
