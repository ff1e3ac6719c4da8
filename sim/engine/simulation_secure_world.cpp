// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "sim/engine/input_error.hpp"
#include "sim/engine/secure_world.hpp"
#include "sim/engine/simulation_programs.hpp"
#include "sim/platform/kept_pages.hpp"

namespace sim {

namespace {

/// Memory as the secure world reaches it: all that is non-secure RAM, whoever owns it. Which of it
/// the SPMC may be told of is the checkers' business.
class SecureView final : public spmc_model::PhysicalMemory {
 public:
  SecureView(Machine& machine, bool everywhere, SecureWorldEvents events)
      : machine_(machine), everywhere_(everywhere), events_(std::move(events)) {}

  bool read(ffa::Pa from, std::span<std::byte> to) override {
    if (events_.accessed) events_.accessed(from.raw(), to.size(), false);
    return is_normal(from.raw(), to.size()) && machine_.read_pa(from.raw(), to);
  }
  bool write(ffa::Pa to, std::span<const std::byte> from) override {
    if (events_.accessed) events_.accessed(to.raw(), from.size(), true);
    return is_normal(to.raw(), from.size()) && machine_.write_pa(to.raw(), from);
  }
  bool is_normal_ram(ffa::Pa page) override {
    switch (machine_.owner(page.raw())) {
      case PageOwner::none:
        return everywhere_;
      case PageOwner::secure:
      case PageOwner::device:
        return false;
      default:
        return true;
    }
  }
  void raise_schedule_receiver_interrupt() override {
    if (events_.raise_sri) events_.raise_sri();
  }

 private:
  bool is_normal(uint64_t pa, size_t bytes) {
    for (uint64_t page = pa / ffa::page_size; page * ffa::page_size < pa + bytes; ++page) {
      if (!is_normal_ram(ffa::Pa{page * ffa::page_size})) return false;
    }
    return true;
  }

  Machine& machine_;
  bool everywhere_;
  SecureWorldEvents events_;
};

spmc_model::SpKind to_kind(SpKind kind) {
  switch (kind) {
    case SpKind::echo:
      return spmc_model::SpKind::echo;
    case SpKind::memory_user:
      return spmc_model::SpKind::memory_user;
    case SpKind::optee:
      return spmc_model::SpKind::optee;
    case SpKind::notifier:
      return spmc_model::SpKind::notifier;
  }
  throw InputError("world: sps", "an SP of no known kind");
}

spmc_model::SpConfig to_config(const SpSpec& sp) {
  spmc_model::SpConfig config;
  config.id = ffa::EndpointId{sp.id};
  config.kind = sp.image ? spmc_model::SpKind::image : to_kind(sp.kind);
  config.service.threads = sp.threads.value_or(config.service.threads);
  config.service.sessions = sp.sessions.value_or(config.service.sessions);
  config.uuid = sp.uuid;
  config.contexts = sp.contexts;
  config.properties = sp.properties.value_or(spmc_model::default_properties);
  return config;
}

class ModelWorld final : public SecureWorld {
 public:
  ModelWorld(const WorldSpec& spec, Machine& machine, const SecureWorldEvents& events)
      : programs_(spec, machine, {events.print, events.report}),
        view_(machine, spec.sparse_ram, events),
        missing_(spec.spmc.missing),
        storage_(spmc_model::Spmc::storage_bytes(ranges)) {
    auto personality = spmc_model::find_personality(spec.spmc.personality);
    if (!personality) {
      throw InputError("world: spmc", fmt::format("no personality \"{}\"", spec.spmc.personality));
    }
    personality->max_version = spec.spmc.version;
    if (spec.spmc.max_shares) personality->handles.live_limit = *spec.spmc.max_shares;
    if (spec.spmc.max_vms) personality->vms = *spec.spmc.max_vms;
    personality->per_vcpu_notifications = spec.spmc.per_vcpu_notifications;
    for (const SpSpec& sp : spec.sps) sps_.push_back(to_config(sp));
    model_ = spmc_model::Spmc::create(storage_.span(),
                                      {.personality = *personality,
                                       .sps = sps_,
                                       .missing_functions = missing_,
                                       .ranges = ranges,
                                       .programs = &programs_},
                                      view_);
    if (model_ == nullptr) throw InputError("world: sps", "the SPMC refuses these SPs");
    programs_.set_model(*model_);
    const bool up = model_->boot_programs();
    if (!up && events.report) events.report("an SP's image does not come to FFA_MSG_WAIT");
    programs_.end_boot();
  }

  ffa::Regs smc(uint16_t /*vm*/, const ffa::Regs& in) override { return model_->smc(in); }
  spmc_model::Spmc* model() override { return model_; }
  bool keep() override {
    if (!programs_.empty()) return false;  // they can't be brought back to where they were
    kept_.emplace(storage_);
    return true;
  }
  void restore() override { kept_->restore(); }

 private:
  /// Twice a GiB in single pages. What of it is not used is never touched, so it costs nothing.
  static constexpr uint32_t ranges = 2 * spmc_model::max_region_pages;

  SpImages programs_;
  SecureView view_;
  std::vector<uint32_t> missing_;
  std::vector<spmc_model::SpConfig> sps_;
  PageMemory storage_;
  std::optional<KeptPages> kept_;
  spmc_model::Spmc* model_ = nullptr;
};

class NoSecureWorld final : public SecureWorld {
 public:
  ffa::Regs smc(uint16_t /*vm*/, const ffa::Regs& in) override {
    ffa::Regs out = in;
    out.x[0] = smccc_not_supported;
    return out;
  }
  spmc_model::Spmc* model() override { return nullptr; }
  bool keep() override { return true; }
};

}  // namespace

std::unique_ptr<SecureWorld> make_secure_world(const WorldSpec& spec, Machine& machine,
                                               SecureWorldEvents events) {
  if (spec.spmc.absent) return std::make_unique<NoSecureWorld>();
  return std::make_unique<ModelWorld>(spec, machine, events);
}

}  // namespace sim
