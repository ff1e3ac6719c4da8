// SPDX-License-Identifier: BSD-3-Clause
// Function ids, feature ids and framework message types of FF-A 1.0, 1.1 and 1.2 (and the 1.3 ids a
// decoder may meet). The list is ffa/fids.def; names.hpp gives the printable names.
// [DEN0077A 1.2 table 11.1 ff.]
#pragma once

#include <cstdint>

#include "ffa/types.hpp"

namespace ffa {

/// The SMC32 identifier where the call has one, else its only one, the SMC64 one.
enum class Fid : uint32_t {
#define FFA_FID(name, number, has32, has64, since) \
  name = ((has32) ? 0x84000000U : 0xc4000000U) | (number),
#include "ffa/fids.def"
#undef FFA_FID
};

/// The SMC64 identifier of a call that has one.
constexpr uint32_t fid64(Fid fid) { return static_cast<uint32_t>(fid) | 0x40000000U; }
constexpr uint32_t fid32(Fid fid) { return static_cast<uint32_t>(fid); }

/// What the spec says about one function number.
struct FidInfo {
  Fid fid;
  uint8_t number;
  bool has32;
  bool has64;
  Version since;
  const char* name;  ///< "FFA_MEM_SHARE"
};

/// The numbers that FF-A may give to functions.
inline constexpr uint32_t first_fid_number = 0x60;
inline constexpr uint32_t last_fid_number = 0xff;

/// The row of a function number 0x60-0xff, or nullptr where the spec defines none. Constant time.
const FidInfo* find_fid(uint32_t number);

/// Feature ids of FFA_FEATURES. [DEN0077A 1.2 table 13.14]
enum class FeatureId : uint32_t {
  notification_pending_interrupt = 1,
  schedule_receiver_interrupt = 2,
  managed_exit_interrupt = 3
};

/// Framework message types: bits 7:0 of w2 with bit 31 set. [DEN0077A 1.2 §18]
enum class FrameworkMessage : uint32_t {
  psci_request = 0,
  warm_boot_request = 1,
  psci_response = 2,
  vm_created_request = 4,
  vm_created_response = 5,
  vm_destroyed_request = 6,
  vm_destroyed_response = 7,
  version_request = 8,
  version_response = 9
};
inline constexpr uint32_t framework_message_bit = 1U << 31;
constexpr uint32_t framework_word(FrameworkMessage type) {
  return framework_message_bit | static_cast<uint32_t>(type);
}

}  // namespace ffa
