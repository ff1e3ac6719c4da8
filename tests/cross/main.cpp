// SPDX-License-Identifier: BSD-3-Clause
// A product as small as can be: every entry point of the freestanding parts is referenced, on a
// platform that only passes SMCs to the SPMC model. Linked, never run; what counts is that nothing
// more is asked for.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "guest/interpreter.hpp"
#include "guest/program.hpp"
#include "mediator/instantiate.hpp"
#include "mediator/mediator.hpp"
#include "spmc-model/spmc.hpp"

namespace product {

alignas(64) std::byte memory[1 << 20];
volatile uint64_t input[18];

class SmallPlatform;

class FFA_CAPABILITY SpinWord {
 public:
  SpinWord(SmallPlatform&, mediator::LockClass) {}
  void lock() FFA_ACQUIRE() {
    while (__atomic_exchange_n(&word_, 1U, __ATOMIC_ACQUIRE) != 0) {
    }
  }
  void unlock() FFA_RELEASE() { __atomic_store_n(&word_, 0U, __ATOMIC_RELEASE); }

 private:
  uint32_t word_ = 0;
};

template <class T>
class AtomicWord {
 public:
  AtomicWord(SmallPlatform&, T value) : value_(value) {}
  T load() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  bool compare_exchange(T& expected, T desired) {
    return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
  }
  T fetch_add(T by) { return __atomic_fetch_add(&value_, by, __ATOMIC_ACQ_REL); }

 private:
  T value_;
};

class NormalMemory final : public spmc_model::PhysicalMemory {
 public:
  bool read(ffa::Pa, std::span<std::byte>) override { return input[0] != 0; }
  bool write(ffa::Pa, std::span<const std::byte>) override { return input[1] != 0; }
  bool is_normal_ram(ffa::Pa page) override { return page.raw() == input[2]; }
  void raise_schedule_receiver_interrupt() override {}
};

class SmallPlatform {
 public:
  using SpinLock = SpinWord;
  template <class T>
  using Atomic = AtomicWord<T>;

  explicit SmallPlatform(spmc_model::Spmc& spmc) : spmc_(spmc) {}

  mediator::Extent translate(ffa::EndpointId, ffa::Ipa ipa, ffa::PageCount pages) {
    return {ffa::Pa{ipa.raw() + input[3]}, pages, static_cast<mediator::MemoryKind>(input[4])};
  }
  ffa::Result<void> pin(ffa::EndpointId, ffa::Ipa, mediator::Extent) { return {}; }
  void unpin(ffa::EndpointId, ffa::Ipa, ffa::PageCount) {}
  ffa::Result<void> set_access(ffa::EndpointId, ffa::Ipa, ffa::PageCount, mediator::OwnerAccess) {
    return {};
  }
  ffa::Result<void> map_into(ffa::EndpointId, ffa::Ipa, const mediator::Extent&,
                             mediator::BorrowerAccess) {
    return {};
  }
  void unmap_from(ffa::EndpointId, ffa::Ipa, ffa::PageCount) {}
  void tlbi(ffa::EndpointId) {}
  ffa::Result<mediator::BufferId> map(ffa::EndpointId, ffa::Ipa, ffa::PageCount) {
    return mediator::BufferId{static_cast<uint32_t>(input[5])};
  }
  void unmap(mediator::BufferId) {}
  void copy_in(mediator::BufferId, uint32_t, std::span<std::byte> to) {
    for (std::byte& byte : to) byte = static_cast<std::byte>(input[6]);
  }
  void copy_out(mediator::BufferId, uint32_t, std::span<const std::byte> from) {
    for (const std::byte byte : from) input[7] = static_cast<uint64_t>(byte);
  }
  void clear(mediator::BufferId, uint32_t, uint32_t) {}
  mediator::OwnBuffers own_buffers() { return {}; }
  void smc(ffa::EndpointId, ffa::Regs& regs) { regs = spmc_.smc(regs); }
  bool inject_irq(ffa::EndpointId, ffa::VcpuId, uint32_t) { return input[8] != 0; }
  void wake(ffa::EndpointId, ffa::VcpuId) {}
  bool vm_get(ffa::EndpointId) { return input[8] != 0; }
  void vm_put(ffa::EndpointId) {}
  bool budget_left() { return input[9] != 0; }
  void log(mediator::LogLevel, std::string_view) {}
  void rules(ffa::EndpointId, ffa::VcpuId, const mediator::RuleTrace&) {}

 private:
  spmc_model::Spmc& spmc_;
};

struct FlatMemory {
  bool read(uint64_t, std::span<std::byte>) { return input[10] != 0; }
  bool write(uint64_t, std::span<const std::byte>) { return input[11] != 0; }
};

class CountingObserver final : public mediator::Observer {
 public:
  void vm(const mediator::VmFacts& facts) override { input[12] = facts.shares; }
  void share(const mediator::ShareFacts& facts) override { input[12] = facts.handle.raw(); }
  void range(const mediator::RangeFacts& facts) override { input[12] = facts.ipa.raw(); }
};

}  // namespace product

template class mediator::Mediator<product::SmallPlatform>;

extern "C" void entry();
extern "C" void entry() {
  using namespace product;
  const std::span<std::byte> all{memory};
  NormalMemory normal_memory;
  spmc_model::SpConfig sp;
  const spmc_model::SpmcConfig spmc_config{{}, {&sp, 1}, {}};
  auto* spmc = spmc_model::Spmc::create(all.first(spmc_model::Spmc::storage_bytes()), spmc_config,
                                        normal_memory);
  SmallPlatform platform{*spmc};
  auto* mediator = mediator::Mediator<SmallPlatform>::create(platform, {}, all.subspan(input[13]));
  input[14] = mediator->probe().ok() ? 1 : 0;
  mediator::VmConfig vm;
  vm.id = ffa::EndpointId{1};
  input[14] = mediator->domain_init(vm, all.subspan(input[15])).ok() ? 1 : 0;

  uint64_t slots[4]{};
  FlatMemory flat;
  const auto program = guest::Program::open(all.subspan(input[16]));
  if (!program.ok()) return;
  guest::Interpreter<FlatMemory> interpreter{*program, flat, slots};
  for (auto exit = interpreter.run(); exit.kind == guest::ExitKind::call;
       exit = interpreter.run()) {
    const auto conduit = static_cast<mediator::Conduit>(input[17]);
    mediator->handle_call(vm.id, ffa::VcpuId{0}, conduit, exit.regs);
    interpreter.complete(exit.regs);
  }
  mediator->schedule_receiver_interrupt();
  CountingObserver observer;
  mediator->observe(observer);
  while (mediator->domain_teardown(vm.id) == mediator::Progress::restart) {
  }
  mediator->relinquish_resources(vm.id);
  mediator->free_domain_ctx(vm.id);
}
