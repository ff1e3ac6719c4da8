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

using unicorn::Activation;
using unicorn::CallRegisters;
using unicorn::Cpu;
using unicorn::Image;
using unicorn::Memory;
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
        handle_call(image.symbol("image_handle_call")),
        schedule_receiver_interrupt(image.symbol("image_schedule_receiver_interrupt")),
        observe(image.symbol("image_observe")),
        rule_name(image.symbol("image_rule_name")) {}
  uint64_t memory_needed, vm_memory_needed, create, probe, domain_init, domain_teardown,
      relinquish_resources, free_domain_ctx, handle_call, schedule_receiver_interrupt, observe,
      rule_name;
};

/// The emulator with the image in it: one a process, made when the first world needs it, since to
/// open one costs as much as many cases.
struct Emulator {
  explicit Emulator(std::shared_ptr<const Image> source)
      : own_image(std::move(source)),
        image(*own_image),
        functions(image),
        memory(image),
        cpu(image, memory) {}
  std::shared_ptr<const Image> own_image;
  const Image& image;
  Functions functions;
  Memory memory;
  Cpu cpu;
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
    std::array<uint64_t, ports::unicorn::call_registers> x{};
    std::copy(regs.x.begin(), regs.x.end(), x.begin());
    const std::span<std::byte> back = std::as_writable_bytes(std::span{x});
    const auto outcome = static_cast<uint32_t>(
        call(functions().handle_call, {self_, vm, vcpu, conduit}, {back}, {}, back));
    if (outcome == FFA_SIM_HANDLED) std::copy(x.begin(), x.end(), regs.x.begin());
    return outcome;
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

  /// Calls a function of the image with `first`, the addresses of copies of `objects`, and `last`
  /// as its arguments. `back`: where the first object goes when it is back. Other fibers may run
  /// meanwhile, and call too. It may never come back: what it owns is in `activations_`.
  uint64_t call(uint64_t function, std::initializer_list<uint64_t> first,
                std::initializer_list<std::span<const std::byte>> objects = {},
                std::initializer_list<uint64_t> last = {}, std::span<std::byte> back = {}) {
    constexpr uint64_t stack_alignment = 16;
    Cpu& cpu = emulator_->cpu;
    auto fresh = cpu.take();
    if (!fresh) throw InputError(emulator_->image.file(), "too many calls at once");
    const auto mine = activations_.insert(activations_.end(), std::move(fresh));
    Activation& activation = **mine;
    std::array<uint64_t, 8> arguments{};
    size_t count = 0;
    for (const uint64_t value : first) arguments.at(count++) = value;
    uint64_t stack = Cpu::stack_top(activation);
    uint64_t first_object = 0;
    for (const auto object : objects) {
      stack -= (object.size() + stack_alignment - 1) / stack_alignment * stack_alignment;
      std::memcpy(emulator_->memory.find(stack, object.size(), true), object.data(), object.size());
      arguments.at(count++) = stack;
      if (first_object == 0) first_object = stack;
    }
    for (const uint64_t value : last) arguments.at(count++) = value;
    cpu.begin(activation, function, std::span{arguments}.first(count), stack);
    const uint64_t result = run(activation);
    if (!back.empty()) {
      std::memcpy(back.data(), emulator_->memory.find(first_object, back.size(), false),
                  back.size());
    }
    cpu.give_back(std::move(*mine));
    activations_.erase(mine);
    return result;
  }

  /// Until the function returns. Its result.
  uint64_t run(Activation& activation) {
    Cpu& cpu = emulator_->cpu;
    while (true) {
      const Stop stop = cpu.run(activation);
      if (stop == Stop::fault) fail({});
      if (stop == Stop::endless) fail("it goes on without an operation and without end", true);
      CallRegisters x = cpu.registers();
      if (stop == Stop::hvc && x[0] == static_cast<uint64_t>(ports::unicorn::Op::returned))
        return x[1];
      cpu.suspend(activation);
      try {
        if (stop == Stop::smc) {
          outside_.smc(x);
        } else {
          outside_.hvc(x);
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
  explicit UnicornFactory(const std::string& file) : image_(std::make_shared<const Image>(file)) {
    (void)Functions(*image_);
  }

  std::unique_ptr<MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                            const mediator::MediatorConfig& config) override {
    if (!emulator_) emulator_ = std::make_shared<Emulator>(image_);
    return std::make_unique<UnicornMediator>(emulator_, ops, world, config);
  }

 private:
  std::shared_ptr<const Image> image_;
  std::shared_ptr<Emulator> emulator_;
};

}  // namespace

std::unique_ptr<MediatorFactory> unicorn_mediator(const std::string& file) {
  return std::make_unique<UnicornFactory>(file);
}

}  // namespace sim
