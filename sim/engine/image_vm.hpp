// SPDX-License-Identifier: BSD-3-Clause
// A VM that runs a program from outside: its board and its vCPUs. Control runs them as it runs the
// steps of other vCPUs. docs/endpoint-images.md
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "guest/interpreter.hpp"
#include "sim/endpoint/cpu.hpp"
#include "sim/endpoint/image.hpp"
#include "sim/endpoint/private_pages.hpp"
#include "sim/engine/run_record.hpp"
#include "sim/engine/simulation.hpp"

namespace sim {

class ImageVm {
 public:
  /// Reads the image. Throws InputError, MissingTool.
  ImageVm(Simulation& simulation, const VmSpec& vm);
  ~ImageVm();

  /// The VM was created: its memory holds the image, its first vCPU stands at the entry.
  void power_on();
  /// True: it runs the scenario's steps, and asks for each by a call of its board.
  [[nodiscard]] bool runs_steps() const { return spec_.runs_steps; }

  /// Of a program that runs steps: the next exit of a vCPU whose steps are `code`.
  guest::Exit run_steps(uint16_t vcpu, std::span<const std::byte> code, std::span<uint64_t> slots);
  /// The answer to the call of its last exit.
  void complete(uint16_t vcpu, const ffa::Regs& regs);

  /// Of any other program: how a stretch of its work ended, or the call that it makes.
  struct Pause {
    std::optional<guest::Conduit> call;
    ffa::Regs regs{};
    std::optional<ImageEnd> end{};
  };
  /// Neither a call nor an end: so many instructions are over.
  Pause run(uint16_t vcpu, uint64_t instructions);
  /// A call of PSCI's that the mediator has handed on; nothing: it is none that the board knows.
  std::optional<uint64_t> psci(uint16_t vcpu, const ffa::Regs& call);
  [[nodiscard]] bool is_on(uint16_t vcpu) const;
  /// The whole VM is off.
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] uint64_t instructions(uint16_t vcpu) const;
  [[nodiscard]] std::string describe(uint16_t vcpu) const;
  [[nodiscard]] bool drops_stage1() const;
  [[nodiscard]] const std::string& name() const { return vm_.name; }

 private:
  class Memory;
  struct Vcpu;
  void fill();
  void turn_on(uint16_t vcpu, uint64_t entry, uint64_t argument);
  void begin_steps(Vcpu& one, std::span<const std::byte> code, size_t slots);
  void take_slots(Vcpu& one, std::span<uint64_t> slots);
  Vcpu& vcpu_of(uint16_t vcpu);

  Simulation& simulation_;
  const VmSpec& vm_;
  const ImageSpec& spec_;
  endpoint::Image image_;
  std::unique_ptr<Memory> memory_;
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  std::optional<ImageEnd> system_end_;
};

}  // namespace sim
