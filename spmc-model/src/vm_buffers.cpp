// SPDX-License-Identifier: BSD-3-Clause
// RX and TX of VMs that a hypervisor registers by an endpoint RX/TX descriptor in its own TX, so
// that SPs can send messages to VMs: map, unmap, who owns RX. [DEN0077A 1.2 §13.4-§13.7]
#include <algorithm>

#include "ffa/result.hpp"
#include "src/bytes.hpp"
#include "src/chapters.hpp"

namespace spmc_model {

namespace {

using ffa::Fid;
using ffa::Status;

// Offsets in the endpoint RX/TX descriptor, and in a buffer's composite descriptor.
constexpr uint32_t endpoint_at = 0;
constexpr uint32_t rx_offset_at = 4;
constexpr uint32_t tx_offset_at = 8;
constexpr uint32_t descriptor_bytes = 16;
constexpr uint32_t page_count_at = 0;
constexpr uint32_t range_count_at = 4;
constexpr uint32_t composite_bytes = 16;
constexpr uint32_t range_bytes = 16;
constexpr uint32_t range_pages_at = 8;

/// Slot of the VM's buffers; of VM 0: a free one. Nullptr if there is none.
VmBuffers* find_buffers(SpmcStorage& s, ffa::EndpointId vm) {
  const auto found =
      std::find_if(s.vm_buffers.begin(), s.vm_buffers.end(), [&](const VmBuffers& slot) {
        return vm == ffa::hypervisor_id ? slot.pages == 0 : slot.pages != 0 && slot.vm == vm;
      });
  return found != s.vm_buffers.end() ? &*found : nullptr;
}

/// The pages of one buffer, checked.
struct BufferPages {
  uint32_t count;
  std::array<ffa::Pa, VmBuffers::max_pages> page;
};

/// Reads the composite descriptor at `offset`. `bytes` is the hypervisor's TX.
ffa::Result<BufferPages> read_buffer(SpmcStorage& s, std::span<const std::byte> bytes,
                                     uint32_t offset) {
  const ffa::Error bad{Status::invalid_parameters};
  if (offset < descriptor_bytes || !within(bytes.size(), offset, composite_bytes)) return bad;
  const uint64_t pages = get_le(bytes, offset + page_count_at, 4);
  const uint64_t ranges = get_le(bytes, offset + range_count_at, 4);
  const uint64_t first = uint64_t{offset} + composite_bytes;
  if (pages == 0 || pages > VmBuffers::max_pages || ranges > pages) return bad;
  if (!within(bytes.size(), first, ranges * range_bytes)) return bad;
  BufferPages buffer{};
  for (uint64_t n = 0; n < ranges; ++n) {
    const uint64_t address = get_le(bytes, first + n * range_bytes, 8);
    const uint64_t count = get_le(bytes, first + n * range_bytes + range_pages_at, 4);
    if ((address & ffa::page_mask) != 0 || count == 0 || count > pages - buffer.count) return bad;
    if (!is_normal_memory(s, ffa::Pa{address}, count * ffa::page_size)) {
      return ffa::Error{s.personality.bad_buffer_memory};
    }
    for (uint64_t page = 0; page < count; ++page) {
      buffer.page[buffer.count++] = ffa::Pa{address + page * ffa::page_size};
    }
  }
  if (buffer.count != pages) return bad;
  return buffer;
}

bool overlap(const BufferPages& a, const BufferPages& b) {
  const auto end = b.page.begin() + b.count;
  return std::any_of(a.page.begin(), a.page.begin() + a.count,
                     [&](ffa::Pa page) { return std::find(b.page.begin(), end, page) != end; });
}

}  // namespace

bool serves_vm_buffers(const SpmcStorage& s) {
  const auto missing = [&](Fid fid) { return is_missing(s, ffa::fid32(fid)); };
  return s.personality.vm_buffers && !missing(Fid::rx_acquire) && !missing(Fid::rx_release) &&
         !missing(Fid::rxtx_unmap);
}

const VmBuffers* buffers_of(const SpmcStorage& s, ffa::EndpointId vm) {
  const auto found =
      std::find_if(s.vm_buffers.begin(), s.vm_buffers.end(),
                   [&](const VmBuffers& slot) { return slot.pages != 0 && slot.vm == vm; });
  return found != s.vm_buffers.end() ? &*found : nullptr;
}

Answer handle_vm_rxtx_map(SpmcStorage& s) {
  if (s.rxtx.bytes == 0) return error(Status::invalid_parameters);
  const std::span<std::byte> bytes = std::span{s.message}.first(s.rxtx.bytes);
  if (!s.memory->read(s.rxtx.tx, bytes)) return error(Status::aborted);
  const ffa::EndpointId vm{static_cast<uint16_t>(get_le(bytes, endpoint_at, 2))};
  if (vm == ffa::hypervisor_id || !is_known_guest(s, vm)) return error(Status::invalid_parameters);
  if (find_buffers(s, vm) != nullptr) return error(Status::denied);
  const auto rx = read_buffer(s, bytes, static_cast<uint32_t>(get_le(bytes, rx_offset_at, 4)));
  const auto tx = read_buffer(s, bytes, static_cast<uint32_t>(get_le(bytes, tx_offset_at, 4)));
  if (!rx.ok()) return error(rx.error());
  if (!tx.ok()) return error(tx.error());
  if (rx->count != tx->count || overlap(*rx, *tx)) return error(Status::invalid_parameters);
  VmBuffers* const slot = find_buffers(s, ffa::hypervisor_id);
  if (slot == nullptr) return error(Status::no_memory);
  *slot = VmBuffers{vm, rx->count, VmRx::free, rx->page, tx->page};
  return success();
}

Answer handle_vm_rxtx_unmap(SpmcStorage& s, ffa::EndpointId vm) {
  VmBuffers* const buffers = find_buffers(s, vm);
  if (buffers == nullptr) return error(Status::invalid_parameters);
  *buffers = VmBuffers{};
  return success();
}

Answer handle_vm_rx_release(SpmcStorage& s, ffa::EndpointId vm) {
  VmBuffers* const buffers = find_buffers(s, vm);
  if (buffers == nullptr) return error(Status::invalid_parameters);
  if (buffers->rx == VmRx::free) return error(Status::denied);
  buffers->rx = VmRx::free;
  return success();
}

Answer handle_rx_acquire(SpmcStorage& s, const Call& call) {
  if (!s.personality.vm_buffers) return error(Status::not_supported);
  const ffa::EndpointId vm = low_id(call.w(1));
  VmBuffers* const buffers = vm != ffa::hypervisor_id ? find_buffers(s, vm) : nullptr;
  if (buffers == nullptr) return error(Status::invalid_parameters);
  if (buffers->rx != VmRx::free) return error(Status::denied);
  buffers->rx = VmRx::acquired;
  return success();
}

Status fill_vm_rx(SpmcStorage& s, ffa::EndpointId vm, std::span<const std::byte> message) {
  VmBuffers* const buffers = vm != ffa::hypervisor_id ? find_buffers(s, vm) : nullptr;
  if (buffers == nullptr) return Status::invalid_parameters;
  if (buffers->rx != VmRx::free) return Status::busy;
  if (message.size() > buffers->pages * ffa::page_size) return Status::no_memory;
  for (uint32_t page = 0; page * ffa::page_size < message.size(); ++page) {
    const std::span<const std::byte> rest = message.subspan(page * ffa::page_size);
    const auto part = rest.first(std::min<size_t>(rest.size(), ffa::page_size));
    if (!s.memory->write(buffers->rx_pages[page], part)) return Status::aborted;
  }
  buffers->rx = VmRx::full;
  return Status::success;
}

}  // namespace spmc_model
