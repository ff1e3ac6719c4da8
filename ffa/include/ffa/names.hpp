// SPDX-License-Identifier: BSD-3-Clause
// Names of the spec's numbers and back, for traces, scenarios and reports. The texts are static and
// never freed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "ffa/fid.hpp"
#include "ffa/status.hpp"

namespace ffa {

/// "DENIED"; "SUCCESS" for 0; "UNKNOWN" for a value that is no enumerator.
/// [DEN0077A 1.2 table 12.2]
const char* status_name(Status status);

/// The status called "DENIED" or "SUCCESS", exactly so.
std::optional<Status> status_from_name(std::string_view name);

/// "FFA_MEM_SHARE" for either width of its identifier, nullptr for an identifier that the spec does
/// not define.
const char* fid_name(uint32_t function_id);

/// The identifier called "FFA_MEM_SHARE_32" or "FFA_MEM_SHARE_64"; without suffix the SMC32 one if
/// there is one, else the SMC64 one. Nothing for a width that the function does not have.
std::optional<uint32_t> fid_from_name(std::string_view name);

/// "NOTIFICATION_PENDING_INTERRUPT", nullptr for an unknown feature. [DEN0077A 1.2 table 13.14]
const char* feature_name(FeatureId feature);

/// "VM_CREATED_REQUEST", nullptr for an unknown type. [DEN0077A 1.2 chapter 18]
const char* framework_message_name(FrameworkMessage message);

}  // namespace ffa
