// SPDX-License-Identifier: BSD-3-Clause
// What a trace event holds beside registers: the bytes of TX and RX, and the translations of the
// call.
#include <algorithm>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "sim/engine/simulation_impl.hpp"

namespace sim {

namespace {

using ffa::Fid;

// Bytes of TX that a memory call hands over in the caller's TX buffer; 0: another call, or another
// buffer (x3, w4).
uint64_t fragment_length(const ffa::Regs& in) {
  const bool transaction =
      ffa::is_function(in, Fid::mem_share) || ffa::is_function(in, Fid::mem_lend) ||
      ffa::is_function(in, Fid::mem_donate) || ffa::is_function(in, Fid::mem_retrieve_req);
  const bool wide = ffa::FunctionId{in.x[0]}.is_smc64();
  const uint64_t address = wide ? in.x[3] : in.w(3);
  if (transaction) return address == 0 && in.w(4) == 0 ? in.w(2) : 0;
  return ffa::is_function(in, Fid::mem_frag_tx) ? in.w(3) : 0;
}

// Bytes of RX that a PARTITION_INFO_GET has written. Entry size 0 is what a 1.0 caller is told: 8
// bytes.
uint64_t partition_info_length(const ffa::Regs& in, const ffa::Regs& out) {
  const bool listed =
      ffa::is_function(in, Fid::partition_info_get) && ffa::is_success(out) && (in.w(5) & 1U) == 0;
  if (!listed) return 0;
  return uint64_t{out.w(2)} * (out.w(3) == 0 ? 8 : out.w(3));
}

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
  const uint64_t length = std::min(fragment_length(in), vm->second.buffer_pages * ffa::page_size);
  return bytes_of(length, [&](auto to) { return machine.read_ipa(id, vm->second.tx_ipa, to); });
}

std::vector<uint8_t> Simulation::Impl::guest_rx(uint16_t id, const ffa::Regs& in,
                                                const ffa::Regs& out) const {
  const auto vm = vms.find(id);
  if (vm == vms.end()) return {};
  const uint64_t length =
      std::min(partition_info_length(in, out), vm->second.buffer_pages * ffa::page_size);
  return bytes_of(length, [&](auto to) { return machine.read_ipa(id, vm->second.rx_ipa, to); });
}

std::vector<uint8_t> Simulation::Impl::spmc_tx(const ffa::Regs& in) const {
  const uint64_t limit = spec.mediator.spmc_buffer_pages * ffa::page_size;
  return bytes_of(std::min(fragment_length(in), limit),
                  [&](auto to) { return machine.read_pa(spec.own_tx_pa, to); });
}

std::vector<uint8_t> Simulation::Impl::spmc_rx(const ffa::Regs& in, const ffa::Regs& out) const {
  const uint64_t limit = spec.mediator.spmc_buffer_pages * ffa::page_size;
  return bytes_of(std::min(partition_info_length(in, out), limit),
                  [&](auto to) { return machine.read_pa(spec.own_rx_pa, to); });
}

void Simulation::Impl::track_buffers(Vm& vm, const ffa::Regs& in, const ffa::Regs& out) {
  if (!ffa::is_success(out)) return;
  if (ffa::is_function(in, Fid::rxtx_map)) {
    const bool wide = ffa::FunctionId{in.x[0]}.is_smc64();
    vm.tx_ipa = wide ? in.x[1] : in.w(1);
    vm.rx_ipa = wide ? in.x[2] : in.w(2);
    vm.buffer_pages = in.w(3) & 0x3f;
  } else if (ffa::is_function(in, Fid::rxtx_unmap)) {
    vm.buffer_pages = 0;
  }
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
