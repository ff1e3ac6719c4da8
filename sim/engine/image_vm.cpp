// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/image_vm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "ports/qemu-virt/memory_map.h"
#include "sim/engine/input_error.hpp"

namespace sim {
namespace {

// Functions of PSCI, without the bit of the width. [DEN0022 5.1]
enum class Psci : uint32_t {
  version = 0x84000000,
  cpu_suspend = 0x84000001,
  cpu_off = 0x84000002,
  cpu_on = 0x84000003,
  affinity_info = 0x84000004,
  system_off = 0x84000008,
  system_reset = 0x84000009,
  features = 0x8400000a,
};
constexpr uint32_t width_bit = 1U << 30;
constexpr uint64_t psci_version = 0x10001;
constexpr uint64_t psci_success = 0;
constexpr uint64_t psci_off = 1;
constexpr auto psci_not_supported = static_cast<uint64_t>(-1);
constexpr auto psci_invalid_parameters = static_cast<uint64_t>(-2);
constexpr auto psci_already_on = static_cast<uint64_t>(-4);

constexpr uint64_t slots_bytes = guest::max_slots * sizeof(uint64_t);
constexpr uint64_t no_burst = 1ULL << 32;  // no program of steps has so many instructions a step

/// What a program that runs steps has besides the VM's memory.
std::vector<PrivateMemory> private_memory(const ImageSpec& spec, const endpoint::Image& image,
                                          uint16_t vcpus) {
  std::vector<PrivateMemory> memory = spec.memory;
  if (!spec.runs_steps) return memory;
  for (const endpoint::Piece& piece : image.pieces()) {
    const uint64_t begin = piece.address / endpoint::page_bytes * endpoint::page_bytes;
    const uint64_t end = piece.address + piece.size();
    memory.push_back({begin, (end - begin + endpoint::page_bytes - 1) / endpoint::page_bytes *
                                 endpoint::page_bytes});
  }
  memory.push_back({GUEST_STACKS_IPA, uint64_t{vcpus} * GUEST_STACK_BYTES});
  memory.push_back({GUEST_SLOTS_IPA, uint64_t{vcpus} * slots_bytes});
  memory.push_back({GUEST_PACKAGE_IPA, uint64_t{vcpus} * endpoint::max_piece_bytes});
  return memory;
}

}  // namespace

/// The board's own memory, and behind it the VM's through stage 2.
class ImageVm::Memory final : public endpoint::AddressSpace {
 public:
  Memory(Simulation& simulation, uint16_t vm, const std::vector<PrivateMemory>& own)
      : simulation_(simulation), vm_(vm), own_(own) {}

  std::optional<Page> page(uint64_t address) override {
    if (std::byte* const own = own_.find(address)) return Page{own, true};
    const auto view = simulation_.machine().view_page(vm_, address);
    if (!view) return {};
    pas_[address] = view->pa;
    return Page{view->bytes, view->writable};
  }
  uint64_t changes() const override { return simulation_.machine().page_views(); }
  void wrote(const std::vector<uint64_t>& pages) override {
    written_.clear();
    for (const uint64_t address : pages) {
      const auto pa = pas_.find(address);
      if (pa != pas_.end()) written_.push_back(pa->second);
    }
    simulation_.machine().wrote_pages(written_);
  }
  void clear() {
    own_.clear();
    pas_.clear();
  }
  /// Where something is to be put: all that is there, whatever the vCPUs may do.
  bool put(uint64_t address, std::span<const std::byte> bytes) {
    const auto find = [this](uint64_t at) -> std::byte* {
      const auto found = page(at);
      if (!found || !found->writable) return nullptr;
      wrote({at});
      return found->bytes;
    };
    return endpoint::each_page(address, bytes, find, [](std::byte* to, auto from) {
      std::memcpy(to, from.data(), from.size());
    });
  }
  void get(uint64_t address, std::span<std::byte> bytes) {
    (void)endpoint::each_page(
        address, bytes, [this](uint64_t at) { return own_.find(at); },
        [](const std::byte* from, auto to) { std::memcpy(to.data(), from, to.size()); });
  }

 private:
  Simulation& simulation_;
  uint16_t vm_;
  endpoint::PrivatePages own_;
  std::map<uint64_t, uint64_t> pas_;  // of pages that are the VM's, by their address
  std::vector<uint64_t> written_;
};

struct ImageVm::Vcpu {
  Vcpu(Memory& memory, endpoint::Cpu::Board board) : cpu(memory, std::move(board)) {}
  endpoint::Cpu cpu;
  uint16_t number = 0;
  bool on = false;
  bool begun = false;           ///< of one that runs steps
  std::vector<uint64_t> slots;  ///< as it found them
};

ImageVm::ImageVm(Simulation& simulation, const VmSpec& vm)
    : simulation_(simulation),
      vm_(vm),
      spec_(*vm.image),
      image_(spec_),
      memory_(std::make_unique<Memory>(simulation, vm.config.id.raw(),
                                       private_memory(spec_, image_, vm.config.vcpus))) {
  for (uint16_t n = 0; n < vm.config.vcpus; ++n) {
    endpoint::Cpu::Board board{spec_.uart, n, [this](char c) { simulation_.print(vm_.name, c); }};
    vcpus_.push_back(std::make_unique<Vcpu>(*memory_, std::move(board)));
    vcpus_.back()->number = n;
  }
}

ImageVm::~ImageVm() = default;

ImageVm::Vcpu& ImageVm::vcpu_of(uint16_t vcpu) { return *vcpus_.at(vcpu); }

void ImageVm::power_on() {
  memory_->clear();
  system_end_.reset();
  for (const endpoint::Piece& piece : image_.pieces()) {
    const std::vector<std::byte> zeros(piece.zeros);
    const bool there = memory_->put(piece.address, piece.bytes) &&
                       memory_->put(piece.address + piece.bytes.size(), zeros);
    if (!there) {
      throw InputError(image_.file(), fmt::format("{} at {:#x} finds no memory there that {} has",
                                                  piece.name, piece.address, vm_.name));
    }
  }
  for (auto& one : vcpus_) {
    one->on = false;
    one->begun = false;
  }
  std::array<uint64_t, 31> registers{};
  for (const auto& [reg, value] : spec_.registers) registers.at(reg) = value;
  vcpus_.front()->cpu.reset(image_.entry(), registers);
  vcpus_.front()->on = true;
}

void ImageVm::turn_on(uint16_t vcpu, uint64_t entry, uint64_t argument) {
  Vcpu& one = vcpu_of(vcpu);
  std::array<uint64_t, 31> registers{};
  registers[0] = argument;
  one.cpu.reset(entry, registers);
  one.on = true;
}

// ---- Programs that run steps.

void ImageVm::begin_steps(Vcpu& one, std::span<const std::byte> code, size_t slots) {
  const uint64_t package = GUEST_PACKAGE_IPA + one.number * endpoint::max_piece_bytes;
  if (code.size() > endpoint::max_piece_bytes || !memory_->put(package, code)) {
    throw InputError(image_.file(), fmt::format("the steps of {}.{} have {} bytes, too many for it",
                                                vm_.name, one.number, code.size()));
  }
  std::array<uint64_t, 31> registers{};
  registers[0] = package;
  registers[1] = code.size();
  registers[2] = GUEST_SLOTS_IPA + one.number * slots_bytes;
  registers[3] = slots;
  const uint64_t stack_top = GUEST_STACKS_IPA + (one.number + uint64_t{1}) * GUEST_STACK_BYTES;
  one.cpu.reset(image_.entry(), registers, stack_top);
  one.begun = true;
}

/// What the program has saved. Meanwhile others may have saved something of their own.
void ImageVm::take_slots(Vcpu& one, std::span<uint64_t> slots) {
  std::vector<uint64_t> now(slots.size());
  memory_->get(GUEST_SLOTS_IPA + one.number * slots_bytes, std::as_writable_bytes(std::span{now}));
  for (size_t n = 0; n < now.size(); ++n) {
    if (now[n] != one.slots[n]) slots[n] = now[n];
  }
}

guest::Exit ImageVm::run_steps(uint16_t vcpu, std::span<const std::byte> code,
                               std::span<uint64_t> slots) {
  Vcpu& one = vcpu_of(vcpu);
  if (!one.begun) begin_steps(one, code, slots.size());
  one.slots.assign(slots.begin(), slots.end());
  memory_->put(GUEST_SLOTS_IPA + vcpu * slots_bytes, std::as_bytes(slots));
  const endpoint::Stop stop = one.cpu.run(no_burst);
  take_slots(one, slots);
  const ffa::Regs regs = one.cpu.call_registers();
  guest::Exit exit{.kind = guest::ExitKind::call, .regs = regs};
  if (stop == endpoint::Stop::smc) return exit;
  exit.kind = guest::ExitKind::malformed;
  if (stop != endpoint::Stop::hvc) return exit;
  exit.id = static_cast<uint32_t>(regs.x[0]);
  switch (one.cpu.immediate()) {
    case HVC_CALL:
      exit.kind = guest::ExitKind::call;
      exit.conduit = guest::Conduit::hvc;
      break;
    case HVC_STEP:
      exit.kind = guest::ExitKind::step;
      break;
    case HVC_DUMP:
      exit.kind = guest::ExitKind::dump;
      exit.ipa = regs.x[1];
      exit.length = regs.x[2];
      break;
    case HVC_FAULT:
      exit.kind = guest::ExitKind::fault;
      exit.ipa = regs.x[0];
      break;
    case HVC_END:
      exit.kind = guest::ExitKind::end;
      break;
    default:
      break;
  }
  return exit;
}

void ImageVm::complete(uint16_t vcpu, const ffa::Regs& regs) {
  vcpu_of(vcpu).cpu.set_call_registers(regs);
}

// ---- Other programs.

ImageVm::Pause ImageVm::run(uint16_t vcpu, uint64_t instructions) {
  Vcpu& one = vcpu_of(vcpu);
  if (system_end_) return {.call = {}, .end = system_end_};
  if (!one.on) return {.call = {}, .end = ImageEnd::cpu_off};
  switch (one.cpu.run(std::min(instructions, spec_.burst))) {
    case endpoint::Stop::hvc:
    case endpoint::Stop::smc:
      break;
    case endpoint::Stop::spent:
      return {};
    case endpoint::Stop::fault:
      return {.call = {}, .end = ImageEnd::broken};
  }
  const ffa::Regs regs = one.cpu.call_registers();
  if (spec_.console_call && static_cast<uint32_t>(regs.x[0]) == *spec_.console_call) {
    simulation_.print(vm_.name, static_cast<char>(regs.x[1]));
    ffa::Regs answer = regs;
    answer.x[0] = psci_success;
    one.cpu.set_call_registers(answer);
    return {};
  }
  const bool hvc = one.cpu.stopped_at_hvc();
  return {.call = hvc ? guest::Conduit::hvc : guest::Conduit::smc, .regs = regs};
}

std::optional<uint64_t> ImageVm::psci(uint16_t vcpu, const ffa::Regs& call) {
  const auto function = static_cast<uint32_t>(call.x[0]);
  const uint64_t target = call.x[1];
  const bool there = target < vcpus_.size();
  switch (static_cast<Psci>(function & ~width_bit)) {
    case Psci::version:
      return psci_version;
    case Psci::cpu_suspend:
      return psci_success;
    case Psci::cpu_off:
      vcpu_of(vcpu).on = false;
      return psci_success;
    case Psci::cpu_on:
      if (!there) return psci_invalid_parameters;
      if (is_on(static_cast<uint16_t>(target))) return psci_already_on;
      turn_on(static_cast<uint16_t>(target), call.x[2], call.x[3]);
      return psci_success;
    case Psci::affinity_info:
      if (!there) return psci_invalid_parameters;
      return is_on(static_cast<uint16_t>(target)) ? psci_success : psci_off;
    case Psci::system_off:
      system_end_ = ImageEnd::system_off;
      return psci_success;
    case Psci::system_reset:
      system_end_ = ImageEnd::system_reset;
      return psci_success;
    case Psci::features: {
      const uint32_t asked = static_cast<uint32_t>(call.x[1]) & ~width_bit;
      const bool known = (asked >= static_cast<uint32_t>(Psci::version) &&
                          asked <= static_cast<uint32_t>(Psci::affinity_info)) ||
                         (asked >= static_cast<uint32_t>(Psci::system_off) &&
                          asked <= static_cast<uint32_t>(Psci::features));
      return known ? psci_success : psci_not_supported;
    }
  }
  return {};
}

bool ImageVm::is_on(uint16_t vcpu) const { return vcpus_.at(vcpu)->on; }

bool ImageVm::is_over() const { return system_end_.has_value(); }

uint64_t ImageVm::instructions(uint16_t vcpu) const { return vcpus_.at(vcpu)->cpu.instructions(); }

std::string ImageVm::describe(uint16_t vcpu) const { return vcpus_.at(vcpu)->cpu.fault(); }

bool ImageVm::drops_stage1() const {
  return std::any_of(vcpus_.begin(), vcpus_.end(),
                     [](const auto& one) { return one->cpu.drops_stage1(); });
}

}  // namespace sim
