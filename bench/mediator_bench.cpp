// SPDX-License-Identifier: BSD-3-Clause
// The mediator alone: no simulator, no checkers, no trace. One iteration is one call, or one share
// and its reclaim.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "bench/platform.hpp"
#include "mediator/mediator.hpp"

extern template class mediator::Mediator<bench::Platform>;

namespace {

using Mediator = mediator::Mediator<bench::Platform>;

/// A booted mediator with one VM that has mapped its buffers, and `others` that do nothing.
class World {
 public:
  explicit World(const mediator::VmConfig& limits = {}, uint16_t others = 0) {
    mediator::MediatorConfig config;
    config.max_vms = static_cast<uint16_t>(others + 1);
    mediator::VmConfig vm = limits;
    vm.id = ffa::EndpointId{bench::vm_id};
    memory_.resize(Mediator::memory_needed(config) / sizeof(Chunk));
    vm_memory_.resize(Mediator::memory_needed(config, vm) / sizeof(Chunk));
    mediator_ = Mediator::create(platform_, config, bytes_of(memory_));
    ready_ = mediator_ != nullptr && mediator_->probe().ok() &&
             mediator_->domain_init(vm, bytes_of(vm_memory_)).ok();
    for (uint16_t n = 1; ready_ && n <= others; ++n) {
      vm.id = ffa::EndpointId{static_cast<uint16_t>(bench::vm_id + n)};
      auto& memory = other_memory_.emplace_back(vm_memory_.size());
      ready_ = mediator_->domain_init(vm, bytes_of(memory)).ok();
    }
    if (!ready_) return;
    (void)call({0x84000063, ffa::v1_2.raw()});
    ready_ = call({0xc4000066, bench::tx_ipa, bench::rx_ipa, 1}).w(0) == 0x84000061;
  }

  [[nodiscard]] bool ready() const { return ready_; }
  bench::Platform& platform() { return platform_; }
  ffa::Regs call(std::initializer_list<uint64_t> values) {
    ffa::Regs regs;
    std::copy(values.begin(), values.end(), regs.x.begin());
    (void)mediator_->handle_call(ffa::EndpointId{bench::vm_id}, ffa::VcpuId{0},
                                 mediator::Conduit::smc, regs);
    return regs;
  }

 private:
  struct alignas(64) Chunk {
    std::byte bytes[64];
  };
  static std::span<std::byte> bytes_of(std::vector<Chunk>& chunks) {
    return {reinterpret_cast<std::byte*>(chunks.data()), chunks.size() * sizeof(Chunk)};
  }
  bench::Platform platform_;
  std::vector<Chunk> memory_;
  std::vector<Chunk> vm_memory_;
  std::vector<std::vector<Chunk>> other_memory_;
  Mediator* mediator_ = nullptr;
  bool ready_ = false;
};

void direct_request(benchmark::State& state) {
  World world;
  const uint64_t ids = uint64_t{bench::vm_id} << 16 | bench::sp_id;
  uint64_t n = 0;
  for (auto _ : state) {
    const ffa::Regs out = world.call({0x8400006f, ids, 0, ++n & 0xffff});
    if (out.w(0) != 0x84000070 || out.x[3] != (n & 0xffff)) {
      state.SkipWithError("no echo");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void share_and_reclaim(benchmark::State& state, const bench::Shape& shape, uint16_t vms = 1) {
  World world{{}, static_cast<uint16_t>(vms - 1)};
  if (!world.ready()) return state.SkipWithError("no world");
  const auto image = bench::share_of(shape);
  std::copy(image.begin(), image.end(), world.platform().guest_tx().begin());
  const uint64_t pinned = world.platform().pinned_pages();
  for (auto _ : state) {
    const ffa::Regs shared = world.call({0xc4000073, image.size(), image.size()});
    const ffa::Regs back = world.call({0x84000077, shared.x[2], shared.x[3]});
    if (shared.w(0) != 0x84000061 || back.w(0) != 0x84000061) {
      state.SkipWithError("share or reclaim refused");
      return;
    }
  }
  if (world.platform().pinned_pages() != pinned) state.SkipWithError("pages left pinned");
  state.SetItemsProcessed(state.iterations());
}

/// Shares `image`, in fragments of the TX buffer's size. The registers that end it.
ffa::Regs share_in_fragments(World& world, const std::vector<std::byte>& image) {
  auto& tx = world.platform().guest_tx();
  ffa::Regs answer;
  for (size_t sent = 0; sent < image.size();) {
    const size_t length = std::min(tx.size(), image.size() - sent);
    std::memcpy(tx.data(), image.data() + sent, length);
    if (sent == 0) {
      answer = world.call({0xc4000073, image.size(), length});
    } else {
      answer = world.call({0x8400007b, answer.x[1], answer.x[2], length, 0});
    }
    sent += length;
    if (answer.w(0) != (sent < image.size() ? 0x8400007a : 0x84000061)) break;
  }
  return answer;
}

/// A share larger than a buffer, here or at the SPMC, and its reclaim.
void large_share(benchmark::State& state, const bench::Shape& shape) {
  mediator::VmConfig limits;
  limits.max_share_pages = shape.ranges * shape.pages;
  limits.max_ranges = shape.ranges;
  World world{limits};
  world.platform().scatter_blocks();
  const auto image = bench::share_of(shape);
  const uint64_t pinned = world.platform().pinned_pages();
  for (auto _ : state) {
    const ffa::Regs shared = share_in_fragments(world, image);
    const ffa::Regs back = world.call({0x84000077, shared.x[2], shared.x[3]});
    if (shared.w(0) != 0x84000061 || back.w(0) != 0x84000061) {
      state.SkipWithError("share or reclaim refused");
      return;
    }
  }
  if (world.platform().pinned_pages() != pinned) state.SkipWithError("pages left pinned");
  state.SetItemsProcessed(state.iterations());
}

/// One more share and its reclaim while others live.
void look_up(benchmark::State& state, uint16_t live) {
  mediator::VmConfig limits;
  limits.max_shares = live;
  World world{limits};
  auto image = bench::share_of(bench::one_page);
  const size_t address = image.size() - 16;
  ffa::Regs shared;
  for (uint64_t n = 0; n < live; ++n) {
    if (n != 0 && shared.w(0) != 0x84000061) break;
    bench::put(image, address, bench::shared_ipa + 2 * n * ffa::page_size, 8);
    std::copy(image.begin(), image.end(), world.platform().guest_tx().begin());
    shared = world.call({0xc4000073, image.size(), image.size()});
  }
  for (auto _ : state) {
    const ffa::Regs back = world.call({0x84000077, shared.x[2], shared.x[3]});
    shared = world.call({0xc4000073, image.size(), image.size()});
    if (shared.w(0) != 0x84000061 || back.w(0) != 0x84000061) {
      state.SkipWithError("share or reclaim refused");
      return;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

/// A fixed number of iterations, for count-instructions; 0: as many as the library sees fit.
int64_t fixed_iterations() {
  const char* const text = std::getenv("FFA_BENCH_ITERATIONS");
  return text == nullptr ? 0 : std::strtoll(text, nullptr, 10);
}

template <class Body>
void add(const char* name, Body body) {
  auto* const registered = benchmark::RegisterBenchmark(name, body);
  if (fixed_iterations() > 0) registered->Iterations(fixed_iterations());
}

}  // namespace

int main(int argc, char** argv) {
  add("direct_request", direct_request);
  const auto share_of_shape = [](const bench::Shape& shape) {
    return [shape](benchmark::State& state) { share_and_reclaim(state, shape); };
  };
  add("share_and_reclaim/one_page", share_of_shape(bench::one_page));
  add("share_and_reclaim/one_page_beside_63_vms",
      [](benchmark::State& state) { share_and_reclaim(state, bench::one_page, 64); });
  add("share_and_reclaim/contiguous_256_pages", share_of_shape(bench::contiguous));
  add("share_and_reclaim/scattered_250_ranges", share_of_shape(bench::scattered));
  add("large_share/gibibyte_in_2_mib_blocks",
      [](benchmark::State& state) { large_share(state, bench::gibibyte); });
  add("large_share/262144_scattered_pages",
      [](benchmark::State& state) { large_share(state, bench::scattered_gibibyte); });
  add("look_up/1_live_share", [](benchmark::State& state) { look_up(state, 1); });
  add("look_up/1024_live_shares", [](benchmark::State& state) { look_up(state, 1024); });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
