// SPDX-License-Identifier: BSD-3-Clause
// Making an SPMC in the caller's bytes, test control, and facts for checkers.
#include "spmc-model/spmc.hpp"

#include <new>

#include "src/chapters.hpp"
#include "src/notification.hpp"
#include "src/regions.hpp"
#include "src/state.hpp"

namespace spmc_model {

namespace {

bool is_sound(const optee::Config& config) {
  return config.threads != 0 && config.threads <= optee::max_threads && config.sessions != 0 &&
         config.sessions <= optee::max_sessions;
}

bool is_sound(const SpmcConfig& config) {
  if (config.sps.size() > max_sps || config.missing_functions.size() > max_missing_functions) {
    return false;
  }
  for (size_t i = 0; i < config.sps.size(); ++i) {
    if (!config.sps[i].id.is_secure() || !is_sound(config.sps[i].service)) return false;
    const bool program = config.sps[i].kind == SpKind::image;
    if (program && (config.programs == nullptr || config.sps[i].contexts != 1)) return false;
    for (size_t j = 0; j < i; ++j) {
      if (config.sps[j].id == config.sps[i].id) return false;
    }
  }
  return true;
}

/// The index-th region that is in use, or nullptr.
const Region* nth_region(const SpmcStorage& s, size_t index) {
  return index < s.regions_used ? &s.regions[s.region_order[index]] : nullptr;
}

}  // namespace

static_assert(sizeof(Range) == 16 && alignof(Range) <= alignof(SpmcStorage));

size_t Spmc::storage_bytes(uint32_t ranges) {
  return sizeof(SpmcStorage) + alignof(SpmcStorage) + size_t{ranges} * sizeof(Range);
}

Spmc* Spmc::create(std::span<std::byte> storage, const SpmcConfig& config, PhysicalMemory& memory) {
  const auto address = reinterpret_cast<uintptr_t>(storage.data());
  const size_t skip =
      (alignof(SpmcStorage) - address % alignof(SpmcStorage)) % alignof(SpmcStorage);
  const size_t needed = sizeof(SpmcStorage) + skip + size_t{config.ranges} * sizeof(Range);
  if (storage.size() < needed || !is_sound(config)) return nullptr;
  std::byte* const at = storage.data() + skip;
  auto* const s = new (at) SpmcStorage{};
  s->front.s_ = s;
  s->memory = &memory;
  s->programs = config.programs;
  s->ranges = {reinterpret_cast<Range*>(at + sizeof(SpmcStorage)), config.ranges};
  for (size_t i = 0; i < max_regions; ++i) s->region_order[i] = static_cast<uint16_t>(i);
  s->personality = config.personality;
  s->version = ffa::v1_0;
  s->sp_count = config.sps.size();
  for (size_t i = 0; i < config.sps.size(); ++i) {
    s->sps[i].config = config.sps[i];
    s->sps[i].version = config.personality.max_version;
    if (config.sps[i].kind == SpKind::image) s->sps[i].rx = SpRx::unmapped;
  }
  s->missing_count = config.missing_functions.size();
  for (size_t i = 0; i < s->missing_count; ++i) s->missing[i] = config.missing_functions[i];
  return &s->front;
}

bool Spmc::boot_programs() {
  bool all = true;
  for (size_t i = 0; i < s_->sp_count; ++i) {
    if (s_->sps[i].config.kind == SpKind::image) all = boot_program(*s_, i) && all;
  }
  return all;
}

ffa::Status Spmc::set_notification(ffa::EndpointId sp, ffa::EndpointId vm, uint64_t bitmap,
                                   std::optional<uint16_t> vcpu) {
  return set_by_sp(*s_, sp, vm, bitmap, vcpu);
}

ffa::Status Spmc::set_framework_notification(ffa::EndpointId vm, uint32_t bitmap) {
  return set_by_spm(*s_, vm, bitmap);
}

void Spmc::answer_vm_messages(ffa::EndpointId sp, ffa::Status status, uint32_t count) {
  const size_t index = find_sp(*s_, sp);
  if (index == no_index) return;
  s_->sps[index].vm_answer = status;
  s_->sps[index].vm_answers_left = count;
}

void Spmc::preempt(ffa::EndpointId sp, uint32_t times, StopKind how) {
  const size_t index = find_sp(*s_, sp);
  if (index == no_index) return;
  s_->sps[index].stops = times;
  s_->sps[index].stop_kind = how;
}

void Spmc::answer_busy(ffa::EndpointId sp, uint32_t count) {
  const size_t index = find_sp(*s_, sp);
  if (index != no_index) s_->sps[index].busy_left = count;
}

void Spmc::drop_send(ffa::Handle handle) {
  Region* const region = find_region(*s_, handle);
  if (region != nullptr && region->state == RegionState::receiving) free_region(*s_, *region);
}

void Spmc::abort(ffa::EndpointId sp) {
  const size_t index = find_sp(*s_, sp);
  if (index != no_index) abort_sp(*s_, index);
}

size_t Spmc::regions() const { return s_->regions_used; }

RegionFacts Spmc::region(size_t index) const {
  const Region* region = nth_region(*s_, index);
  if (region == nullptr) return {};
  bool writable = false;
  for (const Borrowing& each : region->borrowings) {
    writable = writable || each.granted == DataAccess::read_write;
  }
  return RegionFacts{.handle = region->handle,
                     .sender = region->sender,
                     .pages = region->received_pages,
                     .ranges = region->received_ranges,
                     .retrieved_by = holders(*region),
                     .complete = region->state == RegionState::complete,
                     .lent = region->lent(),
                     .writable = writable,
                     .owner_gone = region->owner_gone};
}

void Spmc::region_range(size_t index, uint32_t range, ffa::Pa& pa, ffa::PageCount& pages) const {
  const Region* region = nth_region(*s_, index);
  if (region == nullptr || range >= region->received_ranges) return;
  const Range& entry = ranges_of(*s_, *region)[range];
  pa = entry.address;
  pages = ffa::PageCount{entry.pages};
}

VmBufferFacts Spmc::vm_buffer(size_t slot) const {
  if (slot >= s_->vm_buffers.size()) return {};
  const VmBuffers& buffers = s_->vm_buffers[slot];
  return VmBufferFacts{buffers.vm, std::span{buffers.rx_pages}.first(buffers.pages),
                       std::span{buffers.tx_pages}.first(buffers.pages)};
}

bool Spmc::knows_vm(ffa::EndpointId vm) const { return is_known_guest(*s_, vm); }

unsigned Spmc::sp_access(ffa::EndpointId sp, ffa::Pa page) const {
  const size_t index = find_sp(*s_, sp);
  if (index == no_index) return 0;
  unsigned access = 0;
  for (uint32_t n = 0; n < s_->regions_used; ++n) {
    const Region& region = *nth_region(*s_, n);
    const auto held = static_cast<unsigned>(region.borrowings[index].held);
    if (held <= access) continue;
    for (const Range& range : ranges_of(*s_, region)) {
      const uint64_t begin = range.address.raw();
      const bool within = page.raw() >= begin && page.raw() - begin < range.pages * ffa::page_size;
      if (within) access = held;
    }
  }
  return access;
}

bool Spmc::has_aborted(ffa::EndpointId sp) const {
  const size_t index = find_sp(*s_, sp);
  return index != no_index && s_->sps[index].crashed;
}

bool Spmc::has_bitmap(ffa::EndpointId vm) const {
  const VmSlot* slot = find_vm(static_cast<const SpmcStorage&>(*s_), vm);
  return slot != nullptr && slot->has_bitmap;
}

bool Spmc::owns_hypervisor_rx() const {
  return s_->rxtx.bytes != 0 && !s_->rxtx.rx_owned_by_normal_world;
}

bool Spmc::has_filled_rx(ffa::EndpointId vm) const {
  const VmBuffers* const buffers = buffers_of(*s_, vm);
  return buffers != nullptr && buffers->rx == VmRx::full;
}

uint64_t Spmc::bound_notifications(ffa::EndpointId vm) const {
  const VmSlot* slot = find_vm(static_cast<const SpmcStorage&>(*s_), vm);
  return slot != nullptr ? slot->notifications.bound : 0;
}

uint64_t Spmc::pending_notifications(ffa::EndpointId vm) const {
  const VmSlot* slot = find_vm(static_cast<const SpmcStorage&>(*s_), vm);
  if (slot == nullptr) return 0;
  uint64_t pending = slot->notifications.pending;
  for (const uint64_t of_one : slot->notifications.pending_of) pending |= of_one;
  return pending;
}

std::span<const std::byte> Spmc::sp_tx(ffa::EndpointId sp) const {
  const size_t index = find_sp(*s_, sp);
  if (index == no_index) return {};
  return s_->sp_buffers[index].tx;
}

std::span<const std::byte> Spmc::sp_rx(ffa::EndpointId sp) const {
  const size_t index = find_sp(*s_, sp);
  if (index == no_index) return {};
  return s_->sp_buffers[index].rx;
}

ffa::Version Spmc::normal_world_version() const { return s_->version; }

}  // namespace spmc_model
