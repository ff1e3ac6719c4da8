// SPDX-License-Identifier: BSD-3-Clause
// Whether a configuration can be served at all. What is refused here never has to be thought of
// elsewhere.
#pragma once

#include "core/page_range.hpp"
#include "ffa/calls/rxtx.hpp"
#include "ffa/types.hpp"
#include "mediator/limits.hpp"

namespace mediator {

/// Versions whose layouts the mediator translates.
constexpr bool is_served(ffa::Version version) {
  return version >= ffa::v1_0 && version <= ffa::v1_2;
}

constexpr bool is_valid(const MediatorConfig& config) {
  const bool vms = config.max_vms >= 1 && config.max_vms <= 0x7fff;
  const bool partitions = config.max_partitions >= 1 && config.max_partitions <= 0x7fff;
  const bool buffers =
      config.spmc_buffer_pages >= 1 && config.spmc_buffer_pages <= ffa::RxtxMap::page_count_mask;
  return vms && partitions && buffers && is_served(config.max_version);
}

constexpr bool is_valid(const VmConfig& vm) {
  const bool id = vm.id != ffa::hypervisor_id && !vm.id.is_secure();
  const bool buffers = vm.max_rxtx_pages >= 1 && vm.max_rxtx_pages <= ffa::RxtxMap::page_count_mask;
  // The ownership map counts its nodes in 32 bits, RX and TX among them.
  const bool memory = vm.max_ranges <= 0x00ffffffU && vm.max_shares <= 0x7fffU;
  const BorrowWindow& borrow = vm.borrow_window;
  const bool window = !vm.borrows() || PageRange::make(borrow.base, borrow.pages).ok();
  return id && window && vm.vcpus >= 1 && buffers && memory && is_served(vm.max_version);
}

}  // namespace mediator
