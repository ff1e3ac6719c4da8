// SPDX-License-Identifier: BSD-3-Clause
// What a trace event holds beside registers: the bytes of TX and RX, and the translations of the
// call.
#include <algorithm>

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

}  // namespace

std::vector<uint8_t> Simulation::Impl::guest_tx(uint16_t id, const ffa::Regs& in) const {
  const auto vm = vms.find(id);
  if (vm == vms.end()) return {};
  const uint64_t length =
      std::min(ffa::tx_bytes_used(in), vm->second.buffers.pages * ffa::page_size);
  return bytes_of(length,
                  [&](auto to) { return machine.read_ipa(id, vm->second.buffers.tx_ipa, to); });
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

std::vector<uint8_t> Simulation::Impl::spmc_tx(const ffa::Regs& in) const {
  const uint64_t limit = spec.mediator.spmc_buffer_pages * ffa::page_size;
  return bytes_of(std::min(ffa::tx_bytes_used(in), limit),
                  [&](auto to) { return machine.read_pa(spec.own_tx_pa, to); });
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
