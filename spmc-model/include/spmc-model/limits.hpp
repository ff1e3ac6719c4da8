// SPDX-License-Identifier: BSD-3-Clause
// How much the software SPMC can hold. Constants, since all of its state lies in one block of
// bytes, but for the ranges, the bulk of it, which who builds one gives (SpmcConfig::ranges); a
// limit that is reached answers NO_MEMORY (or what the personality says), never anything else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spmc_model {

inline constexpr size_t max_sps = 16;
inline constexpr size_t max_vms = 64;  ///< VMs known at once
/// vCPUs of a VM and contexts of an SP that have notifications of their own.
inline constexpr size_t max_notified_vcpus = 64;
/// Requests that one SP works on at once; it advertises as many contexts as it is configured with.
inline constexpr size_t max_contexts = 8;
inline constexpr size_t max_regions = 1088;  ///< 1,024 of VMs and 64 of an OS without a hypervisor
inline constexpr uint32_t default_ranges = 16384;     ///< address ranges over all regions
inline constexpr uint32_t max_region_pages = 262144;  ///< 4 KiB pages of one region: 1 GiB
inline constexpr uint32_t max_buffer_pages =
    63;  ///< of one RX or TX buffer; 6 bits in FFA_RXTX_MAP
inline constexpr size_t max_missing_functions =
    64;  ///< function ids that a configuration takes away

}  // namespace spmc_model
