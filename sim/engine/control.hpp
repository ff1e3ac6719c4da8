// SPDX-License-Identifier: BSD-3-Clause
// Carries out a control program: runs vCPUs step by step, acts as the host, takes dumps. Fills a
// RunRecord. Used by run() only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "guest/interpreter.hpp"
#include "sim/engine/call_watch.hpp"
#include "sim/engine/image_vm.hpp"
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
  /// Boots, and carries out what stands before the first place where something may be left open;
  /// where there is none, nothing.
  void set_up();
  /// The rest.
  void run();
  /// From now on `watch` is told of calls; of those of set_up() nobody is.
  void set_watch(CallWatch& watch);

  /// With Simulation::keep() and restore(), between set_up() and run(): of the record, too, in
  /// which there are no events yet.
  void keep();
  void restore();
  /// On how programs from outside were run, for people.
  [[nodiscard]] std::vector<std::string> notes() const;
  /// False: a program from outside can't be brought back to where it was.
  [[nodiscard]] bool can_keep() const { return images_.empty(); }

 private:
  struct Vcpu {
    uint16_t vm;
    uint16_t vcpu;
    std::string name;
    GuestView memory;
    guest::Interpreter<GuestView> interpreter;
    std::vector<uint32_t> order;        ///< its steps
    size_t done = 0;                    ///< of them
    size_t thread = WatchedCall::none;  ///< its steps are unordered against those of others
    bool lost = false;                  ///< a step of it was not reached
    StepRecord* open = nullptr;         ///< the step whose call waits for another VM
    ImageVm* image = nullptr;           ///< what it runs instead of the interpreter
    std::span<const std::byte> code;
    std::span<uint64_t> slots;
    guest::Exit go_on() {
      if (image == nullptr || !image->runs_steps()) return interpreter.run();
      return image->run_steps(vcpu, code, slots);
    }
    void complete(const ffa::Regs& regs) {
      if (image == nullptr) {
        interpreter.complete(regs);
      } else {
        image->complete(vcpu, regs);
      }
    }
    Vcpu(const guest::Program& program, GuestView view, std::span<uint64_t> table)
        : vm(0), vcpu(0), memory(view), interpreter(program, memory, table), slots(table) {}
  };

  struct Kept {
    uint32_t offset = 0;
    std::vector<uint64_t> slots;
    struct Place {
      guest::Interpreter<GuestView>::State program;
      size_t done;
    };
    std::vector<Place> vcpus;  // in the order of vcpus_
    RunRecord record;
  };

  Vcpu& vcpu(uint16_t vm, uint16_t number);
  /// The place in the control program from which on something may be left open: the first threads
  /// or chosen faults. Nothing: no such place.
  std::optional<uint32_t> find_open() const;
  void run_until(uint32_t stop);
  StepRecord& begin(uint32_t step);
  void end(StepRecord& record);
  void run_step(Vcpu& vcpu, uint32_t expected);
  bool ended(const Vcpu& one, StepRecord& record);
  bool call(Vcpu& one, const guest::Exit& exit, StepRecord& record);
  std::string watched(std::string_view what, uint16_t vm, const std::function<std::string()>& act);
  void wait_at(size_t task, bool waits);
  bool exit(Vcpu& vcpu, const guest::Exit& exit, StepRecord& record);
  bool make_call(Vcpu& one, const guest::Exit& exit);
  void interfere(const Vcpu& vcpu);
  void add_images();
  bool run_image(Vcpu& one, const scenario::ImageStep& step, StepRecord& record);
  std::optional<ImageEnd> image_end(const Vcpu& one, const scenario::ImageStep& step,
                                    uint64_t first) const;
  std::vector<Simulation::Task> with_destroyer(std::vector<Simulation::Task> tasks);
  void parallel(const guest::ParallelOp& op);
  void host_op(guest::Opcode code, const guest::HostOp& op);
  std::string create(const guest::HostOp& op);
  std::string destroy(const guest::HostOp& op);
  std::string act(guest::Opcode code, const guest::HostOp& op);
  void dump_memory(uint32_t id, uint16_t vm, uint64_t ipa, uint64_t length);
  void dump_translation(const guest::HostOp& op);
  void run_tasks(std::vector<Simulation::Task> tasks);
  void destroy_all();

  /// A creation or destruction that has not ended after so many rounds never will.
  static constexpr uint32_t max_lifecycle_rounds = 100000;

  Simulation& simulation_;
  RunRecord& record_;
  const scenario::CompiledCase& compiled_;
  const bool only_invariants_;
  guest::Program program_;
  uint32_t offset_ = 0;  ///< of the next operation of the control program
  std::vector<uint64_t> slots_;
  std::map<uint16_t, std::unique_ptr<ImageVm>> images_;  // by VM
  std::map<std::pair<uint16_t, uint16_t>, std::unique_ptr<Vcpu>> vcpus_;
  CallWatch* watch_ = nullptr;
  size_t threads_ = 0;  ///< of all phases that have begun
  size_t host_thread_ = WatchedCall::none;
  std::map<size_t, size_t> thread_of_task_;  ///< of this phase
  Kept kept_;
};

/// The facts that state expectations are judged by.
StateDump dump_state(uint32_t id, Simulation& simulation);

}  // namespace sim
