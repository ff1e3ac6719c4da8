// SPDX-License-Identifier: BSD-3-Clause
// The mediator of this project behind the plug-in ABI: the one file of the simulator that
// instantiates the handlers. Linked in, and, with plugin.cpp, as build/lib/ffa-mediator.so.
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "mediator/instantiate.hpp"
#include "mediator/mediator.hpp"
#include "sim/platform/built_in.hpp"
#include "sim/platform/sim_platform.hpp"

template class mediator::Mediator<sim::SimPlatform>;

namespace {

using Mediator = mediator::Mediator<sim::SimPlatform>;

// What `self` points to: in front of the mediator's own memory.
struct Instance {
  sim::SimPlatform platform;
  Mediator* mediator;
};
constexpr size_t alignment = 64;
constexpr size_t header_bytes = (sizeof(Instance) + alignment - 1) / alignment * alignment;

mediator::MediatorConfig to_config(const ffa_sim_config& raw) {
  mediator::MediatorConfig config;
  if (raw.max_vms != 0) config.max_vms = raw.max_vms;
  if (raw.max_partitions != 0) config.max_partitions = raw.max_partitions;
  if (raw.spmc_buffer_pages != 0) config.spmc_buffer_pages = raw.spmc_buffer_pages;
  if (raw.vm_message_retries != 0) config.vm_message_retries = raw.vm_message_retries;
  if (raw.reclaim_retries != 0) config.reclaim_retries = raw.reclaim_retries;
  if (raw.max_version != 0) config.max_version = ffa::Version{raw.max_version};
  if (raw.npi_id != 0) config.npi_id = raw.npi_id;
  if (raw.sri_id != 0) config.sri_id = raw.sri_id;
  if (raw.fragment_retries != 0) config.fragment_retries = raw.fragment_retries;
  if (raw.fragments != FFA_SIM_FRAGMENTS_DEFAULT && raw.fragments <= FFA_SIM_FRAGMENTS_PRESET) {
    config.fragment_handles = static_cast<mediator::FragmentHandles>(raw.fragments - 1);
  }
  config.refused_fragment_ends_send = raw.keeps_refused_send == 0;
  config.allow_hvc = raw.allow_hvc != 0;
  config.vm_message_handle = ffa::Handle{raw.vm_message_handle};
  return config;
}

mediator::VmConfig to_vm_config(const ffa_sim_vm_config& raw) {
  mediator::VmConfig vm;
  vm.id = ffa::EndpointId{raw.id};
  vm.tee = raw.tee == FFA_SIM_TEE_FFA ? mediator::TeeType::ffa : mediator::TeeType::none;
  vm.aarch64 = raw.aarch64 != 0;
  vm.visible_to_vms = raw.visible_to_vms != 0;
  vm.overlapping_shares = raw.overlapping_shares != 0;
  vm.reaches_sps = raw.reaches_no_sps == 0;
  for (size_t n = 0; n < vm.peers.size(); ++n) vm.peers[n] = ffa::EndpointId{raw.peers[n]};
  if (raw.vcpus != 0) vm.vcpus = raw.vcpus;
  if (raw.max_shares != 0) vm.max_shares = raw.max_shares;
  if (raw.max_rxtx_pages != 0) vm.max_rxtx_pages = raw.max_rxtx_pages;
  if (raw.max_borrowers != 0) vm.max_borrowers = raw.max_borrowers;
  if (raw.max_version != 0) vm.max_version = ffa::Version{raw.max_version};
  if (raw.max_share_pages != 0) vm.max_share_pages = raw.max_share_pages;
  if (raw.max_ranges != 0) vm.max_ranges = raw.max_ranges;
  if (raw.max_transfers != 0) vm.max_transfers = raw.max_transfers;
  if (raw.max_transfers == 0xffff) vm.max_transfers = 0;
  vm.lends = raw.no_loans == 0;
  vm.borrow_window = {ffa::Ipa{raw.borrow_base}, ffa::PageCount{raw.borrow_pages}};
  for (size_t n = 0; n < sizeof vm.uuid.bytes; ++n) vm.uuid.bytes[n] = raw.uuid[n];
  return vm;
}

Mediator& of(void* self) { return *static_cast<Instance*>(self)->mediator; }

uint64_t memory_needed(const ffa_sim_config* config) {
  return header_bytes + Mediator::memory_needed(to_config(*config));
}

uint64_t vm_memory_needed(const ffa_sim_config* config, const ffa_sim_vm_config* vm) {
  return Mediator::memory_needed(to_config(*config), to_vm_config(*vm));
}

void* create(const ffa_sim_world_ops* ops, void* world, const ffa_sim_config* config, void* memory,
             uint64_t bytes) {
  if (ops->abi_version != FFA_SIM_ABI_VERSION || ops->size < sizeof *ops) return nullptr;
  if (bytes < header_bytes) return nullptr;
  auto* const instance = new (memory) Instance{sim::SimPlatform{*ops, world}, nullptr};
  const std::span<std::byte> rest{static_cast<std::byte*>(memory) + header_bytes,
                                  static_cast<size_t>(bytes - header_bytes)};
  instance->mediator = Mediator::create(instance->platform, to_config(*config), rest);
  return instance->mediator != nullptr ? instance : nullptr;
}

// Everything lies in the memory that the caller takes back.
void destroy(void* /*self*/) {}

int32_t status_of(const ffa::Result<void>& result) {
  return static_cast<int32_t>(result.ok() ? ffa::Status::success : result.error());
}

uint32_t progress_of(mediator::Progress progress) {
  switch (progress) {
    case mediator::Progress::done:
      return FFA_SIM_DONE;
    case mediator::Progress::restart:
      return FFA_SIM_RESTART;
    case mediator::Progress::quarantined:
      return FFA_SIM_QUARANTINED;
    case mediator::Progress::later:
      return FFA_SIM_LATER;
  }
  return FFA_SIM_DONE;
}

int32_t probe(void* self) { return status_of(of(self).probe()); }

int32_t domain_init(void* self, const ffa_sim_vm_config* vm, void* memory, uint64_t bytes) {
  const auto progress = of(self).domain_init(
      to_vm_config(*vm), {static_cast<std::byte*>(memory), static_cast<size_t>(bytes)});
  if (!progress.ok()) return static_cast<int32_t>(progress.error());
  return static_cast<int32_t>(progress_of(*progress));
}

uint32_t domain_teardown(void* self, uint16_t vm) {
  return progress_of(of(self).domain_teardown(ffa::EndpointId{vm}));
}

uint32_t relinquish_resources(void* self, uint16_t vm) {
  return progress_of(of(self).relinquish_resources(ffa::EndpointId{vm}));
}

void free_domain_ctx(void* self, uint16_t vm) { of(self).free_domain_ctx(ffa::EndpointId{vm}); }

uint32_t handle_call(void* self, uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa_sim_regs* raw) {
  ffa::Regs regs;
  for (size_t n = 0; n < regs.x.size(); ++n) regs.x[n] = raw->x[n];
  const auto dispatch = of(self).handle_call(
      ffa::EndpointId{vm}, ffa::VcpuId{vcpu},
      conduit == FFA_SIM_HVC ? mediator::Conduit::hvc : mediator::Conduit::smc, regs);
  for (size_t n = 0; n < regs.x.size(); ++n) raw->x[n] = regs.x[n];
  switch (dispatch) {
    case mediator::Dispatch::handled:
      return FFA_SIM_HANDLED;
    case mediator::Dispatch::blocked:
      return FFA_SIM_BLOCKED;
    case mediator::Dispatch::not_mine:
      break;
  }
  return FFA_SIM_NOT_MINE;
}

void schedule_receiver_interrupt(void* self) { of(self).schedule_receiver_interrupt(); }

class FactForwarder final : public mediator::Observer {
 public:
  FactForwarder(ffa_sim_fact_sink sink, void* context) : sink_(sink), context_(context) {}

  void vm(const mediator::VmFacts& facts) override {
    ffa_sim_fact fact{};
    fact.kind = FFA_SIM_FACT_VM;
    fact.vm = vm_ = facts.id.raw();
    fact.rx_state = static_cast<uint8_t>(facts.rx);
    fact.flags = static_cast<uint8_t>((facts.version_frozen ? 1 : 0) | (facts.tx_claimed ? 2 : 0) |
                                      (facts.dying ? 4 : 0));
    fact.version = facts.version.raw();
    fact.shares = facts.shares;
    fact.quarantined = facts.quarantined;
    fact.pinned_pages = facts.pinned_pages;
    fact.rx_ipa = facts.rx_ipa.raw();
    fact.tx_ipa = facts.tx_ipa.raw();
    fact.rxtx_pages = facts.rxtx_pages.raw();
    sink_(context_, &fact);
  }
  void share(const mediator::ShareFacts& facts) override {
    ffa_sim_fact fact{};
    fact.kind = FFA_SIM_FACT_SHARE;
    fact.vm = facts.owner.raw();
    fact.share_state = static_cast<uint32_t>(facts.state);
    fact.handle = handle_ = facts.handle.raw();
    fact.pages = facts.pages.raw();
    sink_(context_, &fact);
  }
  void range(const mediator::RangeFacts& facts) override {
    ffa_sim_fact fact{};
    fact.kind = FFA_SIM_FACT_RANGE;
    fact.vm = vm_;
    fact.handle = handle_;
    fact.ipa = facts.ipa.raw();
    fact.pages = facts.pages.raw();
    sink_(context_, &fact);
  }

 private:
  ffa_sim_fact_sink sink_;
  void* context_;
  uint16_t vm_ = 0;
  uint64_t handle_ = 0;
};

void observe(void* self, ffa_sim_fact_sink sink, void* context) {
  FactForwarder forwarder{sink, context};
  of(self).observe(forwarder);
}

const char* rule_name(uint32_t rule) {
  if (rule >= static_cast<uint32_t>(mediator::Rule::count)) return nullptr;
  return mediator::rule_info(static_cast<mediator::Rule>(rule)).id;
}

constexpr ffa_sim_mediator_ops operations = {FFA_SIM_ABI_VERSION,
                                             sizeof(ffa_sim_mediator_ops),
                                             "ffa-sim",
                                             memory_needed,
                                             vm_memory_needed,
                                             create,
                                             destroy,
                                             probe,
                                             domain_init,
                                             domain_teardown,
                                             relinquish_resources,
                                             free_domain_ctx,
                                             handle_call,
                                             schedule_receiver_interrupt,
                                             observe,
                                             rule_name};

}  // namespace

const ffa_sim_mediator_ops* sim::built_in_entry(uint32_t abi_version) {
  return abi_version == FFA_SIM_ABI_VERSION ? &operations : nullptr;
}
