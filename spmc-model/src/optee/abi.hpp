// SPDX-License-Identifier: BSD-3-Clause
// OP-TEE's numbers: services in w3, fields of the argument structure by byte offset, attributes of
// parameters, commands, result codes. Facts of its public message protocol (optee_ffa.h,
// optee_msg.h, optee_rpc_cmd.h), as tables of our own.
#pragma once

#include <cstdint>

namespace spmc_model::optee {

/// w3 of a request.
enum class Service : uint32_t {
  api_version = 0,
  os_version = 1,
  exchange_capabilities = 2,
  unregister_shm = 3,
  enable_async_notif = 5,
  call_with_arg = 0x80000000,
  call_resume = 0x80000001,
};

/// w4 of the answer to a yielding call.
enum class Returned : uint32_t { done = 0, rpc = 1, interrupted = 2 };

inline constexpr uint32_t api_major = 1;
inline constexpr uint32_t api_minor = 0;
inline constexpr uint32_t rpc_parameters = 4;  ///< of the RPC argument behind each argument
/// Argument offsets, asynchronous notifications, probing of RPMB by the normal world.
inline constexpr uint32_t secure_capabilities = 7;
inline constexpr uint32_t max_notification_value = 0;
inline constexpr uint32_t notification_values = 64;

/// GlobalPlatform's TEE_Result.
enum class Tee : uint32_t {
  success = 0,
  generic = 0xffff0000,
  access_denied = 0xffff0001,
  cancel = 0xffff0002,
  bad_parameters = 0xffff0006,
  bad_state = 0xffff0007,
  item_not_found = 0xffff0008,
  not_implemented = 0xffff0009,
  not_supported = 0xffff000a,
  out_of_memory = 0xffff000c,
  busy = 0xffff000d,
  security = 0xffff000f,
  short_buffer = 0xffff0010,
  target_dead = 0xffff3024,
};

/// Where a result came from.
enum class Origin : uint32_t { tee = 3, trusted_app = 4 };

enum class Command : uint32_t {
  open_session = 0,
  invoke = 1,
  close_session = 2,
  cancel = 3,
  do_bottom_half = 6,
  stop_async_notif = 7,
};

enum class RpcCommand : uint32_t { get_time = 3, notification = 4, shm_alloc = 6, shm_free = 7 };
inline constexpr uint32_t rpc_wait = 0;  ///< a of the parameter of `notification`
inline constexpr uint32_t rpc_send = 1;

/// A field of the argument structure or of a parameter: byte offset and width.
struct Field {
  uint32_t offset;
  uint32_t bytes;
};
namespace argument {
inline constexpr Field command{0, 4};
inline constexpr Field function{4, 4};
inline constexpr Field session{8, 4};
inline constexpr Field result{20, 4};
inline constexpr Field origin{24, 4};
inline constexpr Field count{28, 4};
inline constexpr uint32_t header_bytes = 32;
inline constexpr uint32_t parameter_bytes = 32;
inline constexpr uint32_t max_parameters = 127;  ///< that fit a page
constexpr uint32_t size(uint32_t parameters) { return header_bytes + parameter_bytes * parameters; }
}  // namespace argument
namespace parameter {
inline constexpr Field attributes{0, 8};
inline constexpr Field a{8, 8};
inline constexpr Field b{16, 8};
inline constexpr Field c{24, 8};
inline constexpr Field offset_low{8, 4};  ///< of shared memory
inline constexpr Field offset_high{12, 2};
inline constexpr Field internal_offset{14, 2};  ///< of the buffer in the region's first page
inline constexpr Field size{16, 8};
inline constexpr Field global_id{24, 8};
}  // namespace parameter

namespace attribute {
inline constexpr uint64_t type_bits = 0xff;
inline constexpr uint64_t meta = 0x100;
}  // namespace attribute

enum class ParamType : uint32_t {
  none = 0,
  value_in = 1,
  value_out = 2,
  value_inout = 3,
  memory_in = 5,
  memory_out = 6,
  memory_inout = 7,
};

/// The global id of no memory at all.
inline constexpr uint64_t no_memory_id = ~uint64_t{0};

}  // namespace spmc_model::optee
