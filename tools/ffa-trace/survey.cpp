// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/survey.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/engine/input_error.hpp"
#include "tools/ffa-trace/descriptor.hpp"
#include "tools/ffa-trace/given_world.hpp"
#include "tools/ffa-trace/partitions.hpp"
#include "tools/ffa-trace/records.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;

constexpr uint64_t max_pages = uint64_t{1} << 20;  ///< of one VM: 4 GiB, what a survey may hold
constexpr size_t max_open = 1024;  ///< more calls at once are no trace of a real system

class Surveyor {
 public:
  explicit Surveyor(EventSource& source) : source_(source) {}

  Survey run() {
    source_.rewind();
    survey_.given = given_world(source_.header(), source_.name());
    while (const auto event = source_.next()) {
      ++survey_.events;
      survey_.sides.insert(event->side);
      note(*event);
    }
    for (auto& [id, vm] : survey_.vms) add_identity(id, vm);
    check_owners();
    return std::move(survey_);
  }

 private:
  [[noreturn]] void unsupported(const std::string& what) const {
    throw sim::InputError(source_.place(), "not supported yet: " + what);
  }

  void note(const Event& event) {
    open_.erase(open_.begin(), open_.lower_bound(event.seq));
    open_.insert(event.seq_ret);
    if (open_.size() > max_open) {
      throw sim::InputError(source_.place(), "more than 1024 calls are open at once");
    }
    if (survey_.given) check_vm(event);
    switch (event.side) {
      case Side::linux_:
        throw sim::InputError(source_.place(),
                              "a record without a hypervisor in a capture with one");
      case Side::lifecycle:
        if (event.vm != 0) survey_.vms.try_emplace(event.vm);
        return;
      case Side::irq:
        return;
      case Side::spmc:
        note_spmc(event);
        return;
      case Side::guest:
        note_guest(event);
        return;
    }
  }

  /// The world that the header gives has all VMs.
  void check_vm(const Event& event) const {
    const bool of_vm =
        event.side == Side::guest || (event.side == Side::lifecycle && event.vm != 0);
    const auto& vms = survey_.given->vms;
    if (!of_vm || std::any_of(vms.begin(), vms.end(), [&event](const sim::VmSpec& vm) {
          return vm.config.id.raw() == event.vm;
        })) {
      return;
    }
    throw sim::InputError(source_.place(),
                          fmt::format("VM {} is not in the header's world", event.vm));
  }

  void note_spmc(const Event& event) {
    const ffa::Regs& in = event.in;
    fragments_ = fragments_ || (is_memory_send(in) && in.w(2) < in.w(1));
    if (!survey_.given && fragments_ && is(in, ffa::Fid::mem_frag_tx))
      unsupported("descriptors sent in fragments");
    if (is(in, ffa::Fid::notification_bitmap_create) && ffa::is_success(event.out)) {
      survey_.vms[static_cast<uint16_t>(in.w(1))].vcpus = static_cast<uint16_t>(in.w(2));
    } else if (const auto vm = created_vm(in)) {
      survey_.vms.try_emplace(*vm);
    }
    if (!guest_seen_) note_boot(event);
  }

  /// What the mediator learnt from the SPMC before it served anybody.
  void note_boot(const Event& event) {
    const ffa::Regs& in = event.in;
    if (is(in, ffa::Fid::version) && is_version(event.out)) {
      survey_.spmc_version = ffa::Version{std::min(in.w(1), event.out.w(0))};
    }
    if (is(in, ffa::Fid::rxtx_map) && ffa::is_success(event.out) && in.x[1] != 0) {
      survey_.own = OwnPages{in.x[1], in.x[2], static_cast<uint16_t>(in.w(3) & 0x3f)};
    }
    if (is(in, ffa::Fid::partition_info_get)) note_partitions(event);
  }

  /// What the capture lists first are the SPs of its world.
  void note_partitions(const Event& event) {
    if (!survey_.partitions.empty()) return;
    for (const ListedPartition& listed : partitions_of(event)) {
      survey_.partitions.push_back(
          {listed.id, listed.contexts, listed.properties, listed.uuid.value_or(ffa::Uuid{})});
    }
  }

  void note_guest(const Event& event) {
    guest_seen_ = true;
    if (survey_.given) return;
    SurveyedVm& vm = survey_.vms[event.vm];
    vm.vcpus = std::max(vm.vcpus, static_cast<uint16_t>(event.vcpu + 1));
    for (const auto& run : event.p2m)
      add_run(vm, run.ipa / ffa::page_size, run.pa / ffa::page_size, run.pages);
    if (is(event.in, ffa::Fid::version) && is_version(event.out)) {
      versions_[event.vm] = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
    }
    if (is(event.in, ffa::Fid::rxtx_map) && ffa::is_success(event.out)) {
      const uint64_t pages = event.in.w(3) & 0x3f;
      want(event.vm, {event.in.x[1], pages});
      want(event.vm, {event.in.x[2], pages});
    }
    // Where no mediator was told before.
    if (is(event.in, ffa::Fid::partition_info_get)) note_partitions(event);
    if (event.p2m.empty()) want_sent(event);
  }

  /// The pages in a descriptor, or in a later fragment of one.
  void want_sent(const Event& event) {
    Descriptor descriptor;
    if (is_memory_send(event.in)) {
      const auto layout = header_layout(versions_.try_emplace(event.vm, ffa::v1_1).first->second);
      descriptor = parse_descriptor(event.tx, event.in.w(1), layout);
    } else if (is(event.in, ffa::Fid::mem_frag_tx)) {
      descriptor = parse_fragment(event.tx);
    }
    for (const PageRun& run : descriptor.ranges) want(event.vm, run);
  }

  void add_run(SurveyedVm& vm, uint64_t ipa_page, uint64_t pa_page, uint64_t pages) {
    if (pages > max_pages || vm.pages.size() + pages > max_pages) {
      unsupported("a VM with more than 4 GiB of recorded memory");
    }
    for (uint64_t i = 0; i < pages; ++i) {
      const auto [at, added] = vm.pages.try_emplace(ipa_page + i, pa_page + i);
      if (!added && at->second != pa_page + i) {
        unsupported(
            fmt::format("IPA {:#x} at two host addresses", (ipa_page + i) * ffa::page_size));
      }
    }
  }

  /// A guest names pages; a translation may be recorded for them elsewhere.
  void want(uint16_t vm, const PageRun& run) {
    if (run.address % ffa::page_size != 0) return;
    auto& wanted = wanted_[vm];
    const uint64_t first = run.address / ffa::page_size;
    for (uint64_t i = 0; i < run.pages; ++i) {
      if (wanted.size() >= max_pages) unsupported("a VM with more than 4 GiB of recorded memory");
      wanted.insert(first + i);
    }
  }

  /// Identity RAM where guests name addresses that no translation was recorded for.
  void add_identity(uint16_t id, SurveyedVm& vm) {
    for (const uint64_t page : wanted_[id]) vm.pages.try_emplace(page, page);
    if (vm.pages.size() > max_pages) unsupported("a VM with more than 4 GiB of recorded memory");
  }

  void check_owners() const {
    std::map<uint64_t, uint16_t> owners;
    for (const auto& [id, vm] : survey_.vms) {
      for (const auto& [ipa_page, pa_page] : vm.pages) {
        const auto [at, added] = owners.try_emplace(pa_page, id);
        if (!added) {
          unsupported(fmt::format("host page {:#x} mapped twice, by VMs {} and {}",
                                  pa_page * ffa::page_size, at->second, id));
        }
      }
    }
  }

  EventSource& source_;
  Survey survey_;
  std::multiset<uint64_t> open_;  ///< ends of events that have begun
  bool guest_seen_ = false;
  bool fragments_ = false;  ///< a descriptor was sent to the SPMC in part
  std::map<uint16_t, ffa::Version> versions_;
  std::map<uint16_t, std::set<uint64_t>> wanted_;  ///< page numbers
};

std::vector<sim::RegionSpec> regions_of(const SurveyedVm& vm) {
  std::vector<sim::RegionSpec> regions;
  for (const auto& [ipa_page, pa_page] : vm.pages) {
    const uint64_t ipa = ipa_page * ffa::page_size;
    const uint64_t pa = pa_page * ffa::page_size;
    if (!regions.empty()) {
      sim::RegionSpec& last = regions.back();
      if (last.ipa + last.size == ipa && *last.pa + last.size == pa) {
        last.size += ffa::page_size;
        continue;
      }
    }
    sim::RegionSpec region;
    region.ipa = ipa;
    region.size = ffa::page_size;
    region.pa = pa;
    regions.push_back(region);
  }
  return regions;
}

/// Where a mediator keeps its pages that nobody captured: no VM has them.
void place_own_pages(sim::WorldSpec& world, const Survey& survey) {
  std::set<uint64_t> used;
  for (const auto& [id, vm] : survey.vms) {
    for (const auto& [ipa_page, pa_page] : vm.pages) used.insert(pa_page);
  }
  for (uint64_t* const own : {&world.own_tx_pa, &world.own_rx_pa}) {
    uint64_t first = *own / ffa::page_size;
    for (uint64_t n = 0; n < world.mediator.spmc_buffer_pages;) {
      n = used.count(first + n) == 0 ? n + 1 : 0;
      if (n == 0) ++first;
    }
    *own = first * ffa::page_size;
    for (uint64_t n = 0; n < world.mediator.spmc_buffer_pages; ++n) used.insert(first + n);
  }
}

}  // namespace

Survey survey(EventSource& source) { return Surveyor(source).run(); }

bool infers_sps(const Survey& survey, const Profile& profile) {
  return !survey.given && profile.partitions.empty();
}

sim::WorldSpec world_of(const Survey& survey, const Profile& profile) {
  if (survey.given) return *survey.given;
  sim::WorldSpec world;
  world.mediator = profile.mediator;
  world.mediator.max_vms =
      std::max(world.mediator.max_vms, static_cast<uint16_t>(survey.vms.size()));
  world.sparse_ram = true;
  world.spmc.version = ffa::v1_2;
  if (survey.own) {
    world.own_tx_pa = survey.own->tx_pa;
    world.own_rx_pa = survey.own->rx_pa;
    world.mediator.spmc_buffer_pages = survey.own->pages;
  } else {
    place_own_pages(world, survey);
  }
  world.spmc.personality = profile.personality;
  for (const Partition& partition :
       infers_sps(survey, profile) ? survey.partitions : profile.partitions) {
    sim::SpSpec sp;
    sp.name = fmt::format("sp{:x}", partition.id);
    sp.id = partition.id;
    sp.uuid = partition.uuid;
    sp.contexts = partition.contexts;
    sp.properties = partition.properties;
    world.sps.push_back(sp);
  }
  for (const auto& [id, surveyed] : survey.vms) {
    sim::VmSpec vm;
    vm.name = fmt::format("vm{}", id);
    vm.config = profile.vm;
    vm.config.id = ffa::EndpointId{id};
    vm.config.vcpus = surveyed.vcpus;
    vm.memory = regions_of(surveyed);
    vm.create_at_boot = false;
    world.vms.push_back(std::move(vm));
  }
  return world;
}

}  // namespace ffa_trace
