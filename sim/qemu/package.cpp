// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/package.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "guest/package.hpp"
#include "guest/program.hpp"
#include "ports/qemu-virt/memory_map.h"
#include "sim/machine/machine.hpp"
#include "sim/qemu/word_writer.hpp"
#include "spmc-model/spmc.hpp"

namespace sim::qemu {
namespace {

using guest::HostOp;
using guest::Opcode;
using mediator::MediatorConfig;
using mediator::VmConfig;
using scenario::CompiledCase;

constexpr uint64_t page = ffa::page_size;
constexpr uint64_t board_ram_base = WORLD_RAM;
constexpr uint64_t board_ram_size = WORLD_RAM_BYTES;
/// Stage 2 resolves 48 bits; one GiB of them is the guest program's own.
constexpr uint64_t ipa_limit = 1ULL << 48;
constexpr uint64_t window_begin = WINDOW_IPA;
constexpr uint64_t window_end = window_begin + WINDOW_BYTES;

/// Operations of the control program, in order.
template <class Visit>
void for_each_op(const CompiledCase& compiled, Visit visit) {
  const auto program = guest::Program::open(compiled.control);
  if (!program.ok()) return;
  for (uint32_t offset = 0;;) {
    const auto op = program->at(offset);
    if (!op.ok() || op->code == Opcode::end) return;
    visit(*op);
    offset = op->next;
  }
}

/// What is silent in a configuration is the mediator's default; a package leaves nothing silent.
template <class T>
T or_default(T value, T silent) {
  return value == T{} ? silent : value;
}

void write_mediator(WordWriter& out, const MediatorConfig& config) {
  const MediatorConfig silent;
  out.words(or_default(config.max_vms, silent.max_vms),
            or_default(config.max_partitions, silent.max_partitions),
            or_default(config.spmc_buffer_pages, silent.spmc_buffer_pages),
            or_default(config.max_version, silent.max_version).raw(),
            or_default(config.npi_id, silent.npi_id), or_default(config.sri_id, silent.sri_id),
            config.vm_message_handle.raw(),
            or_default(config.vm_message_retries, silent.vm_message_retries),
            or_default(config.reclaim_retries, silent.reclaim_retries), config.allow_hvc,
            or_default(config.fragment_retries, silent.fragment_retries), config.fragment_handles,
            config.refused_fragment_ends_send);
}

void write_spmc(WordWriter& out, const WorldSpec& world) {
  const SpmcSpec& spmc = world.spmc;
  out.word(spmc.absent ? 1 : 0);
  out.blob(std::as_bytes(std::span{spmc.personality}));
  out.words(spmc.version.raw(), spmc.max_shares.value_or(0), spmc.max_vms.value_or(0),
            spmc.per_vcpu_notifications ? 1 : 0, spmc.missing.size());
  for (const uint32_t function : spmc.missing) out.word(function);
  out.word(world.sps.size());
  for (const SpSpec& sp : world.sps) {
    out.words(sp.id, sp.kind, sp.uuid.dword(0), sp.uuid.dword(1), sp.contexts,
              sp.properties.value_or(spmc_model::default_properties), sp.threads.value_or(0),
              sp.sessions.value_or(0));
  }
}

void write_vm(WordWriter& out, const VmConfig& config) {
  const VmConfig silent;
  out.words(config.id.raw(), config.tee, or_default(config.vcpus, silent.vcpus), config.aarch64,
            config.visible_to_vms, config.overlapping_shares,
            or_default(config.max_version, silent.max_version).raw(),
            or_default(config.max_shares, silent.max_shares),
            or_default(config.max_share_pages, silent.max_share_pages),
            or_default(config.max_ranges, silent.max_ranges),
            or_default(config.max_rxtx_pages, silent.max_rxtx_pages),
            or_default(config.max_borrowers, silent.max_borrowers), config.max_transfers,
            config.lends, config.borrow_window.base.raw(), config.borrow_window.pages.raw(),
            config.reaches_sps, config.uuid.dword(0), config.uuid.dword(1));
  for (const ffa::EndpointId peer : config.peers) out.word(peer.raw());
}

/// In the order of guest::FaultOp.
constexpr std::array<std::string_view, 9> fault_ops = {
    "smc", "pin", "map", "translate", "memory", "budget", "vm_get", "set_access", "map_into"};

void write_fault(WordWriter& out, const FaultSpec& fault) {
  const auto* const op = std::find(fault_ops.begin(), fault_ops.end(), fault.op);
  out.words(op - fault_ops.begin(), fault.match_fid.has_value(), fault.match_fid.value_or(0),
            fault.nth, fault.status.has_value(), static_cast<uint32_t>(fault.status.value_or(0)),
            fault.regs.has_value());
  const std::vector<uint64_t> regs = fault.regs.value_or(std::vector<uint64_t>{});
  for (size_t n = 0; n < ffa::Regs{}.x.size(); ++n) out.word(n < regs.size() ? regs[n] : 0);
  out.words(fault.execute, fault.armed);
}

Layout layout_of(const VmSpec& vm, const Machine& machine) {
  Layout layout{vm.config.id.raw(), {}};
  for (const RegionSpec& region : vm.memory) {
    if (region.kind == RegionKind::none) continue;
    for (uint64_t done = 0; done < region.size;) {
      const mediator::Extent extent =
          machine.translate(layout.vm, region.ipa + done, (region.size - done) / page);
      const uint64_t pa = extent.pa.raw();
      const bool first = done == 0;
      done += extent.pages.raw() * page;
      // A look-up gives one mapping; neighbours that continue each other are one run.
      if (!first && layout.runs.back().pa + layout.runs.back().pages * page == pa) {
        layout.runs.back().pages += extent.pages.raw();
        continue;
      }
      layout.runs.push_back({region.ipa + done - extent.pages.raw() * page, pa, extent.pages.raw(),
                             static_cast<uint8_t>(extent.kind), region.block});
    }
  }
  return layout;
}

std::string why_not_region(const VmSpec& vm, const RegionSpec& region) {
  const bool reachable = region.ipa <= ipa_limit && region.size <= ipa_limit - region.ipa;
  const bool beside_window =
      region.ipa >= window_end || region.ipa + region.size <= window_begin || region.size == 0;
  if (!reachable || !beside_window) {
    return fmt::format("{} has memory at {:#x}, where the machine's stage 2 has no room", vm.name,
                       region.ipa);
  }
  const bool device = region.kind == RegionKind::device || region.kind == RegionKind::none;
  if (!region.pa || device) return {};
  const bool in_ram =
      *region.pa >= board_ram_base && *region.pa + region.size <= board_ram_base + board_ram_size;
  return in_ram ? std::string{}
                : fmt::format("{} has host pages at {:#x}, outside the machine's RAM", vm.name,
                              *region.pa);
}

}  // namespace

std::string why_not(const CompiledCase& compiled) {
  const WorldSpec& world = compiled.world;
  if (!compiled.portable) return compiled.why_not_portable;
  if (world.ram_base != board_ram_base || world.ram_size != board_ram_size || world.sparse_ram) {
    return "its RAM is not 256 MiB from 0x48000000";
  }
  std::string why;
  for_each_op(compiled, [&](const guest::RawOp& op) {
    if (op.code == Opcode::parallel) why = "its threads run concurrently";
  });
  for (const VmSpec& vm : world.vms) {
    for (const RegionSpec& region : vm.memory) {
      if (why.empty()) why = why_not_region(vm, region);
    }
  }
  if (!why.empty()) return why;
  if (world.vms.size() > guest::package_max_vms) return "it has too many VMs";
  if (world.sps.size() > guest::package_max_sps) return "it has too many SPs";
  if (world.spmc.missing.size() > guest::package_max_missing) return "too many missing functions";
  if (world.faults.size() > guest::package_max_faults) return "it has too many faults";
  if (compiled.programs.size() > guest::package_max_programs) return "it has too many vCPUs";
  if (plan_layouts(compiled, {}).size() > guest::package_max_layouts) {
    return "it creates too many VMs";
  }
  return {};
}

bool has_steps(const CompiledCase& compiled, uint16_t vm) {
  bool found = false;
  for_each_op(compiled, [&](const guest::RawOp& op) {
    if (op.code == Opcode::run) found = found || guest::decode_run(op)->vm == vm;
  });
  return found;
}

Results results_of(const CompiledCase& compiled, const RunRecord& run) {
  Results results;
  for (const StepRecord& step : run.steps) {
    if (!compiled.steps.at(step.step).actor.host || !step.result) continue;
    results[step.step] = {*step.result, step.quarantined};
  }
  return results;
}

Plan plan_layouts(const CompiledCase& compiled, const Results& results) {
  const WorldSpec& world = compiled.world;
  Machine machine(world, [](const std::string&) {});
  const auto was = [&results](const HostOp& op, const char* word) {
    const auto found = results.find(op.step);
    return found == results.end() || found->second.word == word;
  };
  const auto quarantine = [&](const HostOp& op) {
    for (const uint64_t ipa : results.at(op.step).quarantined) {
      machine.pin(op.vm, ipa, machine.translate(op.vm, ipa, 1));
    }
    machine.quarantine(op.vm);
    machine.remove_vm(op.vm);
  };
  Plan plan;
  std::set<uint16_t> creating;  // VMs whose creation goes on in a later step
  for_each_op(compiled, [&](const guest::RawOp& raw) {
    if (raw.code != Opcode::create_vm && raw.code != Opcode::destroy_vm) return;
    const HostOp op = *guest::decode_host(raw);
    if (raw.code == Opcode::destroy_vm) {
      if (!machine.has_vm(op.vm)) return;
      creating.erase(op.vm);
      if (was(op, "done")) {
        machine.remove_vm(op.vm);
      } else if (was(op, "quarantined")) {
        quarantine(op);
      }
      return;
    }
    const auto vm = std::find_if(world.vms.begin(), world.vms.end(),
                                 [&op](const VmSpec& one) { return one.config.id.raw() == op.vm; });
    const bool begun = creating.erase(op.vm) != 0;
    if (vm == world.vms.end() || (machine.has_vm(op.vm) && !begun)) return;
    if (!begun) {
      machine.add_vm(*vm);
      plan.push_back(layout_of(*vm, machine));
    }
    if (was(op, "SUCCESS")) return;
    if (was(op, "restart") || was(op, "later")) {
      creating.insert(op.vm);
    } else {
      machine.remove_vm(op.vm);
    }
  });
  return plan;
}

std::vector<std::byte> make_package(const CompiledCase& compiled, const Plan& plan,
                                    const Boot& boot) {
  const WorldSpec& world = compiled.world;
  WordWriter out;
  out.words(guest::package_magic, guest::package_version, world.pcpus, world.ram_base,
            world.ram_size, world.own_tx_pa, world.own_rx_pa);
  write_mediator(out, world.mediator);
  write_spmc(out, world);
  out.word(world.vms.size());
  for (const VmSpec& vm : world.vms) write_vm(out, vm.config);
  out.word(plan.size());
  for (const Layout& layout : plan) {
    out.words(layout.vm, layout.runs.size());
    for (const guest::PackedRun& run : layout.runs) {
      out.words(run.ipa, run.pa, run.pages, run.kind, run.block);
    }
  }
  out.word(world.faults.size());
  for (const FaultSpec& fault : world.faults) write_fault(out, fault);
  out.word(compiled.programs.size());
  for (const scenario::VcpuProgram& program : compiled.programs) {
    out.words(program.vm, program.vcpu);
    out.blob(program.code);
  }
  out.blob(compiled.control);
  out.words(boot.vm, boot.entry, boot.x0, boot.files.size());
  for (const Boot::File& file : boot.files) {
    out.word(file.ipa);
    out.blob(file.bytes);
  }
  return out.take();
}

}  // namespace sim::qemu
