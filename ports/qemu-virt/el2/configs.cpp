// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/configs.hpp"

#include "mediator/platform.hpp"

namespace ports::qemu {

mediator::MediatorConfig to_config(const guest::PackedMediator& packed) {
  mediator::MediatorConfig config;
  config.max_vms = packed.max_vms;
  config.max_partitions = packed.max_partitions;
  config.spmc_buffer_pages = packed.spmc_buffer_pages;
  config.max_version = ffa::Version{packed.max_version};
  config.npi_id = packed.npi_id;
  config.sri_id = packed.sri_id;
  config.vm_message_handle = ffa::Handle{packed.vm_message_handle};
  config.vm_message_retries = packed.vm_message_retries;
  config.reclaim_retries = packed.reclaim_retries;
  config.allow_hvc = packed.allow_hvc;
  config.fragment_retries = packed.fragment_retries;
  config.fragment_handles = static_cast<mediator::FragmentHandles>(packed.fragment_handles);
  config.refused_fragment_ends_send = packed.refused_fragment_ends_send;
  return config;
}

mediator::VmConfig to_config(const guest::PackedVm& packed) {
  mediator::VmConfig config;
  config.id = ffa::EndpointId{packed.id};
  config.tee = static_cast<mediator::TeeType>(packed.tee);
  config.vcpus = packed.vcpus;
  config.aarch64 = packed.aarch64;
  config.visible_to_vms = packed.visible_to_vms;
  config.overlapping_shares = packed.overlapping_shares;
  config.max_version = ffa::Version{packed.max_version};
  config.max_shares = packed.max_shares;
  config.max_share_pages = packed.max_share_pages;
  config.max_ranges = packed.max_ranges;
  config.max_rxtx_pages = packed.max_rxtx_pages;
  config.max_borrowers = packed.max_borrowers;
  config.max_transfers = packed.max_transfers;
  config.lends = packed.lends;
  config.borrow_window = {ffa::Ipa{packed.borrow_base}, ffa::PageCount{packed.borrow_pages}};
  config.reaches_sps = packed.reaches_sps;
  config.uuid = packed.uuid;
  for (size_t n = 0; n < config.peers.size(); ++n) {
    config.peers[n] = ffa::EndpointId{packed.peers[n]};
  }
  return config;
}

}  // namespace ports::qemu
