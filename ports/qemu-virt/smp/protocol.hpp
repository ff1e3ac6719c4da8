// SPDX-License-Identifier: BSD-3-Clause
// What EL2 and the guest program of the two-CPU image agree on.
#pragma once

#include <cstdint>

namespace ports::qemu::smp {

/// What a guest does over and over; each has its count of successes.
enum class Work : uint8_t { share, lend, remap, request, list, message, count };
inline constexpr unsigned works = static_cast<unsigned>(Work::count);

/// Both vCPUs of a VM use the same pages and the same buffers.
inline constexpr uint64_t pool_ipa = 0x40100000;
inline constexpr uint64_t pool_pages = 8;
inline constexpr uint64_t tx_ipa = 0x40200000;
inline constexpr uint64_t rx_ipa = 0x40201000;

/// Of a guest's HVC #HVC_END: x0 is 0, or what went wrong; x1 on: the successes of each Work.
enum class Trouble : uint64_t {
  none = 0,
  unknown_status = 1,  ///< x1: the Work, x2: the status
  kept_region = 2,     ///< x1: the Work, x2: the status: a region could not be reclaimed
  other_answer = 3,    ///< an SP answered something else than it was asked
  odd_list = 4,        ///< a list of partitions without the SP
};

}  // namespace ports::qemu::smp
