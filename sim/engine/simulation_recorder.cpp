// SPDX-License-Identifier: BSD-3-Clause
// What a trace event holds beside registers: the bytes of TX and RX, and the translations of the
// call.
#include <algorithm>
#include <array>
#include <span>

#include "ffa/buffer_use.hpp"
#include "sim/engine/simulation_impl.hpp"

namespace sim {

namespace {

template <class Read>
std::vector<uint8_t> bytes_of(uint64_t length, Read read) {
  std::vector<uint8_t> bytes(length);
  if (!read(std::as_writable_bytes(std::span{bytes}))) bytes.clear();
  return bytes;
}

/// Bytes of an indirect message from the beginning of TX; none if its header can't be read.
template <class Read>
uint64_t message_bytes(uint64_t least, uint64_t limit, Read read) {
  std::array<std::byte, ffa::message_header_bytes> header{};
  if (limit < header.size() || !read(std::span<std::byte>{header})) return 0;
  return ffa::message_bytes(header, least, limit);
}

}  // namespace

std::vector<uint8_t> Simulation::Impl::guest_tx(uint16_t id, const ffa::Regs& in) const {
  const auto vm = vms.find(id);
  if (vm == vms.end()) return {};
  const auto read = [&](std::span<std::byte> to) {
    return machine.read_ipa(id, vm->second.buffers.tx_ipa, to);
  };
  const uint64_t limit = vm->second.buffers.pages * ffa::page_size;
  const bool message = ffa::is_function(in, ffa::Fid::msg_send2);
  const uint64_t used = message ? message_bytes(ffa::longest_message_header_bytes, limit, read)
                                : ffa::tx_bytes_used(in);
  return bytes_of(std::min(used, limit), read);
}

// Another vCPU may have written into TX since the call began, or be about to between two pages:
// what counts is what is read now.
void Simulation::Impl::reading(const BufferAccess& part) {
  const Step* const step = current_step();
  const auto buffer = buffers.find(part.buffer);
  if (step == nullptr || buffer == buffers.end()) return;
  trace::Event& call = event(step->event);
  const auto vm = vms.find(call.vm);
  if (vm == vms.end() || buffer->second.vm != call.vm) return;
  const ffa::MappedBuffers& own = vm->second.buffers;
  const uint64_t end = uint64_t{part.offset} + part.length;
  if (buffer->second.ipa != own.tx_ipa || end > own.pages * ffa::page_size) return;
  const auto page = machine.page_of_buffer(part.buffer, part.offset);
  if (before_tx_read && page) {
    before_tx_read(part.offset, part.length, *page * ffa::page_size + part.offset % ffa::page_size);
  }
  if (call.tx.size() < end) call.tx.resize(end);
  const auto bytes = std::as_writable_bytes(std::span{call.tx});
  machine.copy_in(part.buffer, part.offset, bytes.subspan(part.offset, part.length));
}

std::vector<uint8_t> Simulation::Impl::guest_rx(uint16_t id, const ffa::Regs& in,
                                                const ffa::Regs& out) const {
  const auto vm = vms.find(id);
  if (vm == vms.end()) return {};
  const uint64_t length =
      std::min(ffa::rx_bytes_written(in, out), vm->second.buffers.pages * ffa::page_size);
  return bytes_of(length,
                  [&](auto to) { return machine.read_ipa(id, vm->second.buffers.rx_ipa, to); });
}

std::vector<uint8_t> Simulation::Impl::spmc_tx(uint16_t id, const ffa::Regs& in) {
  const bool message = ffa::is_function(in, ffa::Fid::msg_send2);
  uint32_t from = machine.own_buffers().tx.id.raw();
  uint64_t limit = spec.mediator.spmc_buffer_pages * ffa::page_size;
  const auto vm = vms.find(id);
  if (message && vm != vms.end() && vm->second.spmc_has_buffers) {
    const ffa::MappedBuffers& own = vm->second.buffers;
    const auto tx = std::find_if(buffers.begin(), buffers.end(), [&](const auto& buffer) {
      return buffer.second.vm == id && buffer.second.ipa == own.tx_ipa;
    });
    if (tx == buffers.end()) return {};
    from = tx->first;
    limit = own.pages * ffa::page_size;
  }
  const auto read = [&](std::span<std::byte> to) {
    machine.copy_in(from, 0, to);
    return true;
  };
  const uint64_t used = message ? message_bytes(0, limit, read) : ffa::tx_bytes_used(in);
  return bytes_of(std::min(used, limit), read);
}

std::vector<uint8_t> Simulation::Impl::spmc_rx(const ffa::Regs& in, const ffa::Regs& out) const {
  const uint64_t limit = spec.mediator.spmc_buffer_pages * ffa::page_size;
  return bytes_of(std::min(ffa::rx_bytes_written(in, out), limit),
                  [&](auto to) { return machine.read_pa(spec.own_rx_pa, to); });
}

void Simulation::Impl::translated(uint16_t vm, uint64_t ipa, uint64_t asked,
                                  const mediator::Extent& extent) {
  Step* const step = current_step();
  if (step == nullptr || extent.kind == mediator::MemoryKind::none) return;
  trace::Event& event = this->event(step->event);
  if (event.side != trace::Side::guest || event.vm != vm) return;
  step->translations.add(event.p2m, ipa, asked, extent.pa.raw(), extent.pages.raw());
}

}  // namespace sim
