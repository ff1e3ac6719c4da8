// SPDX-License-Identifier: BSD-3-Clause
// The same calls in the simulated world: SPMC model, machine, trace, and with or without checkers.
#include <benchmark/benchmark.h>

#include <memory>
#include <optional>

#include "bench/descriptor.hpp"
#include "sim/check/checkers.hpp"
#include "sim/engine/simulation.hpp"

namespace {

sim::WorldSpec world_spec() {
  sim::WorldSpec spec;
  sim::SpSpec sp;
  sp.name = "sp1";
  sp.id = bench::sp_id;
  sp.uuid = ffa::Uuid::from_words(0x11121314, 0x15161718, 0x191a1b1c, 0x1d1e1f10);
  spec.sps.push_back(sp);
  sim::VmSpec vm;
  vm.name = "vm1";
  vm.config.id = ffa::EndpointId{bench::vm_id};
  sim::RegionSpec ram;
  ram.ipa = bench::ram_ipa;
  ram.size = bench::ram_pages * ffa::page_size;
  vm.memory.push_back(ram);
  spec.vms.push_back(vm);
  return spec;
}

/// A booted world with one VM that has mapped its buffers.
class World {
 public:
  explicit World(bool checked)
      : factory_(sim::built_in_mediator()),
        choices_(sim::seeded_choices(0)),
        simulation_(world_spec(), *factory_, choices_) {
    if (checked) checkers_.emplace(simulation_);
    (void)simulation_.boot();
    (void)simulation_.create_vm(bench::vm_id);
  }
  sim::Simulation& simulation() { return simulation_; }

  /// On a fiber of the simulation.
  ffa::Regs call(std::initializer_list<uint64_t> values) {
    ffa::Regs regs;
    std::copy(values.begin(), values.end(), regs.x.begin());
    simulation_.guest_call(bench::vm_id, 0, FFA_SIM_SMC, regs);
    return regs;
  }
  void map_buffers() {
    (void)call({0x84000063, ffa::v1_2.raw()});
    (void)call({0xc4000066, bench::tx_ipa, bench::rx_ipa, 1});
  }
  /// Runs `body` as the VM's vCPU and says why the run is worth nothing, if so.
  template <class Body>
  void run(benchmark::State& state, Body body) {
    (void)simulation_.run({{"vm1.0", [&] {
                              map_buffers();
                              body();
                            }}});
    if (!simulation_.violations().empty()) {
      state.SkipWithError(simulation_.violations().front().text.c_str());
    }
    state.SetItemsProcessed(state.iterations());
  }

 private:
  std::unique_ptr<sim::MediatorFactory> factory_;
  sim::Choices choices_;
  sim::Simulation simulation_;
  std::optional<sim::Checkers> checkers_;
};

void direct_request(benchmark::State& state, bool checked) {
  World world(checked);
  const uint64_t ids = uint64_t{bench::vm_id} << 16 | bench::sp_id;
  world.run(state, [&] {
    for (auto _ : state) {
      const ffa::Regs out = world.call({0x8400006f, ids, 0, 0x55});
      if (out.w(0) != 0x84000070) state.SkipWithError("no echo");
      world.simulation().forget_events();
    }
  });
}

void share_and_reclaim(benchmark::State& state, const bench::Shape& shape, bool checked) {
  World world(checked);
  const auto image = bench::share_of(shape);
  (void)world.simulation().machine().write_ipa(bench::vm_id, bench::tx_ipa, image);
  world.run(state, [&] {
    for (auto _ : state) {
      const ffa::Regs shared = world.call({0xc4000073, image.size(), image.size()});
      const ffa::Regs back = world.call({0x84000077, shared.x[2], shared.x[3]});
      if (shared.w(0) != 0x84000061 || back.w(0) != 0x84000061) {
        state.SkipWithError("share or reclaim refused");
      }
      world.simulation().forget_events();
    }
  });
}

BENCHMARK_CAPTURE(direct_request, traced, false);
BENCHMARK_CAPTURE(direct_request, checked, true);
BENCHMARK_CAPTURE(share_and_reclaim, one_page_traced, bench::one_page, false);
BENCHMARK_CAPTURE(share_and_reclaim, one_page_checked, bench::one_page, true);
BENCHMARK_CAPTURE(share_and_reclaim, contiguous_256_pages_traced, bench::contiguous, false);
BENCHMARK_CAPTURE(share_and_reclaim, contiguous_256_pages_checked, bench::contiguous, true);
BENCHMARK_CAPTURE(share_and_reclaim, scattered_250_ranges_traced, bench::scattered, false);
BENCHMARK_CAPTURE(share_and_reclaim, scattered_250_ranges_checked, bench::scattered, true);

}  // namespace
