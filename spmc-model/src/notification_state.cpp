// SPDX-License-Identifier: BSD-3-Clause
// What is bound and pending, and who may set it. [DEN0077A 1.2, notification interfaces]
#include "src/notification.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

bool has(uint64_t bitmap, unsigned bit) { return (bitmap >> bit & 1U) != 0; }

/// True: the bit is bound to that SP. A binding to an endpoint that is no SP lets every SP set it.
bool may_set(const SpmcStorage& s, const Notifications& receiver, unsigned bit,
             ffa::EndpointId sp) {
  if (!has(receiver.bound, bit)) return false;
  const ffa::EndpointId owner = receiver.bound_to[bit];
  return owner == sp || find_sp(s, owner) == no_index;
}

}  // namespace

Status bind_all(Notifications& receiver, ffa::EndpointId sender, uint64_t bitmap, bool per_vcpu) {
  if ((receiver.bound & bitmap) != 0) return Status::denied;
  receiver.bound |= bitmap;
  receiver.per_vcpu |= per_vcpu ? bitmap : 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (has(bitmap, bit)) receiver.bound_to[bit] = sender;
  }
  return Status::success;
}

uint64_t bound_to(const Notifications& receiver, ffa::EndpointId sender) {
  uint64_t bits = 0;
  for (unsigned bit = 0; bit < 64; ++bit) {
    const bool theirs = has(receiver.bound, bit) && receiver.bound_to[bit] == sender;
    if (theirs) bits |= uint64_t{1} << bit;
  }
  return bits;
}

void unbind_all(Notifications& receiver, uint64_t bitmap) {
  receiver.bound &= ~bitmap;
  receiver.per_vcpu &= ~bitmap;
}

bool is_pending(const Notifications& receiver, uint64_t bitmap) {
  uint64_t pending = receiver.pending;
  for (const uint64_t of_one : receiver.pending_of) pending |= of_one;
  return (pending & bitmap) != 0;
}

Status pend(Notifications& receiver, uint64_t bitmap, const Target& target) {
  const uint64_t of_kind = target ? receiver.per_vcpu : ~receiver.per_vcpu;
  if ((bitmap & ~of_kind) != 0) return Status::invalid_parameters;
  if (!target) {
    receiver.pending |= bitmap;
    return Status::success;
  }
  if (*target >= receiver.vcpus || *target >= max_notified_vcpus) return Status::invalid_parameters;
  receiver.pending_of[*target] |= bitmap;
  return Status::success;
}

uint64_t fetch(Notifications& receiver, uint16_t vcpu) {
  uint64_t pending = receiver.pending;
  receiver.pending = 0;
  if (vcpu < max_notified_vcpus) {
    pending |= receiver.pending_of[vcpu];
    receiver.pending_of[vcpu] = 0;
  }
  return pending;
}

Status set_by_sp(SpmcStorage& s, ffa::EndpointId sp, ffa::EndpointId vm, uint64_t bitmap,
                 const Target& target) {
  VmSlot* const slot = find_vm(s, vm);
  if (find_sp(s, sp) == no_index || slot == nullptr || !slot->has_bitmap) {
    return Status::invalid_parameters;
  }
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (has(bitmap, bit) && !may_set(s, slot->notifications, bit, sp)) return Status::denied;
  }
  const Status status = pend(slot->notifications, bitmap, target);
  if (status == Status::success && bitmap != 0) s.memory->raise_schedule_receiver_interrupt();
  return status;
}

Status set_by_spm(SpmcStorage& s, ffa::EndpointId vm, uint32_t bitmap) {
  VmSlot* const slot = find_vm(s, vm);
  if (slot == nullptr || !slot->has_bitmap) return Status::invalid_parameters;
  slot->notifications.framework |= bitmap;
  s.memory->raise_schedule_receiver_interrupt();
  return Status::success;
}

void forget_notifier(SpmcStorage& s, ffa::EndpointId vm) {
  for (SpState& sp : s.sps) unbind_all(sp.notifications, bound_to(sp.notifications, vm));
}

}  // namespace spmc_model
