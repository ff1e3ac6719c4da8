// SPDX-License-Identifier: BSD-3-Clause
// What a BL33 payload learns of its board from the flattened device tree. The tree is input: every
// offset, length and count in it is checked. [Devicetree Specification 0.4, chapters 2, 3, 5]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ffa/result.hpp"
#include "ports/qemu-virt/bl33/ranges.hpp"

namespace ports::qemu {

inline constexpr uint32_t device_tree_magic = 0xd00dfeed;
inline constexpr size_t device_tree_header_bytes = 40;

enum class TreeError : uint8_t {
  none,
  bad_magic,
  truncated,    ///< a block, token, name or property reaches past its end
  bad_version,  ///< not compatible with version 17
  bad_token,    ///< an unknown token, or nodes that do not close
  too_deep,
  bad_cells,     ///< #address-cells or #size-cells other than 1 or 2 where they are used
  bad_property,  ///< a property of another length than its kind has, or a range that wraps
  too_many,      ///< more ranges or UARTs than there is room for
  no_memory,     ///< no memory node
  no_uart,       ///< no PL011 that is enabled
  no_gic,        ///< no GICv3 with distributor and redistributors
};

struct Board {
  static constexpr size_t max_memory = 16;
  static constexpr size_t max_reserved = 32;

  size_t memory_count = 0;
  std::array<Range, max_memory> memory{};
  size_t reserved_count = 0;
  std::array<Range, max_reserved> reserved{};  ///< /memreserve/ and /reserved-memory
  uint64_t uart = 0;  ///< the PL011 of /chosen/stdout-path, else the first one that is enabled
  uint64_t gic_distributor = 0;
  Range gic_redistributors{};
  Range initrd{};  ///< of /chosen; no bytes: none
};

/// Bytes of the whole tree, as the header at `header` says; 0: no tree is there.
uint32_t device_tree_bytes(std::span<const std::byte, device_tree_header_bytes> header);

/// Never reads outside `tree`, which may be longer than the tree.
ffa::Result<Board, TreeError> read_board(std::span<const std::byte> tree);

}  // namespace ports::qemu
