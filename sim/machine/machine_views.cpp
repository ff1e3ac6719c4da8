// SPDX-License-Identifier: BSD-3-Clause
// Pages for those who run a vCPU's own instructions: they get at the bytes without a call for each
// access.
#include "sim/machine/machine_impl.hpp"

namespace sim {

std::optional<Machine::PageView> Machine::view_page(uint16_t id, uint64_t ipa) {
  const Impl::Vm* const vm = impl_->find(id);
  if (vm == nullptr) return {};
  const Stage2::Run run = vm->reach(ipa / page_bytes, 1);
  if (run.pages == 0 || run.kind == mediator::MemoryKind::ram_none) return {};
  if (run.kind == mediator::MemoryKind::device) return {};
  auto view = view_frame(run.pa_page * page_bytes);
  if (view) view->writable = run.kind != mediator::MemoryKind::ram_ro;
  return view;
}

std::optional<Machine::PageView> Machine::view_frame(uint64_t pa) {
  std::byte* const bytes = impl_->memory.view(pa / page_bytes);
  if (bytes == nullptr) return {};
  return PageView{bytes, true, pa / page_bytes * page_bytes};
}

uint64_t Machine::page_views() const { return impl_->page_views; }

void Machine::wrote_pages(std::span<const uint64_t> pas) {
  if (pas.empty()) return;
  ++impl_->guest_writes;
  for (const uint64_t pa : pas) impl_->memory.wrote(pa / page_bytes);
}

}  // namespace sim
