// SPDX-License-Identifier: BSD-3-Clause
// The attribute, permission and flag words of memory transactions, with a name for every bit. They
// carry any bits, also reserved ones: what is allowed where is a rule of the handler.
// [DEN0140 1.2 §1.11, DEN0077A 1.0 §5.11, §5.12]
#pragma once

#include "ffa/types.hpp"

namespace ffa {

enum class Shareability : uint8_t { non_shareable = 0, reserved = 1, outer = 2, inner = 3 };
enum class Cacheability : uint8_t {
  reserved0 = 0,
  non_cacheable = 1,
  reserved2 = 2,
  write_back = 3
};
enum class DeviceType : uint8_t { ngnrne = 0, ngnre = 1, ngre = 2, gre = 3 };
enum class MemoryType : uint8_t { not_specified = 0, device = 1, normal = 2, reserved = 3 };

/// Memory region attributes: 8 bits in 1.0, 16 since. 1:0 shareability, 3:2 cacheability or device
/// type, 5:4 type, 6 NS (1.1, set by the callee in a retrieve response), 15:7 MBZ.
/// [DEN0077A 1.0 §5.11.4]
class MemoryAttributes : public Strong<struct MemoryAttributesTag, uint16_t> {
 public:
  using Strong::Strong;
  static constexpr uint16_t ns_bit = 1U << 6;
  static constexpr uint16_t reserved_mask = 0xff80;
  static constexpr MemoryAttributes normal(Cacheability cacheability, Shareability shareability) {
    return make(MemoryType::normal, static_cast<uint8_t>(cacheability),
                static_cast<uint8_t>(shareability));
  }
  static constexpr MemoryAttributes device(DeviceType type) {
    return make(MemoryType::device, static_cast<uint8_t>(type), 0);
  }
  [[nodiscard]] constexpr Shareability shareability() const {
    return static_cast<Shareability>(raw() & 3U);
  }
  /// Only where type() is normal.
  [[nodiscard]] constexpr Cacheability cacheability() const {
    return static_cast<Cacheability>((raw() >> 2) & 3U);
  }
  /// Only where type() is device.
  [[nodiscard]] constexpr DeviceType device_type() const {
    return static_cast<DeviceType>((raw() >> 2) & 3U);
  }
  [[nodiscard]] constexpr MemoryType type() const {
    return static_cast<MemoryType>((raw() >> 4) & 3U);
  }
  [[nodiscard]] constexpr bool ns() const { return (raw() & ns_bit) != 0; }
  [[nodiscard]] constexpr bool has_reserved_bits() const { return (raw() & reserved_mask) != 0; }

 private:
  static constexpr MemoryAttributes make(MemoryType type, unsigned bits_3_2, unsigned bits_1_0) {
    return MemoryAttributes{
        static_cast<uint16_t>(static_cast<unsigned>(type) << 4 | bits_3_2 << 2 | bits_1_0)};
  }
};
/// 0x2f, the only attributes that known SPMCs accept for a share.
inline constexpr MemoryAttributes normal_write_back_inner =
    MemoryAttributes::normal(Cacheability::write_back, Shareability::inner);

enum class DataAccess : uint8_t { not_specified = 0, read_only = 1, read_write = 2, reserved = 3 };
enum class InstructionAccess : uint8_t {
  not_specified = 0,
  not_executable = 1,
  executable = 2,
  reserved = 3
};

/// Memory access permissions of one endpoint: 1:0 data, 3:2 instruction, 7:4 MBZ.
/// [DEN0077A 1.0 §5.11.2, §5.11.3]
class AccessPermissions : public Strong<struct AccessPermissionsTag, uint8_t> {
 public:
  using Strong::Strong;
  static constexpr uint8_t reserved_mask = 0xf0;
  static constexpr AccessPermissions make(
      DataAccess data, InstructionAccess instruction = InstructionAccess::not_specified) {
    return AccessPermissions{static_cast<uint8_t>(static_cast<unsigned>(instruction) << 2 |
                                                  static_cast<unsigned>(data))};
  }
  [[nodiscard]] constexpr DataAccess data() const { return static_cast<DataAccess>(raw() & 3U); }
  [[nodiscard]] constexpr InstructionAccess instruction() const {
    return static_cast<InstructionAccess>((raw() >> 2) & 3U);
  }
  [[nodiscard]] constexpr bool has_reserved_bits() const { return (raw() & reserved_mask) != 0; }
};

/// Flags of one endpoint's memory access descriptor: bit 0 = it does not retrieve (shares the
/// stream of another), 7:1 MBZ.
class AccessFlags : public Strong<struct AccessFlagsTag, uint8_t> {
 public:
  using Strong::Strong;
  static constexpr uint8_t non_retrieval_borrower_bit = 1U << 0;
  static constexpr uint8_t reserved_mask = 0xfe;
  [[nodiscard]] constexpr bool non_retrieval_borrower() const {
    return (raw() & non_retrieval_borrower_bit) != 0;
  }
  [[nodiscard]] constexpr bool has_reserved_bits() const { return (raw() & reserved_mask) != 0; }
};

enum class TransactionType : uint8_t { any = 0, share = 1, lend = 2, donate = 3 };

/// Flags of a transaction, a retrieval, a relinquish or a reclaim. Not every bit is valid in each.
/// [DEN0077A 1.0 §5.12.4]
class MemoryFlags : public Strong<struct MemoryFlagsTag, uint32_t> {
 public:
  using Strong::Strong;
  static constexpr uint32_t zero_bit = 1U << 0;
  static constexpr uint32_t time_slice_bit = 1U << 1;
  static constexpr uint32_t zero_after_relinquish_bit = 1U << 2;
  static constexpr uint32_t type_mask = 3U << 3;
  static constexpr uint32_t alignment_hint_mask = 0xfU << 5;
  static constexpr uint32_t alignment_hint_valid_bit = 1U << 9;
  static constexpr uint32_t bypass_borrower_check_bit = 1U << 10;
  static constexpr uint32_t reserved_mask = ~0x7ffU;
  static constexpr MemoryFlags of_type(TransactionType type, uint32_t other_bits = 0) {
    return MemoryFlags{static_cast<uint32_t>(type) << 3 | other_bits};
  }
  [[nodiscard]] constexpr bool zero() const { return (raw() & zero_bit) != 0; }
  [[nodiscard]] constexpr bool time_slice() const { return (raw() & time_slice_bit) != 0; }
  [[nodiscard]] constexpr bool zero_after_relinquish() const {
    return (raw() & zero_after_relinquish_bit) != 0;
  }
  [[nodiscard]] constexpr TransactionType type() const {
    return static_cast<TransactionType>((raw() & type_mask) >> 3);
  }
  /// Exponent: the receiver wants 4 KiB << hint alignment. Only where alignment_hint_valid().
  [[nodiscard]] constexpr unsigned alignment_hint() const {
    return (raw() & alignment_hint_mask) >> 5;
  }
  [[nodiscard]] constexpr bool alignment_hint_valid() const {
    return (raw() & alignment_hint_valid_bit) != 0;
  }
  [[nodiscard]] constexpr bool bypass_borrower_check() const {
    return (raw() & bypass_borrower_check_bit) != 0;
  }
  [[nodiscard]] constexpr bool has_reserved_bits() const { return (raw() & reserved_mask) != 0; }
  /// True if any bit outside `allowed` is set.
  [[nodiscard]] constexpr bool exceeds(uint32_t allowed) const { return (raw() & ~allowed) != 0; }
};

/// Word of FFA_MEM_PERM_GET/SET: 1:0 data access (0 none, 1 read-write, 3 read-only), bit 2 not
/// executable, 31:3 MBZ.
class PagePermissions : public Strong<struct PagePermissionsTag, uint32_t> {
 public:
  using Strong::Strong;
  enum class Data : uint8_t { none = 0, read_write = 1, reserved = 2, read_only = 3 };
  static constexpr uint32_t not_executable_bit = 1U << 2;
  static constexpr uint32_t reserved_mask = ~7U;
  [[nodiscard]] constexpr Data data() const { return static_cast<Data>(raw() & 3U); }
  [[nodiscard]] constexpr bool executable() const { return (raw() & not_executable_bit) == 0; }
  [[nodiscard]] constexpr bool has_reserved_bits() const { return (raw() & reserved_mask) != 0; }
};

}  // namespace ffa
