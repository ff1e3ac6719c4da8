// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/unicorn_mediator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <list>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "ffa/status.hpp"
#include "ports/unicorn/image_abi.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/unicorn/cpu.hpp"
#include "sim/unicorn/image.hpp"
#include "sim/unicorn/memory.hpp"
#include "sim/unicorn/outside.hpp"

namespace sim {
namespace {

using ports::unicorn::GuestCall;
using unicorn::Activation;
using unicorn::CallRegisters;
using unicorn::CountSink;
using unicorn::Cpu;
using unicorn::Image;
using unicorn::Memory;
using unicorn::Monitoring;
using unicorn::Outside;
using unicorn::Stop;

constexpr uint32_t most_rules = 4096;

/// Addresses of the image's functions, see ports/unicorn/image_abi.hpp.
struct Functions {
  explicit Functions(const Image& image)
      : memory_needed(image.symbol("image_memory_needed")),
        vm_memory_needed(image.symbol("image_vm_memory_needed")),
        create(image.symbol("image_create")),
        probe(image.symbol("image_probe")),
        domain_init(image.symbol("image_domain_init")),
        domain_teardown(image.symbol("image_domain_teardown")),
        relinquish_resources(image.symbol("image_relinquish_resources")),
        free_domain_ctx(image.symbol("image_free_domain_ctx")),
        schedule_receiver_interrupt(image.symbol("image_schedule_receiver_interrupt")),
        observe(image.symbol("image_observe")),
        rule_name(image.symbol("image_rule_name")) {}
  uint64_t memory_needed, vm_memory_needed, create, probe, domain_init, domain_teardown,
      relinquish_resources, free_domain_ctx, schedule_receiver_interrupt, observe, rule_name;
};

/// The emulator with the image in it: one a process, made when the first world needs it, since to
/// open one costs as much as many cases.
struct Emulator {
  Emulator(std::shared_ptr<const Image> source, Monitoring monitoring, CountSink count_sink,
           const unicorn::BlockSink& entered)
      : own_image(std::move(source)),
        image(*own_image),
        functions(image),
        memory(image, monitoring == Monitoring::all),
        cpu(image, memory, monitoring, entered),
        counted(std::move(count_sink)) {}
  std::shared_ptr<const Image> own_image;
  const Image& image;
  Functions functions;
  Memory memory;
  Cpu cpu;
  CountSink counted;
  unsigned mediators = 0;
  std::vector<std::string> rules;
};

/// Bytes of an object that goes to the image.
template <class T>
std::span<const std::byte> bytes_of(const T& object) {
  return std::as_bytes(std::span{&object, 1});
}

class UnicornMediator final : public MediatorUnderTest {
 public:
  UnicornMediator(std::shared_ptr<Emulator> emulator, const ffa_sim_world_ops& ops, void* world,
                  const mediator::MediatorConfig& config)
      : emulator_(std::move(emulator)), config_(config), outside_(ops, world, emulator_->memory) {
    ++emulator_->mediators;
    try {
      create();
    } catch (...) {
      leave();
      throw;
    }
  }
  ~UnicornMediator() override { leave(); }
  UnicornMediator(const UnicornMediator&) = delete;
  UnicornMediator& operator=(const UnicornMediator&) = delete;

  std::string name() const override { return "ffa-sim"; }

  int32_t probe() override { return status(call(functions().probe, {self_})); }

  int32_t domain_init(const mediator::VmConfig& vm) override {
    const uint16_t id = vm.id.raw();
    const uint64_t bytes =
        call(functions().vm_memory_needed, {}, {bytes_of(config_), bytes_of(vm)});
    if (!creating_.contains(id)) {
      if (vms_.contains(id)) return static_cast<int32_t>(ffa::Status::denied);
      const uint64_t memory = emulator_->memory.allocate(bytes);
      if (memory == 0) return static_cast<int32_t>(ffa::Status::no_memory);
      vms_[id] = memory;
    }
    const int32_t result =
        status(call(functions().domain_init, {self_}, {bytes_of(vm)}, {vms_[id], bytes}));
    if (result > 0) {
      creating_.insert(id);
    } else {
      creating_.erase(id);
    }
    if (result < 0) take_back(id);
    return result;
  }
  uint32_t domain_teardown(uint16_t vm) override {
    return static_cast<uint32_t>(call(functions().domain_teardown, {self_, vm}));
  }
  uint32_t relinquish_resources(uint16_t vm) override {
    return static_cast<uint32_t>(call(functions().relinquish_resources, {self_, vm}));
  }
  void free_domain_ctx(uint16_t vm) override {
    call(functions().free_domain_ctx, {self_, vm});
    creating_.erase(vm);
    take_back(vm);
  }

  uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs) override {
    GuestCall call{self_, vm, vcpu, conduit, FFA_SIM_NOT_MINE};
    unicorn::GuestRegisters guest{};
    std::copy(regs.x.begin(), regs.x.end(), guest.begin());
    guest_call(call, guest);
    if (call.outcome == FFA_SIM_HANDLED) std::copy(guest.begin(), guest.end(), regs.x.begin());
    return call.outcome;
  }
  void schedule_receiver_interrupt() override {
    call(functions().schedule_receiver_interrupt, {self_});
  }

  bool observe(const std::function<void(const ffa_sim_fact&)>& sink) override {
    const struct Observation {
      Outside& outside;
      ~Observation() { outside.set_fact_sink({}); }
    } observation{outside_};
    outside_.set_fact_sink(sink);
    call(functions().observe, {self_});
    return true;
  }
  std::string rule_name(uint32_t rule) const override {
    return rule < emulator_->rules.size() ? emulator_->rules[rule] : fmt::format("rule_{}", rule);
  }
  std::optional<uint64_t> word_of(const void* word) const override {
    return emulator_->memory.heap_address(word);
  }
  std::vector<MonitorFinding> take_findings() override {
    std::vector<MonitorFinding> all;
    for (auto& [invariant, text] : emulator_->cpu.take_findings())
      all.push_back({std::move(invariant), std::move(text)});
    return all;
  }
  uint64_t stack_bytes() const override {
    const bool watched = emulator_->cpu.monitoring() != Monitoring::none;
    return watched ? emulator_->memory.deepest_stack() : 0;
  }
  bool memory_intact() const override {
    return !broken_ && emulator_->memory.border_intact(memory_) &&
           std::all_of(vms_.begin(), vms_.end(), [this](const auto& vm) {
             return emulator_->memory.border_intact(vm.second);
           });
  }

 private:
  const Functions& functions() const { return emulator_->functions; }

  void create() {
    const uint64_t bytes = call(functions().memory_needed, {}, {bytes_of(config_)});
    memory_ = emulator_->memory.allocate(bytes);
    if (memory_ == 0)
      throw InputError(emulator_->image.file(), fmt::format("asks for {} bytes of memory", bytes));
    self_ = call(functions().create, {}, {bytes_of(config_)}, {memory_, bytes});
    if (self_ == 0)
      throw InputError(emulator_->image.file(), "the mediator refuses its configuration");
    while (emulator_->rules.size() < most_rules) {
      const uint64_t text = call(functions().rule_name, {emulator_->rules.size()});
      if (text == 0) break;
      emulator_->rules.push_back(emulator_->memory.text(text));
    }
  }

  // Everything of this mediator's goes, also of calls that never came back: their fibers are gone.
  void leave() {
    for (auto& activation : activations_) emulator_->cpu.give_back(std::move(activation));
    for (const auto& [vm, memory] : vms_) emulator_->memory.release(memory);
    if (memory_ != 0) emulator_->memory.release(memory_);
    if (--emulator_->mediators == 0) emulator_->memory.restore();
  }

  static int32_t status(uint64_t result) { return static_cast<int32_t>(result); }

  void take_back(uint16_t vm) {
    const auto it = vms_.find(vm);
    if (it == vms_.end()) return;
    broken_ = broken_ || !emulator_->memory.border_intact(it->second);
    emulator_->memory.release(it->second);
    vms_.erase(it);
  }

  [[noreturn]] void fail(const std::string& why, bool stuck = false) const {
    throw MediatorFault(emulator_->cpu.describe_stop(why), stuck);
  }

  /// An activation of this mediator's; a fiber may be abandoned, so no frame owns it.
  using Mine = std::list<std::unique_ptr<Activation>>::iterator;
  Mine take() {
    auto fresh = emulator_->cpu.take();
    if (!fresh) throw InputError(emulator_->image.file(), "too many calls at once");
    return activations_.insert(activations_.end(), std::move(fresh));
  }
  void give_back(Mine mine) {
    emulator_->cpu.give_back(std::move(*mine));
    activations_.erase(mine);
  }

  /// Puts an object below `stack`: its address.
  uint64_t push(uint64_t stack, std::span<const std::byte> object) {
    constexpr uint64_t alignment = 16;
    Memory& memory = emulator_->memory;
    const uint64_t address = stack - (object.size() + alignment - 1) / alignment * alignment;
    std::copy(object.begin(), object.end(), memory.find(address, object.size(), true));
    if (memory.shadow() != nullptr)
      memory.shadow()->set(address, object.size(), unicorn::ByteState::written);
    return address;
  }

  /// Calls a function of the image with `first`, the addresses of copies of `objects`, and `last`
  /// as its arguments. Other fibers may run meanwhile, and call too. It may never come back: what
  /// it owns is in `activations_`.
  uint64_t call(uint64_t function, std::initializer_list<uint64_t> first,
                std::initializer_list<std::span<const std::byte>> objects = {},
                std::initializer_list<uint64_t> last = {}) {
    Cpu& cpu = emulator_->cpu;
    const Mine mine = take();
    std::array<uint64_t, 8> arguments{};
    size_t count = 0;
    for (const uint64_t value : first) arguments.at(count++) = value;
    uint64_t stack = Cpu::stack_top(**mine);
    for (const auto object : objects) {
      stack = push(stack, object);
      arguments.at(count++) = stack;
    }
    for (const uint64_t value : last) arguments.at(count++) = value;
    cpu.begin(**mine, function, std::span{arguments}.first(count), stack);
    const uint64_t result = run(**mine);
    give_back(mine);
    return result;
  }

  /// A guest's call through the image's vectors. `guest`: its x0-x17, in and out.
  void guest_call(GuestCall& call, unicorn::GuestRegisters& guest) {
    Emulator& emulator = *emulator_;
    const Mine mine = take();
    const uint64_t address = push(Cpu::stack_top(**mine), bytes_of(call));
    const uint64_t fid = guest[0];
    emulator.cpu.begin_guest_call(**mine, guest, address, address);
    run(**mine);
    // What the image leaves there: the outcome, and what the mediator answered.
    std::memcpy(&call, emulator.memory.find(address, sizeof call, false), sizeof call);
    unicorn::GuestRegisters answer = guest;
    if (call.outcome == FFA_SIM_HANDLED) {
      const uint64_t frame = address - ports::unicorn::guest_frame_bytes;
      std::memcpy(answer.data(), emulator.memory.find(frame, sizeof answer, false), sizeof answer);
    }
    guest = emulator.cpu.end_guest_call(answer, address);
    emulator.cpu.check_bound(static_cast<uint32_t>(fid), **mine);
    if (emulator.counted) emulator.counted(fid, (*mine)->counts);
    give_back(mine);
  }

  /// Until the function returns: its result. Or until the guest goes on.
  uint64_t run(Activation& activation) {
    Cpu& cpu = emulator_->cpu;
    while (true) {
      const Stop stop = cpu.run(activation);
      if (stop == Stop::to_guest) return 0;
      if (stop == Stop::fault) fail({});
      if (stop == Stop::endless) fail("it goes on without an operation and without end", true);
      CallRegisters x = cpu.registers();
      if (stop == Stop::hvc && x[0] == static_cast<uint64_t>(ports::unicorn::Op::returned))
        return x[1];
      cpu.suspend(activation);
      try {
        if (stop == Stop::smc) {
          outside_.smc(x, activation);
        } else {
          outside_.hvc(x, activation);
        }
      } catch (const unicorn::BadOperation& bad) {
        fail(bad.what());
      }
      cpu.resume(activation, x);
    }
  }

  std::shared_ptr<Emulator> emulator_;
  mediator::MediatorConfig config_;
  Outside outside_;
  uint64_t memory_ = 0;
  uint64_t self_ = 0;
  std::map<uint16_t, uint64_t> vms_;
  std::set<uint16_t> creating_;  ///< of vms_, whose domain_init goes on
  std::list<std::unique_ptr<Activation>> activations_;
  bool broken_ = false;
};

class UnicornFactory final : public MediatorFactory {
 public:
  UnicornFactory(const std::string& file, Monitoring monitoring, CountSink counted,
                 unicorn::BlockSink entered)
      : image_(std::make_shared<const Image>(file)),
        monitoring_(monitoring),
        counted_(std::move(counted)),
        entered_(std::move(entered)) {
    (void)Functions(*image_);
  }

  std::unique_ptr<MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                            const mediator::MediatorConfig& config) override {
    if (!emulator_) {
      emulator_ = std::make_shared<Emulator>(image_, monitoring_, counted_, entered_);
    }
    return std::make_unique<UnicornMediator>(emulator_, ops, world, config);
  }

 private:
  std::shared_ptr<const Image> image_;
  Monitoring monitoring_;
  CountSink counted_;
  unicorn::BlockSink entered_;
  std::shared_ptr<Emulator> emulator_;
};

}  // namespace

std::unique_ptr<MediatorFactory> unicorn_mediator(const std::string& file, Monitoring monitoring,
                                                  CountSink counted, unicorn::BlockSink entered) {
  return std::make_unique<UnicornFactory>(file, monitoring, std::move(counted), std::move(entered));
}

}  // namespace sim
