// SPDX-License-Identifier: BSD-3-Clause
#include "send_world.hpp"

#include <fmt/format.h>

#include "ffa/fid.hpp"

namespace property {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using sim::trace::Event;
using sim::trace::Side;

namespace {

constexpr uint64_t huge = 1ULL << 30;

uint32_t function_of(Kind kind) {
  const Fid fid = kind == Kind::share  ? Fid::mem_share
                  : kind == Kind::lend ? Fid::mem_lend
                                       : Fid::mem_donate;
  return fid64(fid);
}

sim::VmSpec vm_spec(const HostLayout& layout) {
  using sim::RegionKind;
  sim::VmSpec vm;
  vm.name = layout.name;
  vm.config.id = ffa::EndpointId{layout.vm};
  vm.config.max_share_pages = max_share_pages;
  vm.config.max_rxtx_pages = 32;
  const sim::Backing backing = layout.backing;
  vm.memory = {{ram_ipa, layout.size, RegionKind::ram_rw, backing, {}, layout.block},
               {read_only_ipa, 8 * page, RegionKind::ram_ro, backing, {}, page},
               {device_ipa, 2 * page, RegionKind::device, {}, {}, page},
               {foreign_ipa, 2 * page, RegionKind::foreign, {}, {}, page},
               {tx_ipa, 64 * page, RegionKind::ram_rw, backing, {}, page}};
  return vm;
}

sim::WorldSpec world_spec(const Setting& setting, const std::vector<HostLayout>& layouts,
                          std::vector<sim::FaultSpec> faults) {
  sim::WorldSpec world = empty_world(setting);
  world.ram_size = 4 * huge;
  for (uint16_t n = 0; n < sps; ++n) {
    sim::SpSpec sp;
    sp.name = fmt::format("sp{}", n + 1);
    sp.id = static_cast<uint16_t>(first_sp + n);
    sp.kind = sim::SpKind::memory_user;
    sp.uuid.bytes[15] = static_cast<uint8_t>(n + 1);
    if (!told_of_vms(setting)) sp.properties = spmc_model::default_properties & ~0xc0U;
    world.sps.push_back(sp);
  }
  for (const HostLayout& layout : layouts) world.vms.push_back(vm_spec(layout));
  for (sim::FaultSpec& fault : faults) fault.armed = false;
  world.faults = std::move(faults);
  return world;
}

std::string text(const ffa_sim_fact& fact) {
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {}", fact.kind, fact.vm, fact.rx_state,
                     fact.flags, fact.version, fact.shares, fact.quarantined, fact.share_state,
                     fact.pinned_pages, fact.rxtx_pages, fact.handle, fact.ipa, fact.pages);
}

}  // namespace

const std::vector<HostLayout>& host_layouts() {
  using sim::Backing;
  static const std::vector<HostLayout> all = {
      {"contiguous", 0x2101, Backing::contiguous, 0, ram_bytes},
      {"pages", 0x2203, Backing::contiguous, page, ram_bytes},
      {"scattered", 0x2305, Backing::scattered, page, ram_bytes},
      {"reversed", 0x2407, Backing::reversed, page, ram_bytes},
      {"blocks of 2 MiB", 0x2509, Backing::scattered, 2U << 20, ram_bytes},
      {"reversed blocks", 0x260b, Backing::reversed, 2U << 20, ram_bytes},
      {"a block of 1 GiB", 0x270d, Backing::contiguous, huge, huge}};
  return all;
}

SendWorld::SendWorld(const Setting& setting, const std::vector<HostLayout>& layouts,
                     std::vector<sim::FaultSpec> faults)
    : setting_(setting),
      layouts_(layouts),
      factory_(sim::built_in_mediator()),
      choices_(sim::seeded_choices(1)),
      simulation_(world_spec(setting, layouts, std::move(faults)), *factory_, choices_),
      checkers_(simulation_) {
  const auto must = [](bool done, const char* what) {
    if (!done) throw std::runtime_error(fmt::format("the world does not start: {}", what));
  };
  must(simulation_.boot() == 0, "probe");
  for (const HostLayout& layout : layouts) {
    must(simulation_.create_vm(layout.vm) == 0, "domain_init");
    must(call(layout.vm, {fid32(Fid::version), setting.guest.raw()}).w(0) >= ffa::v1_0.raw(),
         "FFA_VERSION");
    const ffa::Regs mapped =
        call(layout.vm, {fid64(Fid::rxtx_map), tx_ipa, rx_ipa, setting.rxtx_pages});
    must(mapped.w(0) == fid32(Fid::success), "FFA_RXTX_MAP");
  }
}

ffa::Regs SendWorld::call(uint16_t vm, std::initializer_list<uint64_t> in) {
  ffa::Regs regs;
  std::copy(in.begin(), in.end(), regs.x.begin());
  simulation_.guest_call(vm, 0, FFA_SIM_SMC, regs);
  return regs;
}

ffa::Regs SendWorld::reclaim(uint16_t vm, uint64_t handle) {
  return call(vm, {fid32(Fid::mem_reclaim), handle & 0xffffffff, handle >> 32, 0});
}

void SendWorld::take_page(uint16_t vm) {
  Plan plan;
  plan.descriptor.layout = setting_.guest;
  plan.descriptor.receivers.push_back({.id = first_sp});
  plan.descriptor.ranges.push_back({taken_ipa, 1});
  send(plan, vm, fewest_cuts(plan, tx_bytes()));
}

ffa::Regs SendWorld::send_fragments(const std::vector<uint8_t>& bytes, uint16_t vm,
                                    const Plan& plan, const std::vector<uint64_t>& ends,
                                    Outcome& outcome) {
  ffa::Regs reply;
  uint64_t begin = 0;
  for (size_t n = 0; n < ends.size(); ++n) {
    const uint64_t length = ends[n] - begin;
    simulation_.machine().write_ipa(vm, tx_ipa,
                                    std::as_bytes(std::span{bytes}.subspan(begin, length)));
    if (n == 0) {
      reply = call(vm, {function_of(plan.kind), bytes.size(), length});
    } else {
      reply = call(
          vm, {fid32(Fid::mem_frag_tx), outcome.handle & 0xffffffff, outcome.handle >> 32, length});
    }
    if (reply.w(0) != fid32(Fid::mem_frag_rx)) return reply;
    const uint64_t handle = reply.w(1) | uint64_t{reply.w(2)} << 32;
    if (n != 0 && handle != outcome.handle) outcome.wrong += "another handle; ";
    if (reply.x[3] != ends[n] || reply.x[4] != 0) outcome.wrong += "asks for another offset; ";
    outcome.handle = handle;
    begin = ends[n];
  }
  outcome.wrong += "asks for more than there is; ";
  return reply;
}

void SendWorld::read_events(size_t first, Outcome& outcome) const {
  const auto& events = simulation_.events();
  for (size_t n = first; n < events.size(); ++n) {
    const Event& event = events[n];
    if (event.side == Side::guest && !event.rule.empty()) outcome.rule = event.rule;
    if (event.side != Side::spmc || event.tx.empty() || outcome.spmc_error) continue;
    const bool first_fragment = event.in.w(0) != fid32(Fid::mem_frag_tx);
    outcome.spmc_fragments = first_fragment ? 1 : outcome.spmc_fragments + 1;
    if (event.out.w(0) == fid32(Fid::error)) outcome.spmc_error = event.out.w(2);
    if (!first_fragment) continue;
    const auto facts = sim::scenario::read_descriptor(event.tx, setting_.spmc);
    if (!facts) {
      outcome.wrong += "the SPMC gets no descriptor; ";
      continue;
    }
    const auto& plan = facts->plan;
    outcome.head = {fmt::format("attributes {:#x} flags {:#x} tag {:#x} total {}", plan.attributes,
                                plan.flags, plan.tag, facts->total_page_count)};
    for (const auto& receiver : plan.receivers) {
      outcome.head.push_back(fmt::format("{:#x} {:#x} {:#x} {:#x} {:#x}", receiver.id,
                                         receiver.permissions, receiver.flags, receiver.impdef[0],
                                         receiver.impdef[1]));
    }
  }
}

void SendWorld::read_region(uint16_t vm, const Plan& plan, Outcome& outcome) {
  const spmc_model::Spmc& model = *simulation_.secure_world().model();
  for (size_t n = 0; n < model.regions(); ++n) {
    const spmc_model::RegionFacts region = model.region(n);
    if (region.handle.raw() != outcome.handle) continue;
    if (!region.complete) outcome.wrong += "the SPMC has it only half; ";
    if (region.sender.raw() != vm) outcome.wrong += "the SPMC has another sender; ";
    if (region.lent != (plan.kind != Kind::share)) outcome.wrong += "another kind of send; ";
    for (uint32_t range = 0; range < region.ranges; ++range) {
      ffa::Pa pa;
      ffa::PageCount count;
      model.region_range(n, range, pa, count);
      for (uint64_t i = 0; i < count.raw(); ++i) outcome.told.push_back(pa.raw() + i * page);
    }
    return;
  }
  outcome.wrong += "the SPMC does not know the handle; ";
}

Outcome SendWorld::send(const Plan& plan, uint16_t vm, const std::vector<uint64_t>& ends) {
  Outcome outcome;
  simulation_.forget_events();
  const ffa::Regs reply = send_fragments(plan.build(vm), vm, plan, ends, outcome);
  read_events(0, outcome);
  outcome.ok = reply.w(0) == fid32(Fid::success);
  if (!outcome.ok) {
    outcome.status = reply.w(2);
    if (reply.w(0) != fid32(Fid::error))
      outcome.wrong += fmt::format("neither success nor error but {:#x}; ", reply.w(0));
    return outcome;
  }
  const uint64_t handle = reply.w(2) | uint64_t{reply.w(3)} << 32;
  if (ends.size() > 1 && handle != outcome.handle) outcome.wrong += "another handle at the end; ";
  outcome.handle = handle;
  read_region(vm, plan, outcome);
  return outcome;
}

std::vector<uint64_t> SendWorld::pages_of(const Plan& plan, uint16_t vm) {
  std::vector<uint64_t> pages;
  for (const auto& range : plan.descriptor.ranges) {
    for (uint64_t done = 0; done < range.pages;) {
      const mediator::Extent extent =
          simulation_.machine().translate(vm, range.address + done * page, range.pages - done);
      for (uint64_t n = 0; n < extent.pages.raw(); ++n) pages.push_back(extent.pa.raw() + n * page);
      done += std::max<uint64_t>(extent.pages.raw(), 1);
    }
  }
  return pages;
}

State SendWorld::state() {
  State now;
  simulation_.mediator().observe(
      [&](const ffa_sim_fact& fact) { now.facts.push_back(text(fact)); });
  const sim::Machine& machine = simulation_.machine();
  for (const HostLayout& layout : layouts_) {
    now.machine.insert(now.machine.end(),
                       {machine.pinned_pages(layout.vm), machine.withdrawn_pages(layout.vm),
                        machine.stage2_digest(layout.vm), machine.mapped_buffers(layout.vm)});
  }
  const spmc_model::Spmc& model = *simulation_.secure_world().model();
  for (size_t n = 0; n < model.regions(); ++n) {
    const spmc_model::RegionFacts region = model.region(n);
    now.spmc.push_back(fmt::format("{:#x} of {:#x}: {} pages, complete {}", region.handle.raw(),
                                   region.sender.raw(), region.pages, region.complete));
  }
  return now;
}

uint32_t SendWorld::quarantined(uint16_t vm) {
  uint32_t count = 0;
  simulation_.mediator().observe([&](const ffa_sim_fact& fact) {
    if (fact.kind == FFA_SIM_FACT_VM && fact.vm == vm) count = fact.quarantined;
  });
  return count;
}

std::string SendWorld::violations() const {
  std::string all;
  for (const sim::Violation& violation : simulation_.violations()) {
    all += violation.invariant + " " + violation.text + "\n";
  }
  return all;
}

}  // namespace property
