// SPDX-License-Identifier: BSD-3-Clause
// Notifications as the normal world asks for them: bitmaps, bindings, pending bits, the list for
// the scheduler. [DEN0077A 1.2, notification interfaces]
#include "src/notification.hpp"

#include "src/chapters.hpp"

namespace spmc_model {

namespace {

using ffa::Status;

constexpr uint32_t from_sps = 1U << 0;  // flags of NOTIFICATION_GET
constexpr uint32_t from_spm = 1U << 2;
constexpr uint32_t from_normal_world = (1U << 1) | (1U << 3);
constexpr uint32_t per_vcpu_flag = 1;  // of BIND and SET
constexpr uint32_t more_pending = 1;   // w2 of INFO_GET
constexpr unsigned list_count_shift = 7;
constexpr unsigned first_size_shift = 12;
constexpr unsigned first_id_register = 3;
constexpr unsigned id_registers = 5;

/// The VM's bitmap, or nullptr if it has none.
VmSlot* with_bitmap(SpmcStorage& s, ffa::EndpointId vm) {
  VmSlot* slot = find_vm(s, vm);
  return slot != nullptr && slot->has_bitmap ? slot : nullptr;
}

/// Packs ids into the registers of FFA_NOTIFICATION_INFO_GET.
class InfoLists {
 public:
  explicit InfoLists(bool smc64) : ids_per_register_(smc64 ? 4 : 2) {
    regs_.x[0] = smc64 ? ffa::fid64(ffa::Fid::success) : ffa::fid32(ffa::Fid::success);
  }
  [[nodiscard]] unsigned free_ids() const { return id_registers * ids_per_register_ - ids_; }
  [[nodiscard]] bool empty() const { return lists_ == 0; }
  void begin(ffa::EndpointId vm) {
    put(vm.raw());
    ++lists_;
    in_list_ = 0;
  }
  void add(uint16_t vcpu) {
    put(vcpu);
    regs_.x[2] += uint64_t{1} << (first_size_shift + 2 * (lists_ - 1));
    ++in_list_;
  }
  [[nodiscard]] bool list_is_full() const { return in_list_ == 3; }
  [[nodiscard]] Answer answer(bool more) const {
    Answer answer{regs_};
    answer.out.x[2] |= lists_ << list_count_shift | (more ? more_pending : 0);
    return answer;
  }

 private:
  void put(uint16_t id) {
    const unsigned shift = ids_ % ids_per_register_ * 16;
    regs_.x[first_id_register + ids_ / ids_per_register_] |= uint64_t{id} << shift;
    ++ids_;
  }
  ffa::Regs regs_{};
  unsigned ids_per_register_;
  unsigned ids_ = 0;
  unsigned in_list_ = 0;
  uint32_t lists_ = 0;
};

/// What is pending for this VM, from list `from` on: 0 is the VM as a whole, n its vCPU n - 1.
/// True: all of it was told; else `from` is where to go on.
bool tell(const VmSlot& vm, InfoLists& lists, uint32_t& from) {
  const Notifications& has = vm.notifications;
  if (from == 0) {
    const bool global = has.pending != 0 || has.framework != 0;
    if (global && lists.free_ids() == 0) return false;
    if (global) lists.begin(vm.id);
    from = 1;
  }
  bool open = false;
  for (; from <= max_notified_vcpus; ++from) {
    if (has.pending_of[from - 1] == 0) continue;
    const bool fits = open && !lists.list_is_full();
    if (lists.free_ids() < (fits ? 1U : 2U)) return false;
    if (!fits) lists.begin(vm.id);
    open = true;
    lists.add(static_cast<uint16_t>(from - 1));
  }
  from = 0;
  return true;
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
  slot->notifications.vcpus = call.w(2);
  return success();
}

Answer handle_bitmap_destroy(SpmcStorage& s, const Call& call) {
  const ffa::EndpointId vm = low_id(call.w(1));
  if (!call.zero_from(2) || !is_known_guest(s, vm)) return error(Status::invalid_parameters);
  VmSlot* slot = with_bitmap(s, vm);
  if (slot == nullptr) {
    return status_reply(s.personality.destroy_without_bitmap.value_or(Status::success));
  }
  const bool used = slot->notifications.bound != 0 || slot->notifications.framework != 0;
  if (used || is_pending(slot->notifications, ~uint64_t{0})) return error(Status::denied);
  slot->has_bitmap = false;
  if (slot->told == 0) *slot = VmSlot{};
  return success();
}

Answer handle_bind(SpmcStorage& s, const Call& call) {
  const Personality& p = s.personality;
  const ffa::EndpointId sender = high_id(call.w(1));
  const uint64_t bitmap = call.pair(3);
  if (!call.zero_from(5)) return error(Status::invalid_parameters);
  const bool per_vcpu = call.w(2) == per_vcpu_flag && p.per_vcpu_notifications;
  if (call.w(2) != 0 && !per_vcpu) return error(p.per_vcpu_bind);
  VmSlot* slot = with_bitmap(s, low_id(call.w(1)));
  if (slot == nullptr) return error(Status::invalid_parameters);
  if (p.bind_checks_sender && find_sp(s, sender) == no_index)
    return error(Status::invalid_parameters);
  if (bitmap == 0 && p.empty_bind) return error(*p.empty_bind);
  return status_reply(bind_all(slot->notifications, sender, bitmap, per_vcpu));
}

Answer handle_unbind(SpmcStorage& s, const Call& call) {
  const uint64_t bitmap = call.pair(3);
  if (!call.zero_from(5) || call.w(2) != 0) return error(Status::invalid_parameters);
  VmSlot* slot = with_bitmap(s, low_id(call.w(1)));
  if (slot == nullptr) return error(Status::invalid_parameters);
  if (is_pending(slot->notifications, bitmap)) return error(Status::denied);
  const uint64_t theirs = bound_to(slot->notifications, high_id(call.w(1)));
  if (s.personality.unbind_of_unbound && (bitmap & ~theirs) != 0) {
    return error(*s.personality.unbind_of_unbound);
  }
  unbind_all(slot->notifications, bitmap);
  return success();
}

Answer handle_notification_get(SpmcStorage& s, const Call& call) {
  const uint32_t flags = call.w(2);
  if (!call.zero_from(5)) return error(Status::invalid_parameters);
  if ((flags & from_normal_world) != 0 && s.personality.foreign_notification_flags) {
    return error(*s.personality.foreign_notification_flags);
  }
  if ((flags & (from_sps | from_spm)) == 0) return success();
  VmSlot* slot = with_bitmap(s, low_id(call.w(1)));
  if (slot == nullptr) {
    return (flags & from_sps) == 0 ? success() : error(Status::invalid_parameters);
  }
  Notifications& of_vm = slot->notifications;
  const uint64_t pending =
      (flags & from_sps) != 0 ? fetch(of_vm, high_id(call.w(1)).raw()) : uint64_t{0};
  Answer answer = success(static_cast<uint32_t>(pending), static_cast<uint32_t>(pending >> 32));
  if ((flags & from_spm) != 0) {
    answer.out.x[6] = of_vm.framework;
    of_vm.framework = 0;
  }
  return answer;
}

Answer handle_notification_set(SpmcStorage& s, const Call& call) {
  const ffa::EndpointId sender = high_id(call.w(1));
  const size_t sp = find_sp(s, low_id(call.w(1)));
  const uint32_t flags = call.w(2) & 0xffffU;
  const auto vcpu = static_cast<uint16_t>(call.w(2) >> 16);
  const uint64_t bitmap = call.pair(3);
  const bool per_vcpu = flags == per_vcpu_flag;
  const bool sound = call.zero_from(5) && flags <= per_vcpu_flag && (per_vcpu || vcpu == 0);
  if (!sound || sp == no_index || sender.is_secure() || bitmap == 0) {
    return error(Status::invalid_parameters);
  }
  Notifications& of_sp = s.sps[sp].notifications;
  if ((bitmap & ~bound_to(of_sp, sender)) != 0) return error(Status::denied);
  return status_reply(pend(of_sp, bitmap, per_vcpu ? Target{vcpu} : Target{}));
}

/// Goes on where the last reply that was not complete ended.
Answer handle_notification_info_get(SpmcStorage& s, const Call& call) {
  InfoLists lists{call.smc64};
  for (; s.info_vm < s.vms.size(); ++s.info_vm) {
    const VmSlot& vm = s.vms[s.info_vm];
    if (vm.used && !tell(vm, lists, s.info_vcpu)) return lists.answer(true);
  }
  s.info_vm = 0;
  s.info_vcpu = 0;
  if (lists.empty()) return error(Status::no_data);
  return lists.answer(false);
}

}  // namespace spmc_model
