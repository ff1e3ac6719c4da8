// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/fault_kinds.hpp"

#include <algorithm>
#include <array>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ffa/reply.hpp"

namespace sim {
namespace {

using enum ffa::Status;
using ffa::Fid;
using ffa::Status;

constexpr std::array kinds = {
    FaultKind{"pin", "fault_pin", FaultPlace::machine},
    FaultKind{"map", "fault_map", FaultPlace::machine},
    FaultKind{"set_access", "fault_set_access", FaultPlace::machine},
    FaultKind{"map_into", "fault_map_into", FaultPlace::machine},
    FaultKind{"translate", "fault_translate", FaultPlace::machine},
    FaultKind{"memory", "fault_memory", FaultPlace::machine},
    FaultKind{"budget", "fault_budget", FaultPlace::machine},
    FaultKind{"vm_get", "fault_vm_get", FaultPlace::machine},
    FaultKind{"smc", "fault_smc", FaultPlace::secure},
    FaultKind{"preempt", "fault_preempt", FaultPlace::secure},
    FaultKind{"own_rx", "fault_own_rx", FaultPlace::secure, false},
    FaultKind{"odd_answer", "fault_odd_answer", FaultPlace::secure, false},
    FaultKind{"counts", "fault_counts", FaultPlace::secure, false},
    FaultKind{"handle", "fault_handle", FaultPlace::secure, false},
    FaultKind{"tx", "fault_tx", FaultPlace::world},
    FaultKind{"rx_kept", "fault_rx_kept", FaultPlace::world},
    FaultKind{"migrate", "fault_migrate", FaultPlace::world},
    FaultKind{"sri", "fault_sri", FaultPlace::world},
    FaultKind{"interrupt", "fault_interrupt", FaultPlace::world},
    FaultKind{"kill", "fault_kill", FaultPlace::world},
    FaultKind{"destroy", "fault_destroy", FaultPlace::world},
};

constexpr std::array no_memory_or_denied = {no_memory, denied};
constexpr std::array only_no_memory = {no_memory};

constexpr std::array not_there = {not_supported};
constexpr std::array of_map = {not_supported, invalid_parameters, no_memory, denied};
constexpr std::array of_buffers = {not_supported, invalid_parameters, denied, busy};
constexpr std::array of_list = {not_supported, invalid_parameters, no_memory, busy, denied};
constexpr std::array of_list_in_registers = {not_supported, invalid_parameters, retry};
constexpr std::array of_request = {not_supported, invalid_parameters, denied, busy, aborted};
constexpr std::array of_message = {
    not_supported, invalid_parameters, denied, busy, no_memory, retry, aborted};
constexpr std::array of_send = {not_supported, invalid_parameters, denied, no_memory, busy,
                                aborted};
constexpr std::array of_end = {not_supported, invalid_parameters, denied, no_memory, aborted};
constexpr std::array of_fragment = {not_supported, invalid_parameters, denied, no_memory, retry,
                                    aborted};
constexpr std::array of_bitmap = {not_supported, invalid_parameters, denied, no_memory};
constexpr std::array of_notification = {not_supported, invalid_parameters, denied};
constexpr std::array of_pending = {not_supported, invalid_parameters, no_data};

struct StatusesOf {
  Fid function;
  std::span<const Status> statuses;
};

constexpr StatusesOf of_functions[] = {
    {Fid::features, not_there},
    {Fid::id_get, not_there},
    {Fid::spm_id_get, not_there},
    {Fid::rxtx_map, of_map},
    {Fid::rxtx_unmap, of_buffers},
    {Fid::rx_acquire, of_buffers},
    {Fid::rx_release, of_buffers},
    {Fid::partition_info_get, of_list},
    {Fid::partition_info_get_regs, of_list_in_registers},
    {Fid::msg_send_direct_req, of_request},
    {Fid::msg_send_direct_req2, of_request},
    {Fid::run, of_request},
    {Fid::msg_send2, of_message},
    {Fid::mem_share, of_send},
    {Fid::mem_lend, of_send},
    {Fid::mem_donate, of_send},
    {Fid::mem_retrieve_req, of_send},
    {Fid::mem_frag_tx, of_fragment},
    {Fid::mem_frag_rx, of_fragment},
    {Fid::mem_relinquish, of_end},
    {Fid::mem_reclaim, of_end},
    {Fid::notification_bitmap_create, of_bitmap},
    {Fid::notification_bitmap_destroy, of_notification},
    {Fid::notification_bind, of_bitmap},
    {Fid::notification_unbind, of_notification},
    {Fid::notification_set, of_notification},
    {Fid::notification_get, of_notification},
    {Fid::notification_info_get, of_pending},
};

std::span<const Status> of_function(uint32_t fid) {
  const auto* const found = std::ranges::find_if(of_functions, [fid](const StatusesOf& one) {
    ffa::Regs regs;
    regs.x[0] = fid;
    return ffa::is_function(regs, one.function);
  });
  return found == std::end(of_functions) ? std::span<const Status>{} : found->statuses;
}

}  // namespace

std::span<const FaultKind> fault_kinds() { return kinds; }

const FaultKind* find_fault_kind(std::string_view op) {
  const auto found = std::ranges::find(kinds, op, &FaultKind::op);
  return found == kinds.end() ? nullptr : &*found;
}

std::span<const Status> legal_statuses(std::string_view op, std::optional<uint32_t> fid) {
  if (op == "smc") return fid ? of_function(*fid) : std::span<const Status>{};
  if (op == "pin" || op == "map") return no_memory_or_denied;
  if (op == "set_access" || op == "map_into" || op == "memory") return only_no_memory;
  return {};
}

}  // namespace sim
