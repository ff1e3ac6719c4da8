// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sim/platform/fault_kinds.hpp"
#include "sim/scenario/case.hpp"
#include "sim/scenario/compile_image.hpp"
#include "sim/scenario/expect_compile.hpp"
#include "sim/scenario/requirements.hpp"
#include "sim/scenario/steps.hpp"

namespace sim::scenario {
namespace {

using guest::HostOp;
using guest::Opcode;
using guest::ProgramKind;
using nlohmann::json;

constexpr size_t max_steps = 200000;
constexpr uint64_t portable_ram = 256ULL << 20;
constexpr size_t portable_vms = 8;

/// Another machine knows what its own platform refuses, and answers of the SPMC.
bool strikes_on_the_host_only(const FaultSpec& fault) {
  const FaultKind* const kind = find_fault_kind(fault.op);
  return fault.chosen ||
         (kind != nullptr && kind->place != FaultPlace::machine && fault.op != "smc");
}

class CaseCompiler {
 public:
  explicit CaseCompiler(const Case& source)
      : source_(source), root_(source.doc, source.file, ""), world_(compile_world(root_)) {}

  CompiledCase compile() {
    out_.name = source_.name;
    out_.file = source_.file;
    if (const auto covers = root_.find("covers")) {
      for (const Node& row : covers->elements()) out_.covers.push_back(row.text());
    }
    if (root_.has("steps") && root_.has("threads")) root_.fail("steps or threads, not both");
    if (!root_.has("steps") && !root_.has("threads")) root_.fail("steps or threads is needed");
    if (root_.has("after") && !root_.has("threads"))
      root_.fail_at("after", "comes after threads, and there are none");
    if (const auto needed = root_.find("requires")) out_.lacks = lacking(*needed, world_);
    begin_world();
    if (const auto setup = root_.find("setup")) sequence(*setup);
    if (const auto steps = root_.find("steps")) sequence(*steps);
    if (const auto threads = root_.find("threads")) parallel(*threads);
    if (const auto after = root_.find("after")) sequence(*after);
    end();
    return std::move(out_);
  }

 private:
  // ---- the beginning and the end

  void begin_world() {
    for (const GuestFacts& guest : world_.guests) {
      if (guest.create_at_boot) generated(guest, {{"do", "create"}, {"vm", guest.name}});
    }
    arm(FaultStart::setup);
    for (const GuestFacts& guest : world_.guests) {
      if (guest.setup != GuestSetup::none) generated(guest, {{"do", "version"}});
      if (guest.setup == GuestSetup::all) generated(guest, {{"do", "rxtx_map"}});
    }
    arm(FaultStart::steps);
  }

  void arm(FaultStart start) {
    for (uint32_t n = 0; n < world_.fault_start.size(); ++n) {
      if (world_.fault_start[n] == start) control_.host(Opcode::arm_faults, {.id = n, .flags = 1});
    }
  }

  /// A step that the scenario leaves unsaid, as part of its VM's setup.
  void generated(const GuestFacts& guest, const json& step) {
    const Node node{step, source_.file, fmt::format("/world/vms/{}/setup", guest.name)};
    const bool host = host_step(node.at("do").text()) != nullptr;
    const Actor actor{host, guest.id, 0, host ? "host" : guest.name + ".0"};
    one_step(node, actor, guest, 0);
    const bool judged = guest.setup_judged && guest.setup != GuestSetup::none;
    out_.steps.back().judged_by_default = judged;
  }

  void end() {
    if (const auto expect = root_.find("expect")) {
      dumps_.clear();
      out_.expect = compile_final_expect(*expect, expect_context(first_guest()));
      refuse_translations(*expect);
      host_dumps();
    }
    for (auto& [vcpu, program] : programs_) {
      out_.programs.push_back({vcpu.first, vcpu.second, program.finish(slots_.count())});
    }
    out_.control = control_.finish(slots_.count());
    out_.world = world_.spec;
    out_.sweeps = world_.sweeps;
    out_.each_status = world_.each_status;
    out_.choices = root_.text_or("choices", "");
    out_.only_invariants = root_.flag_or("only_invariants", false);
    portability();
  }

  void portability() {
    uint64_t bytes = 0;
    for (const VmSpec& vm : world_.spec.vms) {
      for (const RegionSpec& region : vm.memory)
        bytes += region.kind == RegionKind::none ? 0 : region.size;
    }
    const auto& faults = world_.spec.faults;
    if (has_images(world_.spec)) {
      out_.why_not_portable = "its endpoints are programs from outside, run in Unicorn";
    } else if (std::any_of(faults.begin(), faults.end(), strikes_on_the_host_only)) {
      out_.why_not_portable = "its faults strike on the host only";
    } else if (out_.only_invariants) {
      out_.why_not_portable = "its VMs are destroyed when it is over";
    } else if (runs_other_vcpus_) {
      out_.why_not_portable = "a vCPU runs while another one's call has not ended";
    } else if (root_.has("threads")) {
      out_.why_not_portable = "its threads run concurrently";
    } else if (bytes > portable_ram) {
      out_.why_not_portable = "its VMs need more than 256 MiB";
    } else if (world_.spec.ram_size > portable_ram) {
      out_.why_not_portable = "its RAM is larger than 256 MiB";
    } else if (world_.spec.vms.size() > portable_vms) {
      out_.why_not_portable = "it has more than 8 VMs";
    }
    out_.portable = out_.why_not_portable.empty();
    if (const auto backends = root_.find("backends")) {
      for (const Node& backend : backends->elements()) out_.backends.push_back(backend.text());
    } else {
      out_.backends = {"host", "unicorn"};
      if (out_.portable) out_.backends.emplace_back("qemu");
    }
  }

  // ---- sequences

  const GuestFacts& first_guest() const { return world_.guests.front(); }

  const GuestFacts& guest_by_id(uint16_t id) const {
    for (const GuestFacts& guest : world_.guests) {
      if (guest.id == id) return guest;
    }
    return first_guest();
  }

  /// Who does a step: `on`, else the host for its own steps, else the first VM's vCPU 0.
  Actor actor_of(const Node& step) const {
    const std::string what = step.at("do").text();
    const bool host = host_step(what) != nullptr;
    if (!host && guest_step(what) == nullptr)
      step.fail_at("do", fmt::format("no step is called '{}'", what));
    const auto on = step.find("on");
    if (host) {
      if (on && on->text() != "host") on->fail(fmt::format("'{}' is a step of the host", what));
      return {true, 0, 0, "host"};
    }
    if (!on) return {false, first_guest().id, 0, first_guest().name + ".0"};
    const auto [guest, vcpu] = vcpu_of(*on, world_);
    return {false, guest->id, vcpu, on->text()};
  }

  void sequence(const Node& list) {
    for (const Node& step : list.elements()) repeated(step, actor_of(step));
  }

  void repeated(const Node& step, const Actor& actor) {
    const uint64_t times = step.number_or("repeat", 1, max_steps);
    for (uint32_t n = 0; n < times; ++n) one_step(step, actor, guest_by_id(actor.vm), n);
  }

  void parallel(const Node& threads) {
    const auto members = threads.members();
    if (members.size() > guest::max_threads) {
      threads.fail(fmt::format("at most {} threads", guest::max_threads));
    }
    in_thread_ = true;
    std::vector<guest::Thread> list;
    for (const auto& [name, steps] : members) {
      const json key = name;
      const bool host = name == "host";
      Actor actor{host, 0, 0, name};
      if (!host) {
        const auto [guest, vcpu] = vcpu_of(Node{key, source_.file, threads.pointer()}, world_);
        actor.vm = guest->id;
        actor.vcpu = vcpu;
      }
      const size_t before = out_.steps.size();
      thread(steps, actor);
      const size_t count = host ? thread_ops_.size() : out_.steps.size() - before;
      list.push_back({host, actor.vm, actor.vcpu, static_cast<uint32_t>(count)});
    }
    in_thread_ = false;
    control_.parallel(list);
    for (const auto& [code, op] : thread_ops_) control_.host(code, op);
  }

  void thread(const Node& steps, const Actor& actor) {
    for (const Node& step : steps.elements()) {
      const Actor asked = actor_of(step);
      if (asked.host != actor.host) {
        step.fail(actor.host ? "a vCPU's step in the host's thread"
                             : "a step of the host in a vCPU's thread");
      }
      if (!actor.host && step.has("on") && asked.name != actor.name) {
        step.fail_at("on", fmt::format("this is the thread of {}", actor.name));
      }
      repeated(step, actor);
    }
  }

  // ---- one step

  ExpectContext expect_context(const GuestFacts& guest, uint32_t repetition = 0) {
    return {world_, source_.variables, guest, values(guest, repetition), dumps_, nullptr, true};
  }

  ValueContext values(const GuestFacts& guest, uint32_t repetition) const {
    return {guest.base, guest.tx, guest.rx, repetition, &slots_};
  }

  ProgramBuilder& program(const Actor& actor) {
    const auto key = std::pair{actor.vm, actor.vcpu};
    return programs_.try_emplace(key, ProgramKind::guest).first->second;
  }

  void one_step(const Node& node, const Actor& actor, const GuestFacts& guest,
                uint32_t repetition) {
    if (out_.steps.size() >= max_steps) node.fail(fmt::format("more than {} steps", max_steps));
    const auto number = static_cast<uint32_t>(out_.steps.size());
    out_.steps.push_back({.pointer = node.pointer(), .what = node.at("do").text(), .actor = actor});
    CompiledStep& step = out_.steps.back();
    step.repetition = repetition;
    if (in_thread_) step.judged_by_default = false;
    static const std::set<std::string> dialogue = {"wait",    "respond",   "respond2", "yield",
                                                   "migrate", "interrupt", "offline",  "online"};
    runs_other_vcpus_ = runs_other_vcpus_ || dialogue.contains(step.what);
    dumps_.clear();
    optee_.current.reset();
    if (actor.host) {
      host_step_ops(node, guest, number, step);
    } else {
      guest_step_ops(node, guest, number, step);
    }
  }

  void expectations(const Node& node, const GuestFacts& guest, CompiledStep& step) {
    const auto expect = node.find("expect");
    const auto named = step.actor.host ? node.find("vm") : std::nullopt;
    const GuestFacts& spoken_of = named ? world_.guest_of(*named) : guest;
    ExpectContext context = expect_context(spoken_of, step.repetition);
    context.optee = optee_.current ? &*optee_.current : nullptr;
    context.judged = step.judged_by_default;
    const json silent = json::object();
    if (expect) {
      step.expect = compile_expect(*expect, context);
    } else if (context.optee != nullptr && context.judged) {
      step.expect = compile_expect(Node{silent, source_.file, node.pointer()}, context);
    }
    if (step.what == "check") {
      Expectation seen;
      seen.pointer = node.pointer();
      if (const auto memory = node.find("memory")) seen.memory = compile_memory(*memory, context);
      if (const auto state = node.find("state")) seen.state = compile_state(*state, context);
      step.expect.push_back(seen);
    }
  }

  void guest_step_ops(const Node& node, const GuestFacts& guest, uint32_t number,
                      CompiledStep& step) {
    const uint16_t vcpu = step.actor.vcpu;
    if (guest.runs_image && step.what != "run_image" && step.what != "check") {
      node.fail_at("do", fmt::format("{} runs a program from outside, and no steps but run_image",
                                     guest.name));
    }
    if (!guest.runs_image && step.what == "run_image") {
      node.fail_at("do", fmt::format("{} has no image to run", guest.name));
    }
    ProgramBuilder& code = program(step.actor);
    guest_step(step.what)(
        {node, world_, guest, vcpu, values(guest, step.repetition), slots_, code, step, optee_});
    expectations(node, guest, step);
    if (in_thread_) {
      thread_dumps(node, step.actor);
      code.step(number);
      return;
    }
    code.step(number);
    translation_dumps();
    control_.run({step.actor.vm, vcpu, number});
    host_dumps();
  }

  void host_step_ops(const Node& node, const GuestFacts& guest, uint32_t number,
                     CompiledStep& step) {
    step.success = SuccessForm::none;
    expectations(node, guest, step);
    if (!in_thread_) {
      translation_dumps();
      host_step(step.what)({node, world_, values(guest, step.repetition), control_, number, step});
      host_dumps();
      return;
    }
    if (!dumps_.memory_needs().empty() || !dumps_.state_needs().empty()) {
      node.fail(
          "memory and state can't be looked at while threads run; the case's own `expect` can");
    }
    translation_dumps();
    ProgramBuilder recorder{ProgramKind::control};
    host_step(step.what)({node, world_, values(guest, step.repetition), recorder, number, step});
    keep_thread_ops(recorder);
  }

  // ---- dumps

  void translation_dumps() {
    for (const TranslationNeed& need : dumps_.translation_needs()) {
      control_.host(Opcode::dump_translation,
                    {.vm = need.vm, .value = need.ipa, .length = need.pages, .id = need.id});
    }
  }

  void host_dumps() {
    for (const MemoryNeed& need : dumps_.memory_needs()) {
      control_.host(Opcode::dump_memory,
                    {.vm = need.vm, .value = need.ipa, .length = need.length, .id = need.id});
    }
    for (const uint32_t id : dumps_.state_needs()) control_.host(Opcode::dump_state, {.id = id});
  }

  /// While threads run only the vCPU itself can look, and only at its own memory.
  void thread_dumps(const Node& node, const Actor& actor) {
    if (!dumps_.state_needs().empty()) {
      node.fail("state can't be looked at while threads run; the case's own `expect` can");
    }
    for (const MemoryNeed& need : dumps_.memory_needs()) {
      if (need.vm != actor.vm)
        node.fail("another VM's memory can't be looked at while threads run");
      program(actor).dump(need.id, need.ipa, need.length);
    }
    translation_dumps();
  }

  void refuse_translations(const Node& node) const {
    if (!dumps_.translation_needs().empty()) node.fail("ranges belong to a step's expectation");
  }

  /// The operations of the host's thread come behind the `parallel` operation, which is written
  /// last.
  void keep_thread_ops(const ProgramBuilder& recorder) {
    const auto bytes = recorder.finish(0);
    const auto program = guest::Program::open(bytes);
    for (uint32_t offset = 0;;) {
      const auto op = program->at(offset);
      if (!op.ok() || op->code == Opcode::end) return;
      thread_ops_.emplace_back(op->code, *guest::decode_host(*op));
      offset = op->next;
    }
  }

  const Case& source_;
  Node root_;
  CompiledWorld world_;
  CompiledCase out_;
  SlotTable slots_;
  Dumps dumps_;
  OpteeCalls optee_;
  std::map<std::pair<uint16_t, uint16_t>, ProgramBuilder> programs_;
  ProgramBuilder control_{ProgramKind::control};
  std::vector<std::pair<Opcode, HostOp>> thread_ops_;
  bool in_thread_ = false;
  bool runs_other_vcpus_ = false;  ///< which takes more than one processor that does one thing
};

}  // namespace

CompiledCase compile(const Case& source) { return CaseCompiler{source}.compile(); }

}  // namespace sim::scenario
