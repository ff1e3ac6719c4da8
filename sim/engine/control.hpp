// SPDX-License-Identifier: BSD-3-Clause
// Carries out a control program: runs vCPUs step by step, acts as the host, takes dumps. Fills a
// RunRecord. Used by run() only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "guest/interpreter.hpp"
#include "sim/engine/run_record.hpp"
#include "sim/engine/simulation.hpp"
#include "sim/scenario/compile.hpp"

namespace sim {

/// A VM's memory as its vCPUs see it.
class GuestView {
 public:
  GuestView(Simulation& simulation, uint16_t vm) : simulation_(&simulation), vm_(vm) {}
  bool read(uint64_t ipa, std::span<std::byte> to) {
    simulation_->touch(vm_, ipa, to.size(), false);
    Machine& machine = simulation_->machine();
    return machine.has_vm(vm_) && machine.read_ipa(vm_, ipa, to);
  }
  bool write(uint64_t ipa, std::span<const std::byte> from) {
    simulation_->touch(vm_, ipa, from.size(), true);
    Machine& machine = simulation_->machine();
    return machine.has_vm(vm_) && machine.write_ipa(vm_, ipa, from);
  }

 private:
  Simulation* simulation_;
  uint16_t vm_;
};

class Control {
 public:
  Control(const scenario::CompiledCase& compiled, Simulation& simulation, RunRecord& record);
  void run();

 private:
  struct Vcpu {
    uint16_t vm;
    uint16_t vcpu;
    std::string name;
    GuestView memory;
    guest::Interpreter<GuestView> interpreter;
    bool in_thread = false;      ///< its steps are unordered against others
    bool lost = false;           ///< a step of it was not reached
    StepRecord* open = nullptr;  ///< the step whose call waits for another VM
    Vcpu(const guest::Program& program, GuestView view, std::span<uint64_t> slots)
        : vm(0), vcpu(0), memory(view), interpreter(program, memory, slots) {}
  };

  Vcpu& vcpu(uint16_t vm, uint16_t number);
  StepRecord& begin(uint32_t step);
  void end(StepRecord& record);
  void run_step(Vcpu& vcpu, uint32_t expected);
  void next_step(Vcpu& vcpu);
  bool ended(const Vcpu& one, StepRecord& record);
  bool exit(Vcpu& vcpu, const guest::Exit& exit, StepRecord& record);
  uint32_t parallel(const guest::Program& program, const guest::ParallelOp& op, uint32_t offset);
  void host_op(guest::Opcode code, const guest::HostOp& op);
  std::string destroy(const guest::HostOp& op);
  std::string act(guest::Opcode code, const guest::HostOp& op);
  void dump_memory(uint32_t id, uint16_t vm, uint64_t ipa, uint64_t length);
  void dump_translation(const guest::HostOp& op);
  void run_tasks(std::vector<Simulation::Task> tasks);

  const scenario::CompiledCase& compiled_;
  Simulation& simulation_;
  RunRecord& record_;
  std::vector<uint64_t> slots_;
  std::map<std::pair<uint16_t, uint16_t>, std::unique_ptr<Vcpu>> vcpus_;
  std::map<std::pair<uint16_t, uint16_t>, std::vector<uint32_t>> order_;  ///< steps of each vCPU
  std::map<std::pair<uint16_t, uint16_t>, size_t> done_;
};

/// The facts that state expectations are judged by.
StateDump dump_state(uint32_t id, Simulation& simulation);

}  // namespace sim
