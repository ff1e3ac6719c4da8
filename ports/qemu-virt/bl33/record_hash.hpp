// SPDX-License-Identifier: BSD-3-Clause
// The trace hash of a record, without the trace: the same that the host computes from the events
// that it rebuilds (sim/trace/hash.cpp). tests/unit/qemu compares both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ports::qemu {

/// What is to be said of a record that is on its way to no host.
struct RecordDigest {
  std::array<uint64_t, 2> hash{};        ///< high word first
  std::span<const std::byte> violation;  ///< text of the first one; empty: none
};

/// `record` is a whole one, as guest::RecordWriter wrote it in this boot.
RecordDigest digest_of(std::span<const std::byte> record);

}  // namespace ports::qemu
