// SPDX-License-Identifier: BSD-3-Clause
// The memory transactions that both benchmark programs share: a v1.2 descriptor of one receiver.
// [DEN0140 1.2 §1.11]
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "ffa/types.hpp"

namespace bench {

inline constexpr uint16_t vm_id = 1;
inline constexpr uint16_t sp_id = 0x8001;
inline constexpr uint64_t tx_ipa = 0x40000000;
inline constexpr uint64_t rx_ipa = 0x40001000;
inline constexpr uint64_t ram_ipa = 0x40000000;
inline constexpr uint64_t ram_pages = 1024;
inline constexpr uint64_t shared_ipa = 0x40010000;

/// What is shared: `ranges` ranges of `pages` pages; between two ranges one page is left out.
struct Shape {
  uint32_t ranges = 1;
  uint32_t pages = 1;
};
inline constexpr Shape one_page{1, 1};
inline constexpr Shape contiguous{1, 256};
inline constexpr Shape scattered{250, 1};  ///< as many as fit into a TX buffer of 4 KiB
inline constexpr Shape gibibyte{1, 262144};
inline constexpr Shape scattered_gibibyte{262144, 1};  ///< 1,025 fragments of 4 KiB

inline void put(std::vector<std::byte>& image, size_t offset, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) {
    image.at(offset + i) = static_cast<std::byte>(value >> (8 * i));
  }
}

/// The bytes of an FFA_MEM_SHARE of `shape` to the SP.
inline std::vector<std::byte> share_of(const Shape& shape) {
  constexpr size_t access = 48, composite = access + 32, first_range = composite + 16;
  std::vector<std::byte> image(first_range + size_t{16} * shape.ranges);
  put(image, 0, vm_id, 2);
  put(image, 2, 0x2f, 2);
  put(image, 24, 32, 4);
  put(image, 28, 1, 4);
  put(image, 32, access, 4);
  put(image, access, sp_id, 2);
  put(image, access + 2, 2, 1);
  put(image, access + 4, composite, 4);
  put(image, composite, uint64_t{shape.ranges} * shape.pages, 4);
  put(image, composite + 4, shape.ranges, 4);
  uint64_t ipa = shared_ipa;
  for (size_t n = 0; n < shape.ranges; ++n) {
    put(image, first_range + 16 * n, ipa, 8);
    put(image, first_range + 16 * n + 8, shape.pages, 4);
    ipa += (shape.pages + 1) * ffa::page_size;
  }
  return image;
}

}  // namespace bench
