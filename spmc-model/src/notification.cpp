// SPDX-License-Identifier: BSD-3-Clause
// Notifications of VMs: bitmaps, bindings, pending bits, the list for the scheduler. Global
// notifications only. [DEN0077A 1.2, notification interfaces]
#include "src/notification.hpp"

#include "src/chapters.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

constexpr uint32_t from_sps = 1;  // flags of NOTIFICATION_GET
constexpr uint32_t from_normal_world = (1U << 1) | (1U << 3);
constexpr uint32_t more_pending = 1;  // w2 of INFO_GET
constexpr unsigned list_count_shift = 7;
constexpr unsigned first_id_register = 3;
constexpr unsigned id_registers = 5;

/// The VM's bitmap, or nullptr if it has none.
VmSlot* with_bitmap(SpmcStorage& s, ffa::EndpointId vm) {
  VmSlot* slot = find_vm(s, vm);
  return slot != nullptr && slot->has_bitmap ? slot : nullptr;
}

/// True: the bit is bound to that SP. A binding to an endpoint that is no SP lets every SP set it.
bool may_set(const SpmcStorage& s, const VmSlot& slot, unsigned bit, ffa::EndpointId sp) {
  if ((slot.bound >> bit & 1U) == 0) return false;
  const ffa::EndpointId owner = slot.bound_to[bit];
  return owner == sp || find_sp(s, owner) == no_index;
}

// The notifications of a VM that are bound to this sender.
uint64_t bound_to(const VmSlot& slot, ffa::EndpointId sender) {
  uint64_t bits = 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((slot.bound >> bit & 1U) != 0 && slot.bound_to[bit] == sender) bits |= uint64_t{1} << bit;
  }
  return bits;
}

}  // namespace

Answer handle_bitmap_create(SpmcStorage& s, const Call& call) {
  const ffa::EndpointId vm = low_id(call.w(1));
  if (!call.zero_from(3) || !is_known_guest(s, vm)) return error(Status::invalid_parameters);
  VmSlot* slot = find_vm(s, vm);
  if (slot == nullptr) slot = add_vm(s, vm);
  if (slot == nullptr) return error(Status::no_memory);
  if (slot->has_bitmap) return error(Status::denied);
  slot->has_bitmap = true;
  return success();
}

Answer handle_bitmap_destroy(SpmcStorage& s, const Call& call) {
  const ffa::EndpointId vm = low_id(call.w(1));
  if (!call.zero_from(2) || !is_known_guest(s, vm)) return error(Status::invalid_parameters);
  VmSlot* slot = with_bitmap(s, vm);
  if (slot == nullptr) {
    return status_reply(s.personality.destroy_without_bitmap.value_or(Status::success));
  }
  if (slot->bound != 0 || slot->pending != 0) return error(Status::denied);
  slot->has_bitmap = false;
  if (slot->told == 0) *slot = VmSlot{};
  return success();
}

Answer handle_bind(SpmcStorage& s, const Call& call) {
  const Personality& p = s.personality;
  const ffa::EndpointId sender = high_id(call.w(1));
  const uint64_t bitmap = call.pair(3);
  if (!call.zero_from(5)) return error(Status::invalid_parameters);
  if (call.w(2) != 0) return error(p.per_vcpu_bind);
  VmSlot* slot = with_bitmap(s, low_id(call.w(1)));
  if (slot == nullptr) return error(Status::invalid_parameters);
  if (p.bind_checks_sender && find_sp(s, sender) == no_index)
    return error(Status::invalid_parameters);
  if (bitmap == 0 && p.empty_bind) return error(*p.empty_bind);
  if ((slot->bound & bitmap) != 0) return error(Status::denied);
  slot->bound |= bitmap;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((bitmap >> bit & 1U) != 0) slot->bound_to[bit] = sender;
  }
  return success();
}

Answer handle_unbind(SpmcStorage& s, const Call& call) {
  const uint64_t bitmap = call.pair(3);
  if (!call.zero_from(5) || call.w(2) != 0) return error(Status::invalid_parameters);
  VmSlot* slot = with_bitmap(s, low_id(call.w(1)));
  if (slot == nullptr) return error(Status::invalid_parameters);
  if ((slot->pending & bitmap) != 0) return error(Status::denied);
  if (s.personality.unbind_of_unbound && (bitmap & ~bound_to(*slot, high_id(call.w(1)))) != 0) {
    return error(*s.personality.unbind_of_unbound);
  }
  slot->bound &= ~bitmap;
  return success();
}

Answer handle_notification_get(SpmcStorage& s, const Call& call) {
  const uint32_t flags = call.w(2);
  if (!call.zero_from(5)) return error(Status::invalid_parameters);
  if ((flags & from_normal_world) != 0 && s.personality.foreign_notification_flags) {
    return error(*s.personality.foreign_notification_flags);
  }
  if ((flags & from_sps) == 0) return success();
  VmSlot* slot = with_bitmap(s, low_id(call.w(1)));
  if (slot == nullptr) return error(Status::invalid_parameters);
  const uint64_t pending = slot->pending;
  slot->pending = 0;
  return success(static_cast<uint32_t>(pending), static_cast<uint32_t>(pending >> 32));
}

Answer handle_notification_info_get(SpmcStorage& s, const Call& call) {
  const unsigned ids_per_register = call.smc64 ? 4 : 2;
  Answer answer = reply(call.smc64 ? ffa::fid64(ffa::Fid::success) : ffa::fid32(ffa::Fid::success));
  uint32_t lists = 0;
  bool full = false;
  for (const VmSlot& vm : s.vms) {
    if (!vm.used || vm.pending == 0) continue;
    if (lists == id_registers * ids_per_register) {
      full = true;
      break;
    }
    // A list with the partition's id alone means a global notification; its 2-bit size field stays
    // 0.
    const unsigned shift = (lists % ids_per_register) * 16;
    answer.out.x[first_id_register + lists / ids_per_register] |= uint64_t{vm.id.raw()} << shift;
    ++lists;
  }
  if (lists == 0) return error(Status::no_data);
  answer.out.x[2] = (lists << list_count_shift) | (full ? more_pending : 0);
  return answer;
}

ffa::Status set_by_sp(SpmcStorage& s, ffa::EndpointId sp, ffa::EndpointId vm, uint64_t bitmap) {
  VmSlot* slot = with_bitmap(s, vm);
  if (find_sp(s, sp) == no_index || slot == nullptr) return Status::invalid_parameters;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if ((bitmap >> bit & 1U) != 0 && !may_set(s, *slot, bit, sp)) return Status::denied;
  }
  if (bitmap == 0) return Status::success;
  slot->pending |= bitmap;
  s.memory->raise_schedule_receiver_interrupt();
  return Status::success;
}

}  // namespace spmc_model
