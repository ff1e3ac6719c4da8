// SPDX-License-Identifier: BSD-3-Clause
// Headers and access descriptors of memory transaction descriptors, in either layout, as one type
// each: what the parsers of sends and of retrieve requests have in common. Nothing is checked here
// but that the bytes are there. [DEN0140 1.2 §1.11, DEN0077A 1.0 §5.11, §5.12]
#pragma once

#include <cstdint>
#include <optional>

#include "core/memory_transaction.hpp"
#include "core/snapshot.hpp"
#include "ffa/memory_attributes.hpp"
#include "ffa/types.hpp"
#include "ffa/wire/memory.hpp"

namespace mediator {

/// A transaction header of either layout.
struct TransactionHeader {
  ffa::EndpointId sender{};
  ffa::MemoryAttributes attributes{};
  ffa::MemoryFlags flags{};
  uint64_t handle = 0;
  uint64_t tag = 0;
  bool reserved_set = false;
  uint64_t bytes = 0;  ///< length of the header itself
  uint64_t access_size = 0;
  uint64_t access_count = 0;
  uint64_t access_offset = 0;
  [[nodiscard]] uint64_t access_end() const { return access_offset + access_count * access_size; }
};

/// An access descriptor of either layout.
struct AccessEntry {
  Receiver receiver{};
  ffa::AccessFlags flags{};
  uint64_t composite_offset = 0;
  bool reserved_set = false;
};

inline bool any_set(const uint8_t (&bytes)[12]) {
  uint32_t words[3];
  __builtin_memcpy(words, bytes, sizeof words);
  return (words[0] | words[1] | words[2]) != 0;
}

inline TransactionHeader read_header_v1_0(const Snapshot& fragment) {
  const auto& header = fragment.at<ffa::wire::MemoryTransactionV1_0>(0);
  return {.sender = ffa::EndpointId{header.sender},
          .attributes = ffa::MemoryAttributes{header.attributes},
          .flags = ffa::MemoryFlags{header.flags},
          .handle = header.handle,
          .tag = header.tag,
          .reserved_set = header.reserved_3 != 0 || header.reserved_24 != 0,
          .bytes = sizeof header,
          .access_size = sizeof(ffa::wire::MemoryAccessV1_0),
          .access_count = header.access_count,
          .access_offset = sizeof header};
}

inline TransactionHeader read_header_v1_1(const Snapshot& fragment) {
  const auto& header = fragment.at<ffa::wire::MemoryTransactionV1_1>(0);
  return {.sender = ffa::EndpointId{header.sender},
          .attributes = ffa::MemoryAttributes{header.attributes},
          .flags = ffa::MemoryFlags{header.flags},
          .handle = header.handle,
          .tag = header.tag,
          .reserved_set = any_set(header.reserved_36),
          .bytes = sizeof header,
          .access_size = header.access_size,
          .access_count = header.access_count,
          .access_offset = header.access_offset};
}

inline AccessEntry read_access_v1_0(const Snapshot& fragment, uint64_t offset) {
  const auto& access = fragment.at<ffa::wire::MemoryAccessV1_0>(offset);
  return {.receiver = {ffa::EndpointId{access.endpoint},
                       ffa::AccessPermissions{access.permissions},
                       {}},
          .flags = ffa::AccessFlags{access.flags},
          .composite_offset = access.composite_offset,
          .reserved_set = access.reserved_8 != 0};
}

inline AccessEntry read_access_v1_2(const Snapshot& fragment, uint64_t offset) {
  const auto& access = fragment.at<ffa::wire::MemoryAccessV1_2>(offset);
  return {.receiver = {ffa::EndpointId{access.endpoint},
                       ffa::AccessPermissions{access.permissions},
                       {access.impdef[0], access.impdef[1]}},
          .flags = ffa::AccessFlags{access.flags},
          .composite_offset = access.composite_offset,
          .reserved_set = access.reserved_24 != 0};
}

/// The header of a component that speaks `version`; nothing where the fragment does not hold it.
inline std::optional<TransactionHeader> read_header(const Snapshot& fragment,
                                                    ffa::Version version) {
  const bool v1_0 = version < ffa::v1_1;
  const uint64_t length =
      v1_0 ? sizeof(ffa::wire::MemoryTransactionV1_0) : sizeof(ffa::wire::MemoryTransactionV1_1);
  if (!fragment.contains(0, length)) return std::nullopt;
  return v1_0 ? read_header_v1_0(fragment) : read_header_v1_1(fragment);
}

/// True if access descriptors of this size exist in `version`.
constexpr bool is_access_size(uint64_t size, ffa::Version version) {
  return size == sizeof(ffa::wire::MemoryAccessV1_0) ||
         (size == sizeof(ffa::wire::MemoryAccessV1_2) && version >= ffa::v1_2);
}

/// The n-th access descriptor, which lies inside. Its size is one that exists.
inline AccessEntry read_access(const TransactionHeader& header, const Snapshot& fragment,
                               uint32_t n) {
  const uint64_t offset = header.access_offset + n * header.access_size;
  return header.access_size == sizeof(ffa::wire::MemoryAccessV1_0)
             ? read_access_v1_0(fragment, offset)
             : read_access_v1_2(fragment, offset);
}

}  // namespace mediator
