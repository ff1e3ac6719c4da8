// SPDX-License-Identifier: BSD-3-Clause
// VM_CREATED and VM_DESTROYED: which VMs the secure world knows. [DEN0077A 1.2 §18.3]
#include "src/chapters.hpp"
#include "src/notification.hpp"
#include "src/optee/service.hpp"
#include "src/regions.hpp"

namespace spmc_model {

namespace {

using ffa::FrameworkMessage;
using ffa::Status;

Answer vm_response(const Call& call, FrameworkMessage type, Status status) {
  return reply(ffa::fid32(ffa::Fid::msg_send_direct_resp), swapped_ids(call.w(1)),
               ffa::framework_word(type), ffa::to_word(status));
}

uint32_t sps_with(const SpmcStorage& s, uint32_t bit) {
  uint32_t mask = 0;
  for (size_t i = 0; i < s.sp_count; ++i) {
    if ((s.sps[i].config.properties & bit) != 0) mask |= 1U << i;
  }
  return mask;
}

Status create_vm(SpmcStorage& s, size_t sp, ffa::EndpointId vm) {
  if (vm == ffa::hypervisor_id || vm.is_secure()) return Status::invalid_parameters;
  VmSlot* slot = find_vm(s, vm);
  if (slot == nullptr) slot = add_vm(s, vm);
  if (slot == nullptr) return s.personality.out_of_vms;
  if ((slot->told & (1U << sp)) != 0) return Status::invalid_parameters;
  slot->told |= 1U << sp;
  return Status::success;
}

/// The VM is gone when no SP that would be told of it knows it any more.
Status destroy_vm(SpmcStorage& s, size_t sp, ffa::EndpointId vm) {
  VmSlot* slot = find_vm(s, vm);
  if (slot == nullptr || (slot->told & (1U << sp)) == 0) return Status::invalid_parameters;
  slot->told &= ~(1U << sp);
  drop_holds(s, sp, vm);
  for (SpContext& context : s.sps[sp].contexts) {
    const bool left = context.stopped && context.kind == StopKind::managed_exit;
    if (left && high_id(context.request.w(1)) == vm) context = {};
  }
  optee::forget_vm(s, sp, vm);
  if ((slot->told & sps_with(s, property::vm_destroyed)) == 0) {
    leave_regions(s, vm);
    forget_notifier(s, vm);
    for (size_t i = 0; i < s.sp_count; ++i) optee::forget_vm(s, i, vm);
    *slot = VmSlot{};
  }
  return Status::success;
}

/// What a test told this SP to answer, if it did.
bool answers_otherwise(SpState& sp) {
  if (sp.vm_answers_left == 0) return false;
  --sp.vm_answers_left;
  return sp.vm_answer != Status::success;
}

bool is_about(const Call& call, FrameworkMessage type) {
  return call.w(2) == ffa::framework_word(type);
}

}  // namespace

bool takes_vm_message(const SpmcStorage& s, const Call& call, size_t sp) {
  const bool created = is_about(call, FrameworkMessage::vm_created_request);
  const bool destroyed = is_about(call, FrameworkMessage::vm_destroyed_request);
  if (sp == no_index || !(created || destroyed) || !s.personality.vm_messages_delivered) {
    return false;
  }
  const uint32_t wanted = created ? property::vm_created : property::vm_destroyed;
  return (s.sps[sp].config.properties & wanted) != 0;
}

Answer run_vm_message(SpmcStorage& s, const Call& call, size_t sp) {
  const bool created = is_about(call, FrameworkMessage::vm_created_request);
  const FrameworkMessage type =
      created ? FrameworkMessage::vm_created_response : FrameworkMessage::vm_destroyed_response;
  if (answers_otherwise(s.sps[sp])) return vm_response(call, type, s.sps[sp].vm_answer);
  if (s.sps[sp].config.kind == SpKind::image) {
    const Answer said = run_program(s, call, sp);
    const Answer right = vm_response(call, type, Status::success);
    if (said.out != right.out) return said;
  }
  const ffa::EndpointId vm = low_id(call.w(5));
  return vm_response(call, type, created ? create_vm(s, sp, vm) : destroy_vm(s, sp, vm));
}

}  // namespace spmc_model
