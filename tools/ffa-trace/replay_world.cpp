// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay_world.hpp"

#include <algorithm>
#include <span>

#include "ffa/buffer_use.hpp"

namespace ffa_trace {

std::vector<uint8_t> ReplayWorld::read_tx(const ffa::Regs& in) const {
  const uint64_t most = own_.pages * ffa::page_size;
  std::vector<uint8_t> tx(std::min(ffa::tx_bytes_used(in), most));
  if (tx.empty()) return tx;
  (void)simulation_->machine().read_pa(own_.tx_pa, std::as_writable_bytes(std::span(tx)));
  return tx;
}

std::vector<uint8_t> ReplayWorld::read_rx(uint64_t length) const {
  std::vector<uint8_t> rx(std::min<uint64_t>(length, own_.pages * ffa::page_size));
  (void)simulation_->machine().read_pa(own_.rx_pa, std::as_writable_bytes(std::span(rx)));
  return rx;
}

void ReplayWorld::write_rx(const std::vector<uint8_t>& bytes) {
  if (bytes.empty()) return;
  (void)simulation_->machine().write_pa(own_.rx_pa, std::as_bytes(std::span(bytes)));
}

std::optional<size_t> ReplayWorld::wait_for(Window& window, const std::string& key) {
  window.wanted = key;
  simulation_->wait_until([&] { return window.closed() || window.find(key); });
  window.wanted.clear();
  const auto found = window.find(key);
  if (found) window.take(*found);
  return found;
}

std::optional<size_t> ReplayWorld::record_of(Window& window, const Asked& asked) {
  const std::string key = request_key(asked.in, asked.tx, window.layout());
  const bool there = window.find(key).has_value();
  if (!there && profile_.explains_extra(window.activity, window.vm, asked.in, window.records())) {
    return std::nullopt;  // it won't come
  }
  return wait_for(window, key);
}

void ReplayWorld::wait_for_return(const Window& window, size_t record) {
  simulation_->wait_until([&window, record] { return window.has_ended(record); });
}

}  // namespace ffa_trace
