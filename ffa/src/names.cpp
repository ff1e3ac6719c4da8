// SPDX-License-Identifier: BSD-3-Clause
#include "ffa/names.hpp"

#include "ffa/regs.hpp"

namespace ffa {
namespace {

constexpr Status statuses[] = {Status::success,   Status::not_supported, Status::invalid_parameters,
                               Status::no_memory, Status::busy,          Status::interrupted,
                               Status::denied,    Status::retry,         Status::aborted,
                               Status::no_data,   Status::not_ready};

/// Cuts `suffix` off the end of `name` if it is there.
bool remove_suffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

/// Compares without strlen(), which a freestanding product need not have.
bool equal(std::string_view name, const char* text) {
  for (const char c : name) {
    if (*text == '\0' || *text++ != c) return false;
  }
  return *text == '\0';
}

const FidInfo* find_by_name(std::string_view name) {
  for (uint32_t number = first_fid_number; number <= last_fid_number; ++number) {
    const FidInfo* info = find_fid(number);
    if (info != nullptr && equal(name, info->name)) return info;
  }
  return nullptr;
}

}  // namespace

const char* status_name(Status status) {
  switch (status) {
    case Status::success:
      return "SUCCESS";
    case Status::not_supported:
      return "NOT_SUPPORTED";
    case Status::invalid_parameters:
      return "INVALID_PARAMETERS";
    case Status::no_memory:
      return "NO_MEMORY";
    case Status::busy:
      return "BUSY";
    case Status::interrupted:
      return "INTERRUPTED";
    case Status::denied:
      return "DENIED";
    case Status::retry:
      return "RETRY";
    case Status::aborted:
      return "ABORTED";
    case Status::no_data:
      return "NO_DATA";
    case Status::not_ready:
      return "NOT_READY";
  }
  return "UNKNOWN";
}

std::optional<Status> status_from_name(std::string_view name) {
  for (const Status status : statuses) {
    if (equal(name, status_name(status))) return status;
  }
  return std::nullopt;
}

const char* fid_name(uint32_t function_id) {
  const FunctionId id{function_id};
  if (!id.in_ffa_range()) return nullptr;
  const FidInfo* info = find_fid(id.number());
  if (info == nullptr || !(id.is_smc64() ? info->has64 : info->has32)) return nullptr;
  return info->name;
}

std::optional<uint32_t> fid_from_name(std::string_view name) {
  const bool only32 = remove_suffix(name, "_32");
  const bool only64 = !only32 && remove_suffix(name, "_64");
  const FidInfo* info = find_by_name(name);
  if (info == nullptr || (only32 && !info->has32) || (only64 && !info->has64)) return std::nullopt;
  return only64 ? fid64(info->fid) : fid32(info->fid);
}

const char* feature_name(FeatureId feature) {
  switch (feature) {
    case FeatureId::notification_pending_interrupt:
      return "NOTIFICATION_PENDING_INTERRUPT";
    case FeatureId::schedule_receiver_interrupt:
      return "SCHEDULE_RECEIVER_INTERRUPT";
    case FeatureId::managed_exit_interrupt:
      return "MANAGED_EXIT_INTERRUPT";
  }
  return nullptr;
}

const char* framework_message_name(FrameworkMessage message) {
  switch (message) {
    case FrameworkMessage::psci_request:
      return "PSCI_REQUEST";
    case FrameworkMessage::warm_boot_request:
      return "WARM_BOOT_REQUEST";
    case FrameworkMessage::psci_response:
      return "PSCI_RESPONSE";
    case FrameworkMessage::vm_created_request:
      return "VM_CREATED_REQUEST";
    case FrameworkMessage::vm_created_response:
      return "VM_CREATED_RESPONSE";
    case FrameworkMessage::vm_destroyed_request:
      return "VM_DESTROYED_REQUEST";
    case FrameworkMessage::vm_destroyed_response:
      return "VM_DESTROYED_RESPONSE";
    case FrameworkMessage::version_request:
      return "VERSION_REQUEST";
    case FrameworkMessage::version_response:
      return "VERSION_RESPONSE";
  }
  return nullptr;
}

}  // namespace ffa
