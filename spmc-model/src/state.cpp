// SPDX-License-Identifier: BSD-3-Clause
// Look-ups that several chapters share.
#include "src/state.hpp"

#include <algorithm>

namespace spmc_model {

bool is_missing(const SpmcStorage& s, uint32_t function) {
  const auto end = s.missing.begin() + s.missing_count;
  return std::find(s.missing.begin(), end, function) != end;
}

size_t find_sp(const SpmcStorage& s, ffa::EndpointId id) {
  for (size_t i = 0; i < s.sp_count; ++i) {
    if (s.sps[i].config.id == id) return i;
  }
  return no_index;
}

const VmSlot* find_vm(const SpmcStorage& s, ffa::EndpointId id) {
  for (const VmSlot& vm : s.vms) {
    if (vm.used && vm.id == id) return &vm;
  }
  return nullptr;
}

VmSlot* find_vm(SpmcStorage& s, ffa::EndpointId id) {
  for (VmSlot& vm : s.vms) {
    if (vm.used && vm.id == id) return &vm;
  }
  return nullptr;
}

VmSlot* add_vm(SpmcStorage& s, ffa::EndpointId id) {
  const size_t limit = s.personality.vms < max_vms ? s.personality.vms : max_vms;
  for (size_t i = 0; i < limit; ++i) {
    if (s.vms[i].used) continue;
    s.vms[i] = VmSlot{};
    s.vms[i].used = true;
    s.vms[i].id = id;
    return &s.vms[i];
  }
  return nullptr;
}

bool tracks_vms(const SpmcStorage& s) {
  if (!s.personality.guests_tracked) return false;
  for (size_t i = 0; i < s.sp_count; ++i) {
    if ((s.sps[i].config.properties & property::vm_created) != 0) return true;
  }
  return false;
}

bool is_known_guest(const SpmcStorage& s, ffa::EndpointId id) {
  if (id.is_secure()) return false;
  return !tracks_vms(s) || find_vm(s, id) != nullptr;
}

bool is_normal_memory(SpmcStorage& s, ffa::Pa from, uint64_t bytes) {
  if (bytes == 0 || from.raw() + (bytes - 1) < from.raw()) return false;
  const uint64_t first = from.raw() / ffa::page_size;
  const uint64_t last = (from.raw() + (bytes - 1)) / ffa::page_size;
  for (uint64_t page = first; page <= last; ++page) {
    if (!s.memory->is_normal_ram(ffa::Pa{page * ffa::page_size})) return false;
  }
  return true;
}

}  // namespace spmc_model
