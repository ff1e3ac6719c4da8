// SPDX-License-Identifier: BSD-3-Clause
// Memory transaction descriptors as a trace holds them: read from bytes into their meaning, with a
// list of everything that is not well-formed. An observer's parser: it never refuses, and it
// accounts for every byte. Used by decode and replay. [DEN0140 §1.11, §1.10.1-1.10.3]
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ffa/types.hpp"

namespace ffa_trace {

struct Receiver {
  uint16_t id = 0;
  uint8_t permissions = 0;
  uint8_t flags = 0;
  std::vector<uint8_t>
      impdef;  ///< 16 bytes where the layout has them and they are not zero, else empty
  friend bool operator==(const Receiver&, const Receiver&) = default;
};

/// `pages` pages from `address` on, an IPA or a PA.
struct PageRun {
  uint64_t address = 0;
  uint64_t pages = 0;
  friend bool operator==(const PageRun&, const PageRun&) = default;
};

struct Descriptor {
  uint16_t sender = 0;
  uint16_t attributes = 0;
  uint32_t flags = 0;
  uint64_t handle = 0;
  uint64_t tag = 0;
  std::vector<Receiver> receivers;
  uint64_t total_pages = 0;  ///< as declared
  uint64_t declared_ranges = 0;
  std::vector<PageRun> ranges;        ///< in order, as they stand in these bytes
  std::vector<std::string> problems;  ///< "byte 36: reserved, holds 0x01": what is not well-formed
};

/// Which header a descriptor has: 1.0, or that of 1.1 and later.
enum class HeaderLayout : uint8_t { v1_0, v1_1 };
HeaderLayout header_layout(ffa::Version version);

/// Reads a whole descriptor, or its first fragment when `total_bytes` is more than there is.
Descriptor parse_descriptor(const std::vector<uint8_t>& bytes, uint64_t total_bytes,
                            HeaderLayout layout);

/// Reads the ranges of a later fragment.
Descriptor parse_fragment(const std::vector<uint8_t>& bytes);

/// Borrowers are a set: by id, whatever their order in the descriptor.
std::vector<Receiver> sorted(std::vector<Receiver> receivers);

/// The same pages in the same order with the fewest runs: what cuts and merges leave equal.
std::vector<PageRun> merged(const std::vector<PageRun>& ranges);

}  // namespace ffa_trace
