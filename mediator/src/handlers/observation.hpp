// SPDX-License-Identifier: BSD-3-Clause
// The facts that checkers may see. Takes no lock: whoever observes has stopped the vCPUs, which may
// hold some.
#pragma once

#include "handlers/state.hpp"
#include "mediator/observe.hpp"

namespace mediator {

template <Platform P>
VmFacts facts_of(const VmSlot<P>& slot) {
  VmFacts facts;
  facts.id = slot.id;
  facts.dying = slot.life == VmLife::dying;
  if (slot.context == nullptr) return facts;
  VmContext<P>& vm = *slot.context;
  const VersionWord version = vm.version();
  facts.version = version.version();
  facts.version_frozen = version.frozen();
  facts.rx = static_cast<RxState>(vm.buffers.rx.load());
  facts.tx_claimed = vm.buffers.tx.load() == static_cast<uint32_t>(TxState::claimed);
  facts.rx_ipa = vm.buffers.rx_ipa;
  facts.tx_ipa = vm.buffers.tx_ipa;
  facts.rxtx_pages = vm.buffers.pages;
  return facts;
}

template <Platform P>
void observe_vm(const VmSlot<P>& slot, Observer& observer) FFA_ATTR(no_thread_safety_analysis) {
  VmFacts facts = facts_of(slot);
  if (slot.context == nullptr) return observer.vm(facts);
  VmContext<P>& vm = *slot.context;
  const ShareTable& shares = vm.memory.shares;
  facts.notifications_bound_low = static_cast<uint32_t>(vm.bindings.bound());
  facts.pinned_pages = 2 * vm.buffers.pages.raw();
  facts.quarantined = vm.buffers_kept ? 1U : 0U;
  facts.shares = shares.size();
  for (uint32_t n = 0; n < shares.capacity(); ++n) {
    const Share& share = shares[ShareSlot{n}];
    if (share.state == SlotState::vacant) continue;
    facts.pinned_pages += share.pages.raw();
    facts.quarantined += share.state == SlotState::quarantined ? 1U : 0U;
  }
  observer.vm(facts);
  for (uint32_t n = 0; n < shares.capacity(); ++n) {
    const Share& share = shares[ShareSlot{n}];
    if (share.state == SlotState::vacant) continue;
    observer.share({slot.id, share.handle, observed_state(share.state), share.pages});
    for (RangeIndex at = share.first_range; at != no_range; at = vm.memory.ranges.next(at)) {
      const PageRange range = vm.memory.ranges.range(at);
      observer.range({range.base(), range.pages()});
    }
  }
}

}  // namespace mediator
