// SPDX-License-Identifier: BSD-3-Clause
// OP-TEE's argument structures by an offset table of our own: where a field lies, what its words
// mean. Independent of the SPMC model's tables on purpose, so that one wrong offset can't pass on
// both sides. Facts of the public message protocol: optee_msg.h, optee_rpc_cmd.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/scenario/descriptor.hpp"

namespace sim::scenario {

inline constexpr uint32_t optee_header_bytes = 32;
inline constexpr uint32_t optee_param_bytes = 32;
/// Room for the RPC argument behind each structure.
inline constexpr uint32_t optee_rpc_params = 4;

constexpr uint32_t optee_message_bytes(uint32_t params) {
  return optee_header_bytes + optee_param_bytes * params;
}

/// The place of "cmd", "func", "session", "cancel_id", "pad", "ret", "origin", "num_params" or
/// "params[n].x" in a structure of so many parameters; x is attr, a, b, c, or of shared memory
/// offs_low, offs_high, internal_offs, size, global_id. With "rpc." in front: in the RPC argument
/// behind it. Nothing: no such field.
std::optional<FieldPlace> find_optee_field(std::string_view path, uint32_t params);

/// The value of a word in a field: TEE result codes ("BUSY", "SUCCESS"), "tee" and "trusted_app"
/// for an origin, "shm_alloc"… for the command of an RPC, "memory_out"… for an attribute.
std::optional<uint64_t> optee_word(std::string_view path, const std::string& word);
/// The register of a reply that holds such a code.
inline constexpr uint8_t code_register = 3;
/// "BUSY" or the number.
std::string tee_code_text(uint64_t code);
std::optional<uint64_t> tee_code(const std::string& word);
/// "value_in", "memory_inout", "none"… → attributes.
std::optional<uint64_t> optee_param_type(const std::string& word);
/// "done", "rpc", "interrupted" → w4 of an answer.
std::optional<uint64_t> optee_return(const std::string& word);
std::string optee_return_text(uint64_t value);

}  // namespace sim::scenario
