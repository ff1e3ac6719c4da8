// SPDX-License-Identifier: BSD-3-Clause
// TEE type ffa: the FF-A mediator as one row of the framework's table. [DEN0077A 1.2]
#pragma once

#include "core/call_table.hpp"
#include "core/rollback.hpp"
#include "handlers/ffa_calls.hpp"
#include "handlers/notification_delivery.hpp"
#include "handlers/probe.hpp"
#include "handlers/state.hpp"
#include "handlers/teardown.hpp"
#include "handlers/vm_availability.hpp"
#include "mediator/mediator.hpp"

namespace mediator {

template <Platform P>
struct TeeFfa {
  static size_t memory_needed(const MediatorConfig& config, const VmConfig& vm) {
    return VmContext<P>::bytes(config, vm);
  }

  static ffa::Result<void> probe(MediatorState<P>& mediator) { return probe_spmc(mediator); }

  static VmContext<P>* make_context(MediatorState<P>& mediator, const VmConfig& config,
                                    Arena& arena) {
    return arena.make<VmContext<P>>(mediator.platform, mediator.config, config,
                                    switches_of(mediator, config), mediator.spmc.features, arena);
  }

  /// The VM's slot is `creating` already: its id is taken, but nobody serves or lists it yet. Ends
  /// with `done`, or with the error for which there is no VM.
  static ffa::Result<Progress> domain_init(MediatorState<P>& mediator, const VmEntry<P>& slot) {
    if (!mediator.spmc.usable) return Progress::done;
    const Creation& creation = slot.context->creation;
    const Progress progress = create(mediator, *slot.context, false);
    if (progress == Progress::done && creation.refusal != ffa::Status::success) {
      return ffa::Error{creation.refusal};
    }
    return progress;
  }
  /// The VM won't be, though nobody refuses it. A message that an SP was interrupted in comes to
  /// its end first.
  static Progress give_up_init(MediatorState<P>& mediator, const VmEntry<P>& slot) {
    return mediator.spmc.usable ? create(mediator, *slot.context, true) : Progress::done;
  }

  static Progress domain_teardown(MediatorState<P>& mediator, const VmEntry<P>& slot) {
    VmContext<P>& vm = *slot.context;
    while (vm.teardown.step != TeardownStep::done) {  // bound: the steps' own, and the budget
      if (!mediator.platform.budget_left()) return Progress::restart;
      vm.teardown.later = false;
      teardown_step(mediator, vm);
      if (vm.teardown.later) return Progress::later;
    }
    const bool gave_all_back = reclaimed_all(vm) && !vm.buffers_kept && !vm.request_kept;
    return gave_all_back ? Progress::done : Progress::quarantined;
  }

  /// The buffers go whatever state they are in: nobody makes calls any more. But another VM may be
  /// writing a message into RX: its call goes first.
  static Progress relinquish_resources(MediatorState<P>& mediator, const VmEntry<P>& slot) {
    const Progress progress = domain_teardown(mediator, slot);
    if (goes_on(progress)) return progress;
    VmContext<P>& vm = *slot.context;
    if (vm.buffers.tx.load() != static_cast<uint32_t>(TxState::unmapped)) {
      uint32_t rx = vm.buffers.rx.load();
      const bool idle = rx != static_cast<uint32_t>(RxState::producing);
      const auto unmapped = static_cast<uint32_t>(RxState::unmapped);
      if (!idle || !vm.buffers.rx.compare_exchange(rx, unmapped)) return Progress::later;
      vm.buffers.tx.store(static_cast<uint32_t>(TxState::unmapped));
      release_buffers(mediator.platform, vm);
    }
    return progress;
  }

  [[gnu::always_inline]] static void handle_call(MediatorState<P>& mediator,
                                                 const Caller<P>& caller, ffa::Regs& regs,
                                                 RuleTrace& rules) {
    serve_call(mediator, caller, regs, rules);
  }

  /// Function ids that the VM can call at the version that it negotiated; before it did, at the
  /// highest one that it can.
  static uint32_t call_count(const MediatorState<P>& mediator, const VmEntry<P>& slot) {
    if (!has_ffa(*slot.context)) return 0;
    const VersionWord word = slot.context->version();
    const ffa::Version version =
        word.negotiated() ? word.version() : offered_version(mediator.config, slot.context->config);
    uint32_t count = 1;  // FFA_VERSION
    for (uint32_t number = ffa::first_fid_number; number <= ffa::last_fid_number; ++number) {
      for (const uint32_t id : {0x84000000U | number, 0xc4000000U | number}) {
        count += slot.context->calls.has(ffa::FunctionId{id}, version) ? 1U : 0U;
      }
    }
    return count;
  }

 private:
  static Progress create(MediatorState<P>& mediator, VmContext<P>& vm, bool given_up) {
    Creation& creation = vm.creation;
    while (true) {  // bound: the steps' own, and the budget
      const bool refused = creation.refusal != ffa::Status::success;
      if (given_up && !refused && !creation.message.interrupted) {
        refuse(mediator, vm, ffa::Status::aborted);
      }
      if (creation.step == CreationStep::done) return Progress::done;
      if (!mediator.platform.budget_left()) return Progress::restart;
      creation.later = false;
      creation_step(mediator, vm);
      if (creation.later) return Progress::later;
    }
  }
};

}  // namespace mediator
