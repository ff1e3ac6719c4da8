// SPDX-License-Identifier: BSD-3-Clause
// A mediator behind the C ABI as a MediatorUnderTest: hands out its memory, converts
// configurations. The built-in one and plug-ins differ only in where the table of functions comes
// from.
#include "sim/engine/mediator_under_test.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "ffa/status.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/platform/arena.hpp"
#include "sim/platform/built_in.hpp"
#include "sim/sched/fibers.hpp"
#include "sim/sched/operation.hpp"

namespace sim {

namespace {

// A plug-in that asks for more is broken; it gets nothing.
constexpr uint64_t max_memory = 1ULL << 30;

ffa_sim_config to_raw(const mediator::MediatorConfig& config) {
  ffa_sim_config raw{};
  raw.max_vms = config.max_vms;
  raw.max_partitions = config.max_partitions;
  raw.spmc_buffer_pages = config.spmc_buffer_pages;
  raw.vm_message_retries = config.vm_message_retries;
  raw.reclaim_retries = config.reclaim_retries;
  raw.allow_hvc = config.allow_hvc ? 1 : 0;
  raw.fragments = static_cast<uint8_t>(static_cast<uint8_t>(config.fragment_handles) + 1);
  raw.fragment_retries = config.fragment_retries;
  raw.keeps_refused_send = config.refused_fragment_ends_send ? 0 : 1;
  raw.max_version = config.max_version.raw();
  raw.npi_id = config.npi_id;
  raw.sri_id = config.sri_id;
  raw.vm_message_handle = config.vm_message_handle.raw();
  return raw;
}

ffa_sim_vm_config to_raw(const mediator::VmConfig& vm) {
  ffa_sim_vm_config raw{};
  raw.id = vm.id.raw();
  raw.vcpus = vm.vcpus;
  raw.max_shares = vm.max_shares;
  raw.max_rxtx_pages = vm.max_rxtx_pages;
  raw.tee = vm.tee == mediator::TeeType::ffa ? FFA_SIM_TEE_FFA : FFA_SIM_TEE_NONE;
  raw.aarch64 = vm.aarch64 ? 1 : 0;
  raw.visible_to_vms = vm.visible_to_vms ? 1 : 0;
  raw.overlapping_shares = vm.overlapping_shares ? 1 : 0;
  raw.max_borrowers = vm.max_borrowers;
  raw.max_version = vm.max_version.raw();
  raw.max_share_pages = vm.max_share_pages;
  raw.max_ranges = vm.max_ranges;
  raw.max_transfers = vm.max_transfers == 0 ? 0xffff : vm.max_transfers;
  raw.no_loans = vm.lends ? 0 : 1;
  raw.borrow_base = vm.borrow_window.base.raw();
  raw.borrow_pages = vm.borrow_window.pages.raw();
  raw.reaches_no_sps = vm.reaches_sps ? 0 : 1;
  for (size_t n = 0; n < vm.peers.size(); ++n) raw.peers[n] = vm.peers[n].raw();
  std::copy(std::begin(vm.uuid.bytes), std::end(vm.uuid.bytes), raw.uuid);
  return raw;
}

class OpsMediator final : public MediatorUnderTest {
 public:
  // `library` keeps a plug-in loaded. Throws InputError where the mediator refuses its
  // configuration.
  OpsMediator(const ffa_sim_mediator_ops& ops, std::shared_ptr<void> library,
              const ffa_sim_world_ops& world_ops, void* world,
              const mediator::MediatorConfig& config)
      : library_(std::move(library)), ops_(ops), config_(to_raw(config)), memory_(needed()) {
    self_ = ops_.create(&world_ops, world, &config_, memory_.data(), memory_.bytes());
    if (self_ == nullptr) throw InputError(name(), "the mediator refuses its configuration");
  }
  ~OpsMediator() override { ops_.destroy(self_); }
  OpsMediator(const OpsMediator&) = delete;
  OpsMediator& operator=(const OpsMediator&) = delete;

  std::string name() const override { return ops_.name == nullptr ? "mediator" : ops_.name; }
  int32_t probe() override {
    return Fiber::call_foreign([&] { return ops_.probe(self_); });
  }

  int32_t domain_init(const mediator::VmConfig& vm) override {
    const ffa_sim_vm_config raw = to_raw(vm);
    const uint64_t bytes = ops_.vm_memory_needed(&config_, &raw);
    if (bytes > max_memory) return static_cast<int32_t>(ffa::Status::no_memory);
    const bool begun = creating_.contains(raw.id);
    if (!begun && vms_.contains(raw.id)) return static_cast<int32_t>(ffa::Status::denied);
    if (!begun) vms_.emplace(raw.id, std::make_shared<Arena>(bytes));
    const Arena& arena = *vms_.at(raw.id);
    const int32_t status = Fiber::call_foreign(
        [&] { return ops_.domain_init(self_, &raw, arena.data(), arena.bytes()); });
    if (status > 0) {
      creating_.insert(raw.id);
    } else {
      creating_.erase(raw.id);
    }
    if (status < 0) take_back(raw.id);
    return status;
  }
  uint32_t domain_teardown(uint16_t vm) override {
    return Fiber::call_foreign([&] { return ops_.domain_teardown(self_, vm); });
  }
  uint32_t relinquish_resources(uint16_t vm) override {
    return Fiber::call_foreign([&] { return ops_.relinquish_resources(self_, vm); });
  }
  void free_domain_ctx(uint16_t vm) override {
    Fiber::call_foreign([&] { return ops_.free_domain_ctx(self_, vm); });
    creating_.erase(vm);
    take_back(vm);
  }

  uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs) override {
    ffa_sim_regs raw{};
    std::copy(regs.x.begin(), regs.x.end(), std::begin(raw.x));
    const uint32_t outcome =
        Fiber::call_foreign([&] { return ops_.handle_call(self_, vm, vcpu, conduit, &raw); });
    if (outcome == FFA_SIM_HANDLED) std::copy(std::begin(raw.x), std::end(raw.x), regs.x.begin());
    return outcome;
  }
  void schedule_receiver_interrupt() override {
    Fiber::call_foreign([&] { return ops_.schedule_receiver_interrupt(self_); });
  }

  bool observe(const std::function<void(const ffa_sim_fact&)>& sink) override {
    if (ops_.observe == nullptr) return false;
    const auto forward = [](void* context, const ffa_sim_fact* fact) {
      (*static_cast<const std::function<void(const ffa_sim_fact&)>*>(context))(*fact);
    };
    ops_.observe(self_, forward, const_cast<std::function<void(const ffa_sim_fact&)>*>(&sink));
    return true;
  }
  std::string rule_name(uint32_t rule) const override {
    const char* const known = ops_.rule_name == nullptr ? nullptr : ops_.rule_name(rule);
    return known == nullptr ? fmt::format("rule_{}", rule) : known;
  }
  bool memory_intact() const override {
    return !broken_ && memory_.border_intact() &&
           std::all_of(vms_.begin(), vms_.end(),
                       [](const auto& vm) { return vm.second->border_intact(); });
  }

  // A plug-in may have memory of its own. Ours has none but what it was handed.
  bool keep() override {
    if (library_ != nullptr) return false;
    memory_.keep();
    for (const auto& [id, arena] : vms_) arena->keep();
    kept_vms_ = vms_;
    kept_creating_ = creating_;
    kept_broken_ = broken_;
    return true;
  }
  void restore() override {
    memory_.restore();
    vms_ = kept_vms_;
    creating_ = kept_creating_;
    for (const auto& [id, arena] : vms_) arena->restore();
    broken_ = kept_broken_;
  }
  std::optional<uint64_t> word_of(const void* word) const override {
    if (const auto offset = memory_.offset_of(word)) return mediator_word(0, *offset);
    for (const auto& [id, arena] : vms_) {
      if (const auto offset = arena->offset_of(word)) return mediator_word(1U + id, *offset);
    }
    return std::nullopt;
  }

 private:
  uint64_t needed() const {
    const uint64_t bytes = ops_.memory_needed(&config_);
    if (bytes > max_memory)
      throw InputError(name(), fmt::format("asks for {} bytes of memory", bytes));
    return bytes;
  }
  void take_back(uint16_t vm) {
    const auto it = vms_.find(vm);
    if (it == vms_.end()) return;
    broken_ = broken_ || !it->second->border_intact();
    vms_.erase(it);
  }

  std::shared_ptr<void> library_;
  const ffa_sim_mediator_ops& ops_;
  ffa_sim_config config_;
  Arena memory_;
  using VmArenas = std::map<uint16_t, std::shared_ptr<Arena>>;
  VmArenas vms_;
  std::set<uint16_t> creating_;  // VMs of vms_ whose domain_init goes on
  std::set<uint16_t> kept_creating_;
  VmArenas kept_vms_;  // they stay where they are, even if the VM ends
  void* self_ = nullptr;
  bool broken_ = false;
  bool kept_broken_ = false;
};

class OpsFactory final : public MediatorFactory {
 public:
  OpsFactory(const ffa_sim_mediator_ops& ops, std::shared_ptr<void> library)
      : library_(std::move(library)), ops_(ops) {}

  std::unique_ptr<MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                            const mediator::MediatorConfig& config) override {
    return std::make_unique<OpsMediator>(ops_, library_, ops, world, config);
  }

 private:
  std::shared_ptr<void> library_;
  const ffa_sim_mediator_ops& ops_;
};

// The functions that every mediator must have.
bool complete(const ffa_sim_mediator_ops& ops) {
  return ops.memory_needed != nullptr && ops.vm_memory_needed != nullptr && ops.create != nullptr &&
         ops.destroy != nullptr && ops.probe != nullptr && ops.domain_init != nullptr &&
         ops.domain_teardown != nullptr && ops.relinquish_resources != nullptr &&
         ops.free_domain_ctx != nullptr && ops.handle_call != nullptr &&
         ops.schedule_receiver_interrupt != nullptr;
}

}  // namespace

std::unique_ptr<MediatorFactory> built_in_mediator() {
  return std::make_unique<OpsFactory>(*built_in_entry(FFA_SIM_ABI_VERSION), nullptr);
}

std::unique_ptr<MediatorFactory> load_mediator(const std::string& file) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(file, error);
  if (error || !std::filesystem::exists(path, error)) throw InputError(file, "no such file");
  if (!std::filesystem::is_regular_file(path, error)) throw InputError(file, "not a file");

  const std::shared_ptr<void> library(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL),
                                      [](void* handle) {
                                        if (handle != nullptr) dlclose(handle);
                                      });
  if (!library) {
    const char* const why = dlerror();
    throw InputError(file, fmt::format("can't be loaded: {}", why == nullptr ? "unknown" : why));
  }
  void* const symbol = dlsym(library.get(), "ffa_mediator_entry");
  if (symbol == nullptr) throw InputError(file, "does not export ffa_mediator_entry");
  const auto entry = reinterpret_cast<decltype(&ffa_mediator_entry)>(symbol);
  const ffa_sim_mediator_ops* const ops = entry(FFA_SIM_ABI_VERSION);
  if (ops == nullptr) {
    throw InputError(
        file, fmt::format("does not speak version {} of the plug-in ABI", FFA_SIM_ABI_VERSION));
  }
  if (ops->abi_version != FFA_SIM_ABI_VERSION) {
    throw InputError(file, fmt::format("speaks version {} of the plug-in ABI, not {}",
                                       ops->abi_version, FFA_SIM_ABI_VERSION));
  }
  if (ops->size < sizeof(ffa_sim_mediator_ops)) {
    throw InputError(file, fmt::format("its table of functions has {} bytes, not {}", ops->size,
                                       sizeof(ffa_sim_mediator_ops)));
  }
  if (!complete(*ops)) throw InputError(file, "its table of functions has a hole");
  return std::make_unique<OpsFactory>(*ops, library);
}

}  // namespace sim
