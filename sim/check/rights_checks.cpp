// SPDX-License-Identifier: BSD-3-Clause
// I03, I10, I13, I14, I35: who may do what with pages that are in a transaction, and from when on.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "ffa/reply.hpp"
#include "sim/check/checker.hpp"
#include "sim/check/descriptor.hpp"

namespace sim::check {

namespace {

using ffa::Fid;

bool is_exclusive(const ffa::Regs& begun) {
  return ffa::is_function(begun, Fid::mem_lend) || ffa::is_function(begun, Fid::mem_donate);
}

/// I03: what is lent or donated is in no other transaction of its owner.
class Exclusive final : public CheckerOf<Exclusive> {
 public:
  std::string id() const override { return "I03"; }
  bool needs_facts() const override { return true; }
  void after(const Step& step) override {
    note(step);
    if (!step.thorough) return;
    for (const auto& [id, vm] : step.facts.vms) check_vm(step, id, vm);
  }

 private:
  struct Range {
    uint64_t begin;
    uint64_t end;
    bool exclusive;
  };

  void note(const Step& step) {
    const trace::Event& event = step.event;
    if (event.side == trace::Side::lifecycle && event.op == "free") handles_.erase(event.vm);
    if (!step.is_guest()) return;
    std::map<uint64_t, bool>& handles = handles_[event.vm];
    if (!step.sent.bytes.empty()) {
      const bool more = ffa::is_function(event.out, Fid::mem_frag_rx);
      if (!more && !ffa::is_success(event.out)) return;
      // The handle of FFA_MEM_FRAG_RX stands where that of a request does.
      const uint64_t handle = more ? requested_handle(event.out) : answered_handle(event.out);
      handles[handle] = is_exclusive(step.sent.begun);
    } else if (ffa::is_function(event.in, Fid::mem_reclaim) && ffa::is_success(event.out)) {
      handles.erase(requested_handle(event.in));
    }
  }

  void check_vm(const Step& step, uint16_t id, const VmFact& vm) {
    const std::map<uint64_t, bool>& handles = handles_[id];
    std::vector<Range> ranges;
    bool any = false;
    for (const ShareFact& share : vm.shares) {
      const auto known = handles.find(share.fact.handle);
      const bool exclusive = known != handles.end() && known->second;
      any = any || exclusive;
      for (const ffa_sim_fact& range : share.ranges) {
        ranges.push_back({range.ipa, range.ipa + range.pages * ffa::page_size, exclusive});
      }
    }
    if (!any) return;
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    uint64_t end = 0;            // of all ranges so far
    uint64_t exclusive_end = 0;  // of those of loans and donations
    for (const Range& range : ranges) {
      if (range.begin < exclusive_end || (range.exclusive && range.begin < end)) {
        report(step, fmt::format("{:#x} of VM {} is lent or donated, and in another transaction",
                                 range.begin, id));
        return;
      }
      end = std::max(end, range.end);
      if (range.exclusive) exclusive_end = std::max(exclusive_end, range.end);
    }
  }

  std::map<uint16_t, std::map<uint64_t, bool>> handles_;  // by VM: handle -> lent or donated
};

/// I10: what was reclaimed is not the secure world's any more. That no VM borrows it, the machine
/// sees to.
class ReclaimedWhole final : public CheckerOf<ReclaimedWhole> {
 public:
  std::string id() const override { return "I10"; }
  void after(const Step& step) override {
    const bool reclaimed = step.is_guest() && ffa::is_function(step.event.in, Fid::mem_reclaim) &&
                           ffa::is_success(step.event.out);
    if (!reclaimed || !step.alone || step.faulted) return;
    const spmc_model::Spmc* const model = step.sim().secure_world().model();
    for (size_t n = 0; model != nullptr && n < model->regions(); ++n) {
      const spmc_model::RegionFacts region = model->region(n);
      if (region.handle.raw() != requested_handle(step.event.in) || region.owner_gone) continue;
      report(step, fmt::format("succeeds, and the SPMC still holds {:#x}, retrieved by {}",
                               region.handle.raw(), region.retrieved_by));
    }
  }
};

/// I13: a receiver that was promised zeros finds zeros; only who may write his memory can promise
/// them.
class Zeroed final : public CheckerOf<Zeroed> {
 public:
  std::string id() const override { return "I13"; }
  void after(const Step& step) override {
    const bool promised =
        ffa::is_success(step.event.out) && step.alone && asks_to_zero(step.sent.bytes);
    if (!promised) return;
    const auto asked = read_descriptor(step.sent.bytes, step.guest().version);
    if (!asked) return;
    for (const PageRun& run : asked->ranges) {
      if (!check_run(step, run)) return;
    }
  }

 private:
  bool check_run(const Step& step, const PageRun& run) const {
    const Machine& machine = step.sim().machine();
    for (uint64_t n = 0; n < run.pages;) {
      const uint64_t ipa = run.address + n * ffa::page_size;
      const mediator::Extent extent = machine.translate_own(step.event.vm, ipa, run.pages - n);
      if (extent.kind != mediator::MemoryKind::ram_rw) {
        report(step, fmt::format("promises to zero {:#x}, which it may not write", ipa));
        return false;
      }
      if (!is_zero(machine, extent)) {
        report(step, fmt::format("promises zeros at {:#x}, and there are others", ipa));
        return false;
      }
      n += extent.pages.raw();
    }
    return true;
  }
  static bool is_zero(const Machine& machine, const mediator::Extent& extent) {
    std::array<std::byte, ffa::page_size> bytes{};
    for (uint64_t n = 0; n < extent.pages.raw(); ++n) {
      if (!machine.read_pa(extent.pa.raw() + n * ffa::page_size, bytes)) return false;
      if (!std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{}; })) {
        return false;
      }
    }
    return true;
  }
};

/// I14: the SPMC is told of the receivers that the caller named, with the rights that it named or
/// fewer, and never that memory of the normal world was secure.
class RightsWithin final : public CheckerOf<RightsWithin> {
 public:
  std::string id() const override { return "I14"; }
  void after(const Step& step) override {
    if (step.sent.bytes.empty()) return;
    for (const trace::Event* smc : step.smcs) {
      if (!is_memory_send(smc->in)) continue;
      const auto asked = read_descriptor(step.sent.bytes, step.guest().version);
      const auto told = read_descriptor(smc->tx, step.spmc_version);
      if (!asked || !told) continue;
      if ((told->attributes & ns_attribute) != 0) report(step, "the SPMC was told the NS bit");
      for (const ReceiverAccess& access : told->accesses) check_access(step, *asked, access);
    }
  }

 private:
  static constexpr uint8_t data_mask = 3;
  static constexpr uint8_t instruction_shift = 2;
  static constexpr uint8_t executable = 2;

  void check_access(const Step& step, const Descriptor& asked, ReceiverAccess told) const {
    const auto named =
        std::find_if(asked.accesses.begin(), asked.accesses.end(),
                     [&](ReceiverAccess access) { return access.receiver == told.receiver; });
    if (named == asked.accesses.end()) {
      report(step, fmt::format("the SPMC was told of receiver {:#x}, which the caller did not name",
                               told.receiver));
      return;
    }
    // Data access: not specified, read-only, read-write: each number is more than those below.
    const bool data = (told.permissions & data_mask) <= (named->permissions & data_mask);
    const auto instruction = [](uint8_t permissions) {
      return (permissions >> instruction_shift) & data_mask;
    };
    const bool code = instruction(told.permissions) != executable ||
                      instruction(named->permissions) == executable;
    if (!data || !code) {
      report(step, fmt::format("the SPMC was told of rights {:#x} of receiver {:#x}, the caller "
                               "gave {:#x}",
                               told.permissions, told.receiver, named->permissions));
    }
  }
};

/// I35: when all calls are over, no TLB holds what was taken away. That nothing is handed over
/// while one does, engine and machine see to.
class TlbsClean final : public CheckerOf<TlbsClean> {
 public:
  std::string id() const override { return "I35"; }
  void after(const Step& step) override {
    if (step.sim().open_steps() != 0) return;
    for (const VmSpec& vm : step.sim().spec().vms) {
      const uint16_t id = vm.config.id.raw();
      const uint64_t pages = step.sim().machine().stale_pages(id);
      if (pages == 0) continue;
      report(step, fmt::format("{} pages were taken from VM {}, and its TLBs may still hold them",
                               pages, id));
    }
  }
};

}  // namespace

void add_rights_checkers(CheckerList& list) {
  list.push_back(std::make_unique<Exclusive>());
  list.push_back(std::make_unique<ReclaimedWhole>());
  list.push_back(std::make_unique<Zeroed>());
  list.push_back(std::make_unique<RightsWithin>());
  list.push_back(std::make_unique<TlbsClean>());
}

}  // namespace sim::check
