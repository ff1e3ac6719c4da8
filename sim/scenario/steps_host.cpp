// SPDX-License-Identifier: BSD-3-Clause
// Steps of the host: life and death of VMs, SPs that act by themselves, interrupts, memory taken
// away.
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/expect_compile.hpp"
#include "sim/scenario/steps.hpp"
#include "spmc-model/spmc.hpp"

namespace sim::scenario {
namespace {

using guest::HostOp;
using guest::Opcode;

uint16_t vm_of(const HostStep& step) { return step.world.guest_of(step.node.at("vm")).id; }

uint16_t sp_of(const HostStep& step) {
  const auto sp = step.node.find("sp");
  return sp ? step.world.sp_of(*sp).id : step.world.first_sp(step.node).id;
}

void compile_create(const HostStep& step) {
  const auto budget = step.node.find("budget");
  step.control.host(Opcode::create_vm,
                    {.step = step.step,
                     .vm = vm_of(step),
                     .value = budget ? constant_of(*budget, step.values, 0xffffffff) : 0,
                     .flags = step.node.flag_or("until_done", true) ? 0U : 1U});
}

void compile_destroy(const HostStep& step) {
  const auto budget = step.node.find("budget");
  step.control.host(Opcode::destroy_vm,
                    {.step = step.step,
                     .vm = vm_of(step),
                     .value = budget ? constant_of(*budget, step.values, 0xffffffff) : 0,
                     .flags = step.node.flag_or("until_done", false) ? 1U : 0U});
}

void compile_notify(const HostStep& step) {
  const bool framework = step.node.flag_or("framework", false);
  const auto vcpu = step.node.find("vcpu");
  if (framework && vcpu) vcpu->fail("a framework notification is for all vCPUs");
  if (framework && step.node.has("sp")) step.node.at("sp").fail("the SPM sends it");
  const uint64_t most = framework ? 0xffffffff : std::numeric_limits<uint64_t>::max();
  step.control.host(
      Opcode::notify,
      {.step = step.step,
       .vm = vm_of(step),
       .sp = framework ? ffa::hypervisor_id.raw() : sp_of(step),
       .value = constant_of(step.node.at("bitmap"), step.values, most),
       .id = vcpu ? static_cast<uint32_t>(constant_of(*vcpu, step.values, 0xffff)) + 1 : 0});
}

void compile_sri(const HostStep& step) {
  step.compiled.judged_by_default = false;
  step.control.host(Opcode::deliver_sri,
                    {.step = step.step, .flags = step.node.flag_or("if_pending", false) ? 1U : 0U});
}

void compile_answer(const HostStep& step) {
  const auto count = step.node.find("count");
  step.control.host(Opcode::answer_vm_messages,
                    {.step = step.step,
                     .sp = sp_of(step),
                     .value = count ? constant_of(*count, step.values, 0xffffffff) : 1,
                     .flags = static_cast<uint32_t>(status_of(step.node.at("status")))});
}

/// The vCPU that the step names.
std::pair<uint16_t, uint16_t> vcpu_named(const HostStep& step) {
  const auto [guest, vcpu] = vcpu_of(step.node.at("vcpu"), step.world);
  return {guest->id, vcpu};
}

void compile_preempt(const HostStep& step) {
  using spmc_model::StopKind;
  const auto times = step.node.find("times");
  const StopKind how = step.node.flag_or("managed_exit", false) ? StopKind::managed_exit
                       : step.node.flag_or("yields", false)     ? StopKind::yield
                                                                : StopKind::interrupt;
  step.control.host(Opcode::preempt, {.step = step.step,
                                      .sp = sp_of(step),
                                      .value = times ? constant_of(*times, step.values, 0xffff) : 1,
                                      .flags = static_cast<uint32_t>(how)});
}

void compile_migrate(const HostStep& step) {
  const auto [vm, vcpu] = vcpu_named(step);
  step.control.host(
      Opcode::migrate,
      {.step = step.step, .vm = vm, .value = step.node.at("pcpu").number(63), .id = vcpu});
}

void compile_interrupt(const HostStep& step) {
  const auto [vm, vcpu] = vcpu_named(step);
  step.control.host(Opcode::interrupt, {.step = step.step, .vm = vm, .id = vcpu});
}

void set_online(const HostStep& step, bool online) {
  const auto [vm, vcpu] = vcpu_named(step);
  step.control.host(Opcode::set_online,
                    {.step = step.step, .vm = vm, .id = vcpu, .flags = online ? 1U : 0U});
}
void compile_offline(const HostStep& step) { set_online(step, false); }
void compile_online(const HostStep& step) { set_online(step, true); }

void compile_balloon(const HostStep& step) {
  const GuestFacts& guest = step.world.guest_of(step.node.at("vm"));
  ValueContext values = step.values;
  values.base = guest.base;
  values.tx = guest.tx;
  values.rx = guest.rx;
  const Node ipa = step.node.at("ipa");
  const uint64_t address = constant_of(ipa, values);
  if (address % ffa::page_size != 0) ipa.fail("not the address of a page");
  step.control.host(Opcode::remove_page, {.step = step.step, .vm = guest.id, .value = address});
}

void compile_faults(const HostStep& step) {
  const bool armed = step.node.at("armed").flag();
  if (step.world.spec.faults.empty()) step.node.fail("this world has no faults");
  for (uint32_t n = 0; n < step.world.spec.faults.size(); ++n) {
    step.control.host(Opcode::arm_faults, {.step = step.step, .id = n, .flags = armed ? 1U : 0U});
  }
}

/// Nothing of its own: its memory and state are dumped like any expectation's.
void compile_check(const HostStep& step) {
  if (!step.node.has("memory") && !step.node.has("state"))
    step.node.fail("memory or state is needed");
}

}  // namespace

HostStepCompiler host_step(const std::string& name) {
  static const std::map<std::string, HostStepCompiler> table = {
      {"create", compile_create},
      {"destroy", compile_destroy},
      {"notify", compile_notify},
      {"sri", compile_sri},
      {"answer_vm_messages", compile_answer},
      {"preempt", compile_preempt},
      {"migrate", compile_migrate},
      {"interrupt", compile_interrupt},
      {"offline", compile_offline},
      {"online", compile_online},
      {"balloon", compile_balloon},
      {"faults", compile_faults},
      {"check", compile_check},
  };
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace sim::scenario
