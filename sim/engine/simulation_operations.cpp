// SPDX-License-Identifier: BSD-3-Clause
// What tasks do besides the mediator's own operations, told to who watches them.
#include "sim/engine/simulation_impl.hpp"

namespace sim {

namespace {
constexpr uint64_t page_bytes = 4096;
}  // namespace

void Simulation::Impl::touch_pa(uint64_t pa, uint64_t bytes, bool write) {
  if (!scheduler.watched() || bytes == 0) return;
  for (uint64_t page = pa / page_bytes; page <= (pa + bytes - 1) / page_bytes; ++page) {
    scheduler.perform({OperationKind::memory, page, write});
  }
}

void Simulation::perform(const Operation& operation) { impl_->scheduler.perform(operation); }

void Simulation::touch(uint16_t vm, uint64_t ipa, uint64_t bytes, bool write) {
  if (!impl_->scheduler.watched() || bytes == 0) return;
  impl_->scheduler.perform({OperationKind::p2m, vm, false});
  if (impl_->machine.stale_pages(vm) != 0) impl_->scheduler.perform({});  // where to, a TLB knows
  const uint64_t last = (ipa + bytes - 1) / page_bytes;
  for (uint64_t page = ipa / page_bytes; page <= last;) {
    const mediator::Extent extent =
        impl_->machine.translate(vm, page * page_bytes, last - page + 1);
    const uint64_t pages = extent.pages.raw() == 0 ? 1 : extent.pages.raw();
    if (extent.kind != mediator::MemoryKind::none) {
      impl_->touch_pa(extent.pa.raw(), pages * page_bytes, write);
    }
    page += pages;
  }
}

}  // namespace sim
