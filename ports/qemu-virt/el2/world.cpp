// SPDX-License-Identifier: BSD-3-Clause
#include "ports/qemu-virt/el2/world.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "ffa/buffer_use.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/el2/configs.hpp"
#include "ports/qemu-virt/el2/places.hpp"

namespace ports::qemu {
namespace {

using mediator::Progress;

constexpr uint64_t smccc_not_supported = 0xffffffff;
constexpr std::byte fresh_memory{0xa5};

int64_t status_word(const ffa::Result<void>& result) {
  return static_cast<int32_t>(result.ok() ? ffa::Status::success : result.error());
}

/// The facts of one VM, if the mediator knows it.
class VmFinder final : public mediator::Observer {
 public:
  explicit VmFinder(uint16_t id) : id_(id) {}
  void vm(const mediator::VmFacts& facts) override {
    if (facts.id.raw() == id_) found_ = facts;
  }
  void share(const mediator::ShareFacts& /*facts*/) override {}
  void range(const mediator::RangeFacts& /*facts*/) override {}
  [[nodiscard]] const mediator::VmFacts& found() const { return found_; }

 private:
  uint16_t id_;
  mediator::VmFacts found_{};
};

}  // namespace

World::World(const guest::Package& package, Recorder& recorder)
    : package_(package),
      recorder_(recorder),
      machine_(package, recorder),
      faults_(package),
      secure_(package, machine_, faults_, recorder),
      platform_(machine_, secure_, faults_, recorder),
      config_(to_config(package.mediator)),
      memory_(reinterpret_cast<std::byte*>(places.mediator.base), places.mediator.bytes) {
  mediator_ = ProductMediator::create(platform_, config_,
                                      take_memory(ProductMediator::memory_needed(config_)));
  if (mediator_ == nullptr) give_up(exit_bad_input, "the mediator refuses its configuration");
}

std::span<std::byte> World::take_memory(size_t bytes) {
  if (bytes > memory_.size()) give_up(exit_too_large, "the mediator's memory");
  const auto taken = memory_.first(bytes);
  memory_ = memory_.subspan(bytes);
  std::fill(taken.begin(), taken.end(), fresh_memory);
  return taken;
}

/// A VM that comes again gets the same memory.
std::span<std::byte> World::arena_of(Vm& vm, const mediator::VmConfig& config) {
  if (vm.arena.empty()) {
    vm.arena = take_memory(ProductMediator::memory_needed(config_, config));
  } else {
    std::fill(vm.arena.begin(), vm.arena.end(), fresh_memory);
  }
  return vm.arena;
}

void World::boot() {
  recorder_.rules();
  const uint64_t event = recorder_.begin({.side = Side::lifecycle, .op = "probe"});
  const int64_t status = status_word(mediator_->probe());
  recorder_.end(event, {.result = status});
}

int32_t World::create_vm(Vm& vm, uint32_t budget) {
  secure_.set_on_behalf({});
  const uint64_t event = recorder_.begin({.side = Side::lifecycle, .vm = vm.id(), .op = "create"});
  auto status = static_cast<int32_t>(ffa::Status::denied);
  const bool begun = vm.life == Life::creating;
  if (begun || !vm.exists()) {
    if (!begun) machine_.add_vm(vm);
    const mediator::VmConfig config = to_config(*vm.config);
    const auto* const fault = begun ? nullptr : faults_.strike(guest::FaultOp::memory);
    if (fault != nullptr) {
      status = static_cast<int32_t>(status_of(*fault, ffa::Status::no_memory));
    } else {
      platform_.set_budget(budget);
      const auto progress = mediator_->domain_init(config, begun ? vm.arena : arena_of(vm, config));
      platform_.set_budget(0);
      status =
          progress.ok() ? static_cast<int32_t>(*progress) : static_cast<int32_t>(progress.error());
    }
    if (status == 0) {
      vm.life = Life::running;
    } else if (status < 0) {
      machine_.remove_vm(vm);
    }
  }
  recorder_.end(event, {.result = status});
  return status;
}

template <class Work>
Progress World::stage(const char* op, Vm& vm, uint32_t budget, Work work) {
  const uint64_t event = recorder_.begin({.side = Side::lifecycle, .vm = vm.id(), .op = op});
  platform_.set_budget(budget);
  const Progress progress = work();
  platform_.set_budget(0);
  if (progress == Progress::quarantined) vm.quarantined = true;
  recorder_.end(event, {.result = static_cast<int64_t>(progress)});
  return progress;
}

Progress World::destroy_vm(Vm& vm, uint32_t budget) {
  secure_.set_on_behalf({});
  const ffa::EndpointId id{vm.id()};
  if (vm.life == Life::creating || vm.life == Life::running) vm.life = Life::teardown;
  if (vm.life == Life::teardown) {
    const auto work = [&] { return mediator_->domain_teardown(id); };
    const Progress progress = stage("teardown", vm, budget, work);
    if (goes_on(progress)) return progress;
    vm.life = Life::relinquish;
  }
  if (vm.life == Life::relinquish) {
    const auto work = [&] { return mediator_->relinquish_resources(id); };
    const Progress progress = stage("relinquish", vm, budget, work);
    if (goes_on(progress)) return progress;
    vm.life = Life::free;
  }
  if (vm.references != 0) return Progress::later;
  const uint64_t event = recorder_.begin({.side = Side::lifecycle, .vm = vm.id(), .op = "free"});
  mediator_->free_domain_ctx(id);
  const Progress progress = vm.quarantined ? Progress::quarantined : Progress::done;
  machine_.remove_vm(vm);
  recorder_.end(event, {.result = static_cast<int64_t>(progress)});
  return progress;
}

void World::schedule_receiver_interrupt() {
  secure_.set_on_behalf({});
  const uint64_t event = recorder_.begin({.side = Side::irq, .op = "sri"});
  mediator_->schedule_receiver_interrupt();
  recorder_.end(event, {.result = config_.sri_id});
}

void World::guest_call(uint16_t id, uint16_t vcpu, mediator::Conduit conduit,
                       std::span<uint64_t, 18> x) {
  Vm* const vm = machine_.find(id);
  const uint16_t pcpu = secure_.pcpu_of(vcpu);
  secure_.set_on_behalf({vcpu, pcpu});
  const bool lives = vm != nullptr && vm->lives();
  ffa::Regs regs;
  std::copy(x.begin(), x.end(), regs.x.begin());
  const ffa::Regs in = regs;
  const auto shown = [&](uint64_t ipa, uint64_t length) -> uint64_t {
    const uint64_t limit = lives ? vm->buffers.pages * ffa::page_size : 0;
    const uint64_t bytes = std::min(length, limit);
    return bytes != 0 && machine_.is_readable(id, ipa, bytes) ? bytes : 0;
  };
  const auto copy_from = [&](uint64_t ipa) {
    return [this, id, ipa](std::span<std::byte> to) { machine_.read(id, ipa, to); };
  };

  const uint64_t tx_ipa = lives ? vm->buffers.tx_ipa : 0;
  const auto used = [&]() -> uint64_t {
    if (!ffa::is_function(in, ffa::Fid::msg_send2)) return ffa::tx_bytes_used(in);
    std::array<std::byte, ffa::message_header_bytes> header{};
    if (shown(tx_ipa, header.size()) < header.size()) return 0;
    machine_.read(id, tx_ipa, header);
    const uint64_t limit = vm->buffers.pages * ffa::page_size;
    return ffa::message_bytes(header, ffa::longest_message_header_bytes, limit);
  };
  const uint64_t tx_bytes = shown(tx_ipa, used());
  const uint64_t event = recorder_.begin({.side = Side::guest,
                                          .vm = id,
                                          .vcpu = vcpu,
                                          .pcpu = pcpu,
                                          .conduit = conduit == mediator::Conduit::smc ? 1U : 2U,
                                          .in = in},
                                         tx_bytes, copy_from(tx_ipa));
  (void)platform_.take_rules();
  platform_.begin_call(event, id, tx_bytes);
  // A VM that does not exist has nobody who traps its calls.
  const auto outcome =
      vm != nullptr && vm->exists()
          ? mediator_->handle_call(ffa::EndpointId{id}, ffa::VcpuId{vcpu}, conduit, regs)
          : mediator::Dispatch::not_mine;
  if (outcome == mediator::Dispatch::blocked) {
    give_up(exit_broken, "a call waits for another VM, which this machine does not run meanwhile");
  }
  const bool handled = outcome == mediator::Dispatch::handled;
  platform_.end_call();
  if (!handled) regs = in;
  if (!handled) regs.x[0] = smccc_not_supported;
  if (lives) vm->buffers.follow(in, regs);
  const mediator::RuleTrace met = platform_.take_rules();
  const uint64_t rx_ipa = lives ? vm->buffers.rx_ipa : 0;
  recorder_.end(event, {.out = regs, .rules = &met}, shown(rx_ipa, ffa::rx_bytes_written(in, regs)),
                copy_from(rx_ipa));
  secure_.set_on_behalf({});
  std::copy(regs.x.begin(), regs.x.end(), x.begin());
}

void World::dump_state(uint32_t id) {
  guest::RecordWriter& out = recorder_.writer();
  const ffa::Regs spmc = secure_.ask(TestControl::facts, {});
  const bool model = spmc.x[0] == 1;  // another SPMC knows nothing of the question
  out.begin(guest::RecordTag::state);
  out.word(id);
  out.word(package_.vm_count);
  for (const Vm& vm : machine_.vms()) {
    VmFinder finder{vm.id()};
    mediator_->observe(finder);
    const mediator::VmFacts& facts = finder.found();
    const ffa::Regs known = model ? secure_.ask(TestControl::vm_facts, {vm.id()}) : ffa::Regs{};
    const uint64_t flags =
        (facts.version_frozen ? 1U : 0U) | (facts.tx_claimed ? 2U : 0U) | (facts.dying ? 4U : 0U);
    const uint64_t words[guest::record_vm_words] = {vm.id(),
                                                    vm.exists() ? 1U : 0U,
                                                    static_cast<uint64_t>(facts.rx),
                                                    flags,
                                                    facts.version.raw(),
                                                    facts.shares,
                                                    facts.quarantined,
                                                    facts.rxtx_pages.raw(),
                                                    vm.pins,
                                                    machine_.mapped_buffers(vm.id()),
                                                    known.x[0],
                                                    known.x[1]};
    for (const uint64_t word : words) out.word(word);
  }
  for (size_t n = 0; n < 5; ++n) out.word(spmc.x[n]);
  out.end();
}

}  // namespace ports::qemu
