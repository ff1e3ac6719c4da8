// SPDX-License-Identifier: BSD-3-Clause
// The VMs that exist, found by id in constant time. The table's lock is held for the look-up only;
// what keeps a VM alive afterwards is that one of its vCPUs is calling, or a reference of
// Platform::vm_get().
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/access.hpp"
#include "core/arena.hpp"
#include "core/id_index.hpp"
#include "ffa/types.hpp"
#include "mediator/limits.hpp"
#include "mediator/lock.hpp"
#include "mediator/platform.hpp"

namespace mediator {

template <Platform P>
struct VmContext;
template <Platform P>
struct VcpuState;

/// `creating`: domain_init() is at work; `dying`: domain_teardown() has begun. Only `live` VMs are
/// served.
enum class VmLife : uint8_t { vacant, creating, live, dying };

/// What serving a call takes of its VM. `context` is nullptr for TEE type none.
template <Platform P>
struct VmEntry {
  VmLife life = VmLife::vacant;
  TeeType tee = TeeType::none;
  ffa::EndpointId id{};
  uint16_t vcpus = 0;
  bool aarch64 = true;
  VmContext<P>* context = nullptr;

  /// Calls of this vCPU are for `context`.
  [[nodiscard]] bool is_served(ffa::VcpuId vcpu) const {
    return life == VmLife::live && context != nullptr && vcpu.raw() < vcpus;
  }
};

/// A vCPU that calls. `state` is nullptr where no call of it is served: there is no such VM
/// (`vacant`) or vCPU, it is not `live`, or has TEE type none.
template <Platform P>
struct Caller {
  ffa::EndpointId id{};
  ffa::VcpuId vcpu{};
  VmEntry<P> vm{};
  VcpuState<P>* state = nullptr;
};

/// What the table knows of a VM.
template <Platform P>
struct VmSlot : VmEntry<P> {
  Access access;              ///< whom it knows
  bool borrows = false;       ///< takes memory from other VMs
  ffa::Uuid uuid{};           ///< of its service; nil: none
  ffa::Version offered{};     ///< highest version that it can negotiate
  uint32_t incarnation = 0;   ///< tells VMs apart that had the same id; never 0
  uint16_t list_changes = 1;  ///< changes whenever the list of VMs that it may know of does
};

template <Platform P>
class VmTable {
 public:
  static size_t bytes(const MediatorConfig& config) {
    return Arena::bytes<VmSlot<P>>(config.max_vms) + Arena::bytes<uint64_t>(id_words) +
           Arena::bytes<IdIndex::Entry>(IdIndex::entries_needed(config.max_vms));
  }
  VmTable(P& platform, const MediatorConfig& config, Arena& arena)
      : lock_(platform, LockClass::vm_table),
        slots_(arena.make_array<VmSlot<P>>(config.max_vms)),
        kept_(arena.make_array<uint64_t>(id_words)),
        index_(arena.make_array<IdIndex::Entry>(IdIndex::entries_needed(config.max_vms))) {}

  /// A copy of the VM's slot; nothing if there is no such VM.
  [[nodiscard]] std::optional<VmSlot<P>> find(ffa::EndpointId id) {
    const Guard guard(lock_);
    const auto place = index_.find(id);
    return place ? std::optional{slots_[*place]} : std::nullopt;
  }
  /// A call begins. One that is served is under way until VcpuState::calls_ended says so.
  [[nodiscard]] Caller<P> enter(ffa::EndpointId id, ffa::VcpuId vcpu) {
    const Guard guard(lock_);
    const auto place = index_.find(id);
    if (!place) [[unlikely]]
      return {id, vcpu};
    const VmEntry<P>& entry = slots_[*place];
    if (!entry.is_served(vcpu)) [[unlikely]]
      return {id, vcpu, entry};
    VcpuState<P>& state = entry.context->vcpus[vcpu.raw()];
    ++state.calls_begun;
    return {id, vcpu, entry, &state};
  }
  /// `look` at a VM's context, which stays for as long. Not called where the VM has none.
  template <class Look>
  void look_at(ffa::EndpointId id, Look look) {
    const Guard guard(lock_);
    const auto place = index_.find(id);
    if (place && slots_[*place].context != nullptr) look(*slots_[*place].context);
  }
  /// Takes a slot. DENIED: the id is in use. NO_MEMORY: no slot left.
  [[nodiscard]] ffa::Result<void> insert(const VmSlot<P>& slot) {
    const Guard guard(lock_);
    if (index_.find(slot.id)) return ffa::Error{ffa::Status::denied};
    for (size_t place = 0; place < slots_.size(); ++place) {
      if (slots_[place].life != VmLife::vacant) continue;
      slots_[place] = slot;
      slots_[place].incarnation = ++incarnations_;
      if (slot.context != nullptr) slot.context->incarnation = incarnations_;
      index_.insert(slot.id, static_cast<uint16_t>(place));
      return {};
    }
    return ffa::Error{ffa::Status::no_memory};
  }
  void set_life(ffa::EndpointId id, VmLife life) {
    const Guard guard(lock_);
    const auto place = index_.find(id);
    if (!place) return;
    slots_[*place].life = life;
    change_lists(slots_[*place]);
  }
  /// Of a VM that is not `live`: no list has it any more, so none changes.
  void erase(ffa::EndpointId id) {
    const Guard guard(lock_);
    const auto place = index_.find(id);
    if (!place) return;
    index_.erase(id);
    size_t last = *place;
    for (; last + 1 < slots_.size() && slots_[last + 1].life != VmLife::vacant; ++last) {
      slots_[last] = slots_[last + 1];
      index_.erase(slots_[last].id);
      index_.insert(slots_[last].id, static_cast<uint16_t>(last));
    }
    slots_[last] = {};
  }

  /// Whether SPs may still know a VM with this id that is gone: they would take a new one for it.
  void set_kept(ffa::EndpointId id, bool kept) {
    const Guard guard(lock_);
    uint64_t& word = kept_[id.raw() / 64];
    word = kept ? word | bit(id) : word & ~bit(id);
  }
  [[nodiscard]] bool is_kept(ffa::EndpointId id) {
    const Guard guard(lock_);
    return (kept_[id.raw() / 64] & bit(id)) != 0;
  }

  /// Calls `visit(slot)` for each VM, the oldest first, all as they are at one moment.
  template <class Visit>
  void for_each(Visit visit) {
    const Guard guard(lock_);
    for (const VmSlot<P>& slot : slots_) {
      if (slot.life != VmLife::vacant) visit(slot);
    }
  }
  /// Calls `visit(slot)` for each VM, without the lock: for an observer that has stopped all vCPUs.
  template <class Visit>
  void observe_each(Visit visit) const FFA_ATTR(no_thread_safety_analysis) {
    for (const VmSlot<P>& slot : slots_) {
      if (slot.life != VmLife::vacant) visit(slot);
    }
  }

  /// The lists of those who may know of the SP change: it is gone.
  void change_lists_with(ffa::EndpointId sp) {
    const Guard guard(lock_);
    for (VmSlot<P>& slot : slots_) {
      if (slot.access.names(sp)) ++slot.list_changes;
    }
  }

 private:
  static constexpr size_t id_words = 0x8000 / 64;  // every id that a VM may have
  static constexpr uint64_t bit(ffa::EndpointId id) { return uint64_t{1} << (id.raw() % 64); }

  /// For those who may know of the VM, and nobody else: how often it happens would tell that there
  /// are others.
  void change_lists(const VmSlot<P>& vm) FFA_REQ(lock_) {
    for (VmSlot<P>& slot : slots_) {
      if (know_each_other(slot.access, slot.id, vm.access, vm.id)) ++slot.list_changes;
    }
  }

  typename P::SpinLock lock_;
  /// In the order in which they began: where others were in between must not show in a list.
  std::span<VmSlot<P>> slots_ FFA_GUARDED(lock_);
  std::span<uint64_t> kept_ FFA_GUARDED(lock_);  // a bit an id
  IdIndex index_ FFA_GUARDED(lock_);
  uint32_t incarnations_ FFA_GUARDED(lock_) = 0;
};

}  // namespace mediator
