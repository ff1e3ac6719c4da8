// SPDX-License-Identifier: BSD-3-Clause
// The strong types that every part of the project shares: endpoints, addresses, handles, versions.
// Owns no state; included by everyone. [DEN0077A 1.2 chapters 2, 6 and 13]
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace ffa {

inline constexpr uint64_t page_size =
    4096;  // FF-A pages are 4 KiB whatever the translation granule
inline constexpr uint64_t page_mask = page_size - 1;

/// A value with a name: no implicit conversion in either direction. `.raw()` belongs to wire,
/// register and port code.
template <class Tag, class Raw>
class Strong {
 public:
  using raw_type = Raw;
  constexpr Strong() = default;
  constexpr explicit Strong(Raw value) : value_(value) {}
  [[nodiscard]] constexpr Raw raw() const { return value_; }
  friend constexpr auto operator<=>(const Strong&, const Strong&) = default;

 private:
  Raw value_{};
};

using Ipa =
    Strong<struct IpaTag, uint64_t>;        ///< intermediate physical address, as a VM sees memory
using Pa = Strong<struct PaTag, uint64_t>;  ///< physical address
using PageCount = Strong<struct PageCountTag, uint64_t>;  ///< number of 4 KiB pages
using VcpuId = Strong<struct VcpuTag, uint16_t>;

/// 16-bit partition id. Bit 15 set: secure world. [DEN0077A 1.2 §6.1]
class EndpointId : public Strong<struct EndpointTag, uint16_t> {
 public:
  using Strong::Strong;
  [[nodiscard]] constexpr bool is_secure() const { return (raw() & 0x8000U) != 0; }
};
inline constexpr EndpointId hypervisor_id{0};
inline constexpr EndpointId spmc_default_id{0x8000};
inline constexpr EndpointId spmd_id{0xffff};

/// 64-bit memory region handle. Bit 63 set: allocated by the hypervisor. [DEN0140 §1.10.2]
class Handle : public Strong<struct HandleTag, uint64_t> {
 public:
  using Strong::Strong;
  static constexpr Handle from_words(uint32_t low, uint32_t high) {
    return Handle{(static_cast<uint64_t>(high) << 32) | low};
  }
  [[nodiscard]] constexpr uint32_t low() const { return static_cast<uint32_t>(raw()); }
  [[nodiscard]] constexpr uint32_t high() const { return static_cast<uint32_t>(raw() >> 32); }
  [[nodiscard]] constexpr bool hypervisor_allocated() const { return (raw() >> 63) != 0; }
};
inline constexpr Handle invalid_handle{~uint64_t{0}};

/// major << 16 | minor, bit 31 clear. [DEN0077A 1.2 §13.2]
class Version : public Strong<struct VersionTag, uint32_t> {
 public:
  using Strong::Strong;
  static constexpr Version make(uint16_t major, uint16_t minor) {
    return Version{(static_cast<uint32_t>(major) << 16) | minor};
  }
  [[nodiscard]] constexpr uint16_t major() const { return static_cast<uint16_t>(raw() >> 16); }
  [[nodiscard]] constexpr uint16_t minor() const { return static_cast<uint16_t>(raw()); }
};
inline constexpr Version v1_0 = Version::make(1, 0);
inline constexpr Version v1_1 = Version::make(1, 1);
inline constexpr Version v1_2 = Version::make(1, 2);

/// 16 bytes in RFC 4122 textual order, as they stand in descriptors and, little-endian, in
/// registers.
struct [[gnu::packed]] Uuid {  // packed, so that wire structs may hold one
  uint8_t bytes[16]{};
  friend constexpr bool operator==(const Uuid&, const Uuid&) = default;
  [[nodiscard]] constexpr bool is_nil() const { return *this == Uuid{}; }
  /// Bytes 4n..4n+3 as a little-endian word, as FFA_PARTITION_INFO_GET passes them in w1-w4.
  [[nodiscard]] constexpr uint32_t word(unsigned n) const {
    return static_cast<uint32_t>(bytes[4 * n]) | static_cast<uint32_t>(bytes[4 * n + 1]) << 8 |
           static_cast<uint32_t>(bytes[4 * n + 2]) << 16 |
           static_cast<uint32_t>(bytes[4 * n + 3]) << 24;
  }
  /// Bytes 8n..8n+7 as a little-endian double word, as FFA_PARTITION_INFO_GET_REGS passes them in
  /// x1, x2.
  [[nodiscard]] constexpr uint64_t dword(unsigned n) const {
    return word(2 * n) | static_cast<uint64_t>(word(2 * n + 1)) << 32;
  }
  static constexpr Uuid from_words(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
    Uuid uuid;
    const uint32_t words[4] = {w0, w1, w2, w3};
    for (unsigned i = 0; i < 16; ++i)
      uuid.bytes[i] = static_cast<uint8_t>(words[i / 4] >> (8 * (i % 4)));
    return uuid;
  }
  static constexpr Uuid from_dwords(uint64_t low, uint64_t high) {
    return from_words(static_cast<uint32_t>(low), static_cast<uint32_t>(low >> 32),
                      static_cast<uint32_t>(high), static_cast<uint32_t>(high >> 32));
  }
};

}  // namespace ffa
