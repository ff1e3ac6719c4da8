// SPDX-License-Identifier: BSD-3-Clause
// The properties word of a partition information descriptor. Receivers ignore bits that they do not
// know. [DEN0077A 1.2 table 6.2]
#pragma once

#include "ffa/types.hpp"

namespace ffa {

/// What a partition id names. Bits 5:4, since 1.1.
enum class PartitionIdType : uint8_t {
  pe_endpoint = 0,
  independent_sepid = 1,
  dependent_sepid = 2,
  auxiliary = 3
};

class PartitionProperties : public Strong<struct PartitionPropertiesTag, uint32_t> {
 public:
  using Strong::Strong;
  static constexpr uint32_t receives_direct_requests_bit = 1U << 0;
  static constexpr uint32_t sends_direct_requests_bit = 1U << 1;
  static constexpr uint32_t indirect_messages_bit = 1U << 2;
  static constexpr uint32_t receives_notifications_bit = 1U << 3;     // since 1.1
  static constexpr uint32_t id_type_mask = 3U << 4;                   // since 1.1
  static constexpr uint32_t vm_created_message_bit = 1U << 6;         // since 1.1
  static constexpr uint32_t vm_destroyed_message_bit = 1U << 7;       // since 1.1
  static constexpr uint32_t aarch64_bit = 1U << 8;                    // since 1.1
  static constexpr uint32_t receives_direct_requests2_bit = 1U << 9;  // since 1.2
  static constexpr uint32_t sends_direct_requests2_bit = 1U << 10;    // since 1.2

  /// The bits that a caller of this version knows. [DEN0077A 1.0 table 8.25, 1.1 §6.2, 1.2 §6.2]
  static constexpr uint32_t known_mask(Version version) {
    if (version < v1_1) return 0x7U;
    return version < v1_2 ? 0x1ffU : 0x7ffU;
  }
  [[nodiscard]] constexpr PartitionProperties known_to(Version version) const {
    return PartitionProperties{raw() & known_mask(version)};
  }
  [[nodiscard]] constexpr bool receives_direct_requests() const {
    return has(receives_direct_requests_bit);
  }
  [[nodiscard]] constexpr bool sends_direct_requests() const {
    return has(sends_direct_requests_bit);
  }
  [[nodiscard]] constexpr bool indirect_messages() const { return has(indirect_messages_bit); }
  [[nodiscard]] constexpr bool receives_notifications() const {
    return has(receives_notifications_bit);
  }
  [[nodiscard]] constexpr PartitionIdType id_type() const {
    return static_cast<PartitionIdType>((raw() & id_type_mask) >> 4);
  }
  [[nodiscard]] constexpr bool wants_vm_created() const { return has(vm_created_message_bit); }
  [[nodiscard]] constexpr bool wants_vm_destroyed() const { return has(vm_destroyed_message_bit); }
  [[nodiscard]] constexpr bool aarch64() const { return has(aarch64_bit); }
  [[nodiscard]] constexpr bool receives_direct_requests2() const {
    return has(receives_direct_requests2_bit);
  }
  [[nodiscard]] constexpr bool sends_direct_requests2() const {
    return has(sends_direct_requests2_bit);
  }

 private:
  [[nodiscard]] constexpr bool has(uint32_t bit) const { return (raw() & bit) != 0; }
};

}  // namespace ffa
