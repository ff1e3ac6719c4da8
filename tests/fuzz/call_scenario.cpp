// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/platform/fault_kinds.hpp"
#include "tests/fuzz/call_plan.hpp"

namespace fuzz {

namespace {

using guest::Opcode;
using json = nlohmann::ordered_json;
using What = PlanStep::What;

constexpr std::array<const char*, actors> names = {"host", "vm1.0", "vm1.1", "vm2.0"};

std::string hex(uint64_t value) { return fmt::format("{:#x}", value); }
std::string slot_name(uint16_t slot) { return fmt::format("s{}", slot); }
std::string version_text(ffa::Version version) {
  return fmt::format("{}.{}", version.major(), version.minor());
}

json call_step(const PlanStep& step, bool clears) {
  json x = json::array();
  for (unsigned n = 0; n < guest::register_count; ++n) {
    const bool low = step.handle_register != 0 && n == step.handle_register;
    const bool high = step.handle_register != 0 && n == step.handle_register + 1;
    if (low || high) {
      x.push_back("$" + slot_name(step.slot) + (low ? ".lo" : ".hi"));
    } else {
      x.push_back(hex(step.x[n]));
    }
  }
  json out = {{"do", "raw"}, {"x", x}};
  if (step.hvc) out["conduit"] = "hvc";
  for (uint16_t n = 0; clears && n < slots; ++n) out["save"][slot_name(n)] = "x17";
  if (step.save_from != 0) {
    out["save"][slot_name(step.slot)] = step.save_from == 1 ? "frag_handle" : "handle";
  }
  return out;
}

json host_step(const PlanStep& step) {
  const guest::HostOp& op = step.op;
  const char* const vm = op.vm == vm1_id ? "vm1" : "vm2";
  const std::string sp = fmt::format("sp{}", op.sp - sp_ids[0] + 1);
  switch (step.code) {
    case Opcode::destroy_vm:
      return {{"do", "destroy"}, {"vm", vm}, {"budget", op.value}, {"until_done", op.flags != 0}};
    case Opcode::create_vm:
      return {{"do", "create"}, {"vm", vm}, {"until_done", op.flags == 0}};
    case Opcode::remove_page:
      return {{"do", "balloon"}, {"vm", vm}, {"ipa", hex(op.value)}};
    case Opcode::deliver_sri:
      return {{"do", "sri"}, {"if_pending", op.flags != 0}};
    case Opcode::interrupt:
      return {{"do", "interrupt"}, {"vcpu", std::string(vm) + ".0"}};
    case Opcode::preempt:
      return {{"do", "preempt"}, {"sp", sp}, {"times", op.value}, {"yields", op.flags != 0}};
    default:
      return {{"do", "notify"}, {"sp", sp}, {"vm", vm}, {"bitmap", hex(op.value)}};
  }
}

json step_of(const PlanStep& step, bool in_thread, bool clears) {
  if (step.what == What::host) return host_step(step);
  json out;
  if (step.what == What::call) {
    out = call_step(step, clears);
  } else {
    out = {{"do", "write"}, {"ipa", hex(step.ipa)}};
    if (step.what == What::write) {
      out["bytes"] = fmt::format("{:02x}", fmt::join(step.bytes, ""));
    } else {
      out["value"] = "$" + slot_name(step.slot);
      out["width"] = 8;
    }
  }
  if (!in_thread) out["on"] = names[static_cast<size_t>(step.actor)];
  return out;
}

/// Extents of one page and of many, of which a range may have both. A few small ones are enough:
/// each input pays for all of them, since its VMs give them back.
json memory_of_vm() {
  constexpr uint64_t page = 4096;
  constexpr uint64_t scattered = 24 * page;
  constexpr uint64_t reversed = 8 * page;
  constexpr uint64_t all = 1024 * page;
  return {{{"ipa", hex(ram_ipa)}, {"size", hex(scattered)}, {"backing", "scattered"}},
          {{"ipa", hex(ram_ipa + scattered)}, {"size", hex(reversed)}, {"backing", "reversed"}},
          {{"ipa", hex(ram_ipa + scattered + reversed)},
           {"size", hex(all - scattered - reversed)},
           {"backing", "contiguous"}}};
}

json vm_of(uint16_t id, ffa::Version version, unsigned vcpus) {
  return {{"id", hex(id)},
          {"version", version_text(version)},
          {"vcpus", vcpus},
          {"visible_to_vms", true},
          {"limits", {{"shares", 8}, {"transfers", 2}}},
          {"borrow_window", {{"base", "0x60000000"}, {"pages", 32}}},
          {"rxtx", {{"tx", hex(tx_ipa)}, {"rx", hex(rx_ipa)}, {"pages", 1}}},
          {"memory", memory_of_vm()}};
}

json world_of(WorldId world) {
  const WorldSetting& setting = setting_of(world);
  json out = {
      {"spmc", {{"personality", setting.personality}, {"version", setting.spmc}}},
      {"pcpus", 2},
      {"sps",
       {{"sp1", {{"id", hex(sp_ids[0])}, {"kind", "echo"}}},
        {"sp2", {{"id", hex(sp_ids[1])}, {"kind", "memory_user"}}},
        {"sp3", {{"id", hex(sp_ids[2])}, {"kind", "notifier"}}}}},
      {"vms", {{"vm1", vm_of(vm1_id, setting.vm1, 2)}, {"vm2", vm_of(vm2_id, setting.vm2, 1)}}}};
  if (!world.faults) return out;
  for (const sim::FaultKind& kind : sim::fault_kinds()) {
    json fault = {{"op", kind.op}, {"nth", "chosen"}};
    if (kind.op == "smc" || !sim::legal_statuses(kind.op, {}).empty()) fault["answer"] = "chosen";
    out["faults"].push_back(fault);
  }
  return out;
}

}  // namespace

std::string scenario_text(const Plan& plan, const std::string& name, const std::string& choices) {
  std::string schema = "schema/scenario.json";  // as seen from the folder that the name tells
  for (auto levels = std::ranges::count(name, '/'); levels > 0; --levels) schema.insert(0, "../");
  json out = {{"$schema", schema},
              {"name", name},
              {"covers", json::array()},
              {"world", world_of(plan.world)},
              {"only_invariants", true}};
  for (const PlanStep& step : plan.first) {
    const bool clears = &step == plan.first.data();
    out["setup"].push_back(step_of(step, false, clears));
  }
  json threads = json::object();
  for (const PlanStep& step : plan.threads) {
    threads[names[static_cast<size_t>(step.actor)]].push_back(step_of(step, true, false));
  }
  out["threads"] = threads;
  if (!choices.empty()) out["choices"] = choices;
  constexpr int indent = 2;
  return out.dump(indent) + "\n";
}

}  // namespace fuzz
