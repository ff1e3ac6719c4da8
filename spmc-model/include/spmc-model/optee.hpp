// SPDX-License-Identifier: BSD-3-Clause
// The OP-TEE-like service (SP kind `optee`): what configures it, and the trusted applications that
// are built into it, with their UUIDs and commands. The scenario compiler and tests name them by
// these numbers; docs/software-sps.md describes them. The message protocol itself is OP-TEE's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ffa/types.hpp"

namespace spmc_model::optee {

inline constexpr size_t max_threads = 8;    ///< of one VM
inline constexpr size_t max_sessions = 16;  ///< of one VM
inline constexpr size_t max_vms = 32;       ///< VMs that services of one SPMC serve at once

/// The UUID by which a normal world finds OP-TEE.
inline constexpr ffa::Uuid service_uuid{{0x48, 0x61, 0x78, 0xe0, 0xe7, 0xf8, 0x11, 0xe3, 0xbc, 0x5e,
                                         0x00, 0x02, 0xa5, 0xd5, 0xc5, 0x1b}};

/// Sizes and versions of one service. The defaults are those of the captured one.
struct Config {
  uint16_t threads = 4;    ///< calls of one VM at once; 1 to max_threads
  uint16_t sessions = 16;  ///< open sessions of one VM; 1 to max_sessions
  uint32_t major = 4;      ///< OS version
  uint32_t minor = 10;
  uint32_t build = 0x753dfa90;
};

/// Values and shared memory. Any number of sessions.
inline constexpr ffa::Uuid data_ta{{0xda, 0x7a, 0x00, 0x01, 0x5e, 0xa1, 0x4d, 0x0e, 0x9b, 0x21,
                                    0x3c, 0x04, 0x85, 0xf6, 0x17, 0xd8}};
enum class DataCommand : uint32_t {
  values = 0,    ///< value inout: a and b change places; value out: sums of all a and all b
  checksum = 1,  ///< memory in or inout; value out: a = sum of bytes, b = sum of those sums
  xor_with = 2,  ///< memory inout; value in a: the byte
  fill = 3,      ///< memory out; value in a: the byte, b: how many
  copy = 4,      ///< memory in; memory out
};

/// Calls that stop on their way. Any number of sessions.
inline constexpr ffa::Uuid worker_ta{{0x30, 0x4c, 0xe0, 0x02, 0x77, 0xb3, 0x41, 0x6f, 0x8a, 0x90,
                                      0x1d, 0xe2, 0x53, 0xc4, 0xb5, 0xa6}};
enum class WorkerCommand : uint32_t {
  preempt = 0,   ///< value in a: interrupted so many times; value out a: resumptions
  allocate = 1,  ///< value in a: bytes, b: type; value out: checksum of what the guest gave
  wait = 2,      ///< value in a: key, b: timeout; returns CANCEL if cancelled meanwhile
  wake = 3,      ///< value in a: key
  time = 4,      ///< value out a: seconds, b: nanoseconds, of the normal world
  post = 5,      ///< value in a: an event from 0 to 63, announced by a notification
  collect = 6,   ///< value out: low and high half of the events that a bottom half took over
};

/// One session at most. Opening with a value in a other than 0 is refused with that code.
inline constexpr ffa::Uuid single_ta{{0x51, 0x46, 0x1e, 0x03, 0x0f, 0xc8, 0x4a, 0x72, 0xb6, 0x35,
                                      0x9e, 0x40, 0xd1, 0x2a, 0x63, 0x7b}};
enum class SingleCommand : uint32_t {
  count = 0,  ///< value out a: calls of this command in this session
  panic = 1,  ///< the TA is dead from now on
};

}  // namespace spmc_model::optee
