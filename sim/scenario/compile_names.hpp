// SPDX-License-Identifier: BSD-3-Clause
// The words of scenarios and their numbers: functions, statuses, versions. One place, used by
// compiler and judge.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ffa/types.hpp"
#include "sim/scenario/compile_node.hpp"

namespace sim::scenario {

/// The first register of a direct message's payload: w3 or x3.
inline constexpr unsigned first_payload = 3;
/// Two ids in one register, as FFA_MSG_SEND_DIRECT_REQ has them in w1.
constexpr uint64_t ids(uint16_t high, uint16_t low) { return uint64_t{high} << 16 | low; }

/// "FFA_MEM_SHARE_64", or the hexadecimal id where the spec names none.
std::string function_text(uint32_t function);
/// A function by name or id. Fails for an unknown name.
uint32_t function_of(const Node& node);

/// "DENIED"; the number where the spec names none.
std::string status_text(int32_t status);
int32_t status_of(const Node& node);

std::string version_text(ffa::Version version);
ffa::Version version_of(const Node& node);

ffa::Uuid uuid_of(const Node& node);

}  // namespace sim::scenario
