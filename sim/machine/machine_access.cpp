// SPDX-License-Identifier: BSD-3-Clause
// What the mediator does to stage 2: takes an owner's access away and gives it back, maps pages
// into borrowers, invalidates TLBs.
#include <fmt/format.h>

#include "sim/machine/machine_impl.hpp"

namespace sim {

namespace {
constexpr uint64_t max_page = ~uint64_t{0} / page_bytes;
}  // namespace

bool Machine::set_access(uint16_t id, uint64_t ipa, uint64_t pages, bool full) {
  Impl::Vm* vm = impl_->find(id);
  const uint64_t page = ipa / page_bytes;
  const auto refuse = [&](const char* why) {
    impl_->report(fmt::format("I04: access to {} pages at {:#x} of VM {} is {}: {}", pages, ipa, id,
                              full ? "given back" : "taken away", why));
    return false;
  };
  if (vm == nullptr || pages == 0 || ipa % page_bytes != 0 || page + pages < page) {
    return refuse("it names nothing");
  }
  if (!vm->pins.all_of(page, page + pages, [](uint32_t count) { return count != 0; })) {
    return refuse("not all of it is pinned");
  }
  ++impl_->page_views;
  const Rights before = full ? Rights::withdrawn : Rights::own;
  if (!vm->rights.all_of(page, page + pages, [&](Rights now) { return now == before; })) {
    return refuse("it was before");
  }
  if (full) {
    vm->stale.unmap(page, pages);  // what a TLB may hold is what stage 2 says again
  } else {
    vm->keep_stale(page, pages);
  }
  vm->rights.assign(page, page + pages, full ? Rights::own : Rights::withdrawn);
  return true;
}

bool Machine::map_into(uint16_t id, uint64_t ipa, const mediator::Extent& extent, bool writable) {
  Impl::Vm* vm = impl_->find(id);
  const uint64_t page = ipa / page_bytes;
  const uint64_t frame = extent.pa.raw() / page_bytes;
  const uint64_t pages = extent.pages.raw();
  const auto refuse = [&](const char* invariant, const char* why) {
    impl_->report(fmt::format("{}: {} pages at {:#x} are mapped at {:#x} of VM {}: {}", invariant,
                              pages, extent.pa.raw(), ipa, id, why));
    return false;
  };
  const bool aligned = ipa % page_bytes == 0 && extent.pa.raw() % page_bytes == 0;
  const bool wraps = pages > max_page || page > max_page - pages || frame > max_page - pages;
  if (vm == nullptr || pages == 0 || !aligned || wraps) return refuse("I01", "it names nothing");
  if (!impl_->frames.all_of(frame, frame + pages, [](FrameUse use) { return use.pins != 0; })) {
    return refuse("I06", "not all of them are pinned");
  }
  if (impl_->memory.owner(frame) == owned_by(id)) return refuse("I01", "they are its own");
  if (vm->stale.overlaps(page, pages)) return refuse("I35", "another mapping may be in a TLB yet");
  ++impl_->page_views;
  if (!vm->stage2.map({page, frame, pages, mediator::MemoryKind::foreign})) return false;
  vm->rights.assign(page, page + pages, writable ? Rights::borrowed_rw : Rights::borrowed_ro);
  vm->widen(page, pages);
  impl_->frames.update(frame, frame + pages, [](FrameUse use) {
    ++use.borrowed;
    return use;
  });
  return true;
}

void Machine::unmap_from(uint16_t id, uint64_t ipa, uint64_t pages) {
  Impl::Vm* vm = impl_->find(id);
  const uint64_t page = ipa / page_bytes;
  const bool named = vm != nullptr && pages != 0 && ipa % page_bytes == 0 && page + pages > page;
  const bool borrowed = named && vm->rights.all_of(page, page + pages, is_borrowed);
  if (!borrowed) {
    impl_->report(
        fmt::format("I04: {} pages at {:#x} are taken from VM {}, which were not mapped "
                    "into it",
                    pages, ipa, id));
    return;
  }
  ++impl_->page_views;
  vm->keep_stale(page, pages);
  for (const Stage2::Run& run : vm->stage2.unmap(page, pages)) impl_->end_borrowing(run);
  vm->rights.assign(page, page + pages, Rights::own);
}

void Machine::Impl::end_borrowing(const Stage2::Run& run) {
  frames.update(run.pa_page, run.pa_page + run.pages, [](FrameUse use) {
    --use.borrowed;
    return use;
  });
}

void Machine::tlbi(uint16_t id) {
  ++impl_->page_views;
  if (Impl::Vm* vm = impl_->find(id)) {
    vm->stale = {};
  } else {
    impl_->report(fmt::format("I35: TLB invalidation for VM {}, which does not exist", id));
  }
}

mediator::Extent Machine::translate_own(uint16_t id, uint64_t ipa, uint64_t pages) const {
  const Impl::Vm* vm = impl_->find(id);
  return vm == nullptr ? mediator::Extent{} : to_extent(vm->stage2.find(ipa / page_bytes, pages));
}

uint64_t Machine::stale_pages(uint16_t id) const {
  const Impl::Vm* vm = impl_->find(id);
  uint64_t sum = 0;
  if (vm == nullptr) return sum;
  for (const auto& [page, run] : vm->stale.runs()) sum += run.pages;
  return sum;
}

namespace {
uint64_t count_pages(const MachineVm* vm, bool (*test)(Rights)) {
  uint64_t sum = 0;
  if (vm == nullptr || vm->low >= vm->high) return sum;
  vm->rights.for_each(vm->low, vm->high, [&](uint64_t begin, uint64_t end, Rights rights) {
    if (test(rights)) sum += end - begin;
  });
  return sum;
}
}  // namespace

uint64_t Machine::withdrawn_pages(uint16_t id) const {
  return count_pages(impl_->find(id), [](Rights rights) { return rights == Rights::withdrawn; });
}

uint64_t Machine::borrowed_pages(uint16_t id) const {
  return count_pages(impl_->find(id), is_borrowed);
}

void Machine::Impl::count_pins(const Vm& vm, uint64_t page, uint64_t pages, int change) {
  for (uint64_t done = 0; done < pages;) {
    const Stage2::Run run = vm.stage2.find(page + done, pages - done);
    frames.update(run.pa_page, run.pa_page + run.pages, [change](FrameUse use) {
      use.pins += static_cast<uint32_t>(change);
      return use;
    });
    done += run.pages;
  }
}

void Machine::Impl::check_loose(uint16_t id, const Vm& vm, uint64_t page, uint64_t pages) {
  const auto complain = [&](const char* invariant, const char* what) {
    report(fmt::format("{}: unpin of {} pages at {:#x} of VM {}{}", invariant, pages,
                       page * page_bytes, id, what));
  };
  if (!vm.rights.all_of(page, page + pages, [](Rights r) { return r == Rights::own; })) {
    complain("I04", ", whose access to them was not given back");
  }
  if (buffers.maps(id, page, pages)) complain("I06", ", still mapped as a buffer");
  bool borrowed = false;
  bool in_tlb = false;
  for (uint64_t done = 0; done < pages;) {
    const Stage2::Run run = vm.stage2.find(page + done, pages - done);
    const uint64_t end = run.pa_page + run.pages;
    borrowed = borrowed ||
               !frames.all_of(run.pa_page, end, [](FrameUse use) { return use.borrowed == 0; });
    for (const auto& [other, borrower] : vms) {
      if (other == id) continue;
      for (const auto& [first, kept] : borrower.stale.runs()) {
        in_tlb = in_tlb || (kept.pa_page < end && run.pa_page < kept.pa_page + kept.pages);
      }
    }
    done += run.pages;
  }
  if (borrowed) complain("I06", ", still mapped into a borrower");
  if (in_tlb) complain("I35", ", which a borrower's TLB may still hold");
}

}  // namespace sim
