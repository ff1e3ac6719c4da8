// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/outside.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "ports/unicorn/image_abi.hpp"

namespace sim::unicorn {
namespace {

using ports::unicorn::Op;

uint16_t half(uint64_t value) { return static_cast<uint16_t>(value); }
uint32_t word(uint64_t value) { return static_cast<uint32_t>(value); }

template <class T>
T object_at(const std::byte* place) {
  T object{};
  std::memcpy(&object, place, sizeof object);
  return object;
}

// A bool of the image's is read as the byte that it may really be.
uint8_t flag_at(const std::byte* place, size_t offset, uint8_t bit) {
  return place[offset] != std::byte{0} ? bit : uint8_t{0};
}

uint8_t flags_at(const std::byte* place) {
  return static_cast<uint8_t>(flag_at(place, offsetof(mediator::VmFacts, version_frozen), 1) |
                              flag_at(place, offsetof(mediator::VmFacts, tx_claimed), 2) |
                              flag_at(place, offsetof(mediator::VmFacts, dying), 4));
}

static_assert(static_cast<size_t>(Op::count) <= most_operations);

/// How many bytes a copy names: in x3, all of them in the window.
uint32_t in_window(const CallRegisters& x) {
  using namespace ports::unicorn;
  if (word(x[1]) >= window_count || uint64_t{word(x[2])} + word(x[3]) > window_bytes) {
    throw BadOperation(fmt::format("a copy names {} bytes at {} of buffer {}, which no window has",
                                   word(x[3]), word(x[2]), word(x[1])));
  }
  return word(x[3]);
}

}  // namespace

std::byte* Outside::bytes_at(uint64_t address, uint64_t bytes, bool writable) const {
  std::byte* const place = memory_.find(address, bytes, writable);
  if (place == nullptr) {
    throw BadOperation(
        fmt::format("an operation names {} bytes at {:#x}, which are not the "
                    "image's{}",
                    bytes, address, writable ? " to write" : ""));
  }
  return place;
}

uint32_t* Outside::lock_at(uint64_t address) const {
  if (address % sizeof(uint32_t) != 0)
    throw BadOperation(fmt::format("a lock lies at {:#x}, which is not aligned", address));
  return reinterpret_cast<uint32_t*>(bytes_at(address, sizeof(uint32_t), true));
}

void Outside::hvc(CallRegisters& x, Activation& call) {
  if (x[0] >= static_cast<uint64_t>(Op::count))
    throw BadOperation(fmt::format("HVC with x0 {:#x}, which is no operation", x[0]));
  ++call.counts.operations[x[0]];
  const bool copies =
      x[0] == static_cast<uint64_t>(Op::copy_in) || x[0] == static_cast<uint64_t>(Op::copy_out);
  if (copies) call.counts.bytes += word(x[3]);
  switch (static_cast<Op>(x[0])) {
    case Op::translate:
    case Op::pin:
    case Op::unpin:
    case Op::map:
    case Op::unmap:
      return addresses(x);
    case Op::set_access:
    case Op::map_into:
    case Op::unmap_from:
    case Op::tlbi:
      return rights(x);
    case Op::copy_in:
    case Op::copy_out:
    case Op::clear:
    case Op::own_tx:
    case Op::own_rx:
      return buffers(x, call.windows);
    case Op::inject_irq:
    case Op::wake:
    case Op::vm_get:
    case Op::vm_put:
    case Op::budget_left:
      return life(x);
    case Op::log:
    case Op::rules:
    case Op::lock_acquire:
    case Op::lock_release:
    case Op::atomic_access:
      return words(x);
    case Op::vm_facts:
    case Op::share_facts:
    case Op::range_facts:
      return facts(x);
    case Op::returned:
    case Op::count:
      break;
  }
  throw BadOperation("it returns, but nothing was called");
}

void Outside::addresses(CallRegisters& x) {
  switch (static_cast<Op>(x[0])) {
    case Op::translate: {
      ffa_sim_extent extent{};
      ops_.translate(world_, half(x[1]), x[2], x[3], &extent);
      x[0] = extent.pa;
      x[1] = extent.pages;
      x[2] = extent.kind;
      return;
    }
    case Op::pin: {
      const ffa_sim_extent extent{x[3], x[4], word(x[5]), 0};
      x[0] = word(static_cast<uint64_t>(ops_.pin(world_, half(x[1]), x[2], &extent)));
      return;
    }
    case Op::unpin:
      return ops_.unpin(world_, half(x[1]), x[2], x[3]);
    case Op::map: {
      uint32_t buffer = 0;
      x[0] = word(static_cast<uint64_t>(ops_.map(world_, half(x[1]), x[2], x[3], &buffer)));
      x[1] = buffer;
      return;
    }
    default:
      return ops_.unmap(world_, word(x[1]));
  }
}

void Outside::rights(CallRegisters& x) {
  switch (static_cast<Op>(x[0])) {
    case Op::set_access:
      x[0] =
          word(static_cast<uint64_t>(ops_.set_access(world_, half(x[1]), x[2], x[3], word(x[4]))));
      return;
    case Op::map_into: {
      const ffa_sim_extent extent{x[3], x[4], FFA_SIM_MEM_RAM_RW, 0};
      x[0] =
          word(static_cast<uint64_t>(ops_.map_into(world_, half(x[1]), x[2], &extent, word(x[5]))));
      return;
    }
    case Op::unmap_from:
      return ops_.unmap_from(world_, half(x[1]), x[2], x[3]);
    default:
      return ops_.tlbi(world_, half(x[1]));
  }
}

void Outside::buffers(CallRegisters& x, Windows& windows) {
  ffa_sim_own_buffers own{};
  switch (static_cast<Op>(x[0])) {
    case Op::copy_in: {
      // Other calls may run meanwhile: what they ask for is theirs.
      const auto asked = windows.ask(word(x[1]), word(x[2]), in_window(x));
      return ops_.copy_in(world_, word(x[1]), word(x[2]), asked.data(), word(x[3]));
    }
    case Op::copy_out: {
      const auto written = windows.send(word(x[1]), word(x[2]), in_window(x));
      if (!written) throw BadOperation("copy_out of bytes that were not written into the window");
      return ops_.copy_out(world_, word(x[1]), word(x[2]), written->data(), word(x[3]));
    }
    case Op::clear:
      return ops_.clear(world_, word(x[1]), word(x[2]), word(x[3]));
    case Op::own_tx:
      ops_.own_buffers(world_, &own);
      x[0] = own.tx_id;
      x[1] = own.tx_pa;
      return;
    default:
      ops_.own_buffers(world_, &own);
      own_rx_ = own.rx_id;
      x[0] = own.rx_id;
      x[1] = own.rx_pa;
  }
}

void Outside::life(CallRegisters& x) {
  switch (static_cast<Op>(x[0])) {
    case Op::inject_irq:
      x[0] = ops_.inject_irq(world_, half(x[1]), half(x[2]), word(x[3])) != 0 ? 1 : 0;
      return;
    case Op::wake:
      return ops_.wake(world_, half(x[1]), half(x[2]));
    case Op::vm_get:
      x[0] = ops_.vm_get(world_, half(x[1])) != 0 ? 1 : 0;
      return;
    case Op::vm_put:
      return ops_.vm_put(world_, half(x[1]));
    default:
      x[0] = ops_.budget_left(world_) != 0 ? 1 : 0;
  }
}

void Outside::words(const CallRegisters& x) {
  constexpr uint64_t most_rule_words = 64;
  switch (static_cast<Op>(x[0])) {
    case Op::log: {
      const std::byte* const text = bytes_at(x[2], word(x[3]), false);
      return ops_.log(world_, word(x[1]), reinterpret_cast<const char*>(text), word(x[3]));
    }
    case Op::rules: {
      const size_t count = std::min(x[4], most_rule_words);
      std::array<uint64_t, most_rule_words> accepted{};
      std::memcpy(accepted.data(), bytes_at(x[3], count * sizeof(uint64_t), false),
                  count * sizeof(uint64_t));
      return ops_.rules(world_, half(x[1]), half(x[2]), accepted.data(), word(count), word(x[5]));
    }
    case Op::lock_acquire:
      return ops_.lock_acquire(world_, lock_at(x[1]), word(x[2]));
    case Op::lock_release:
      return ops_.lock_release(world_, lock_at(x[1]), word(x[2]));
    default:
      return ops_.atomic_access(world_, bytes_at(x[1], 1, true), x[2] != 0 ? 1 : 0);
  }
}

void Outside::facts(const CallRegisters& x) {
  if (!sink_) throw BadOperation("it tells facts, but nobody observes it");
  ffa_sim_fact fact{};
  if (static_cast<Op>(x[0]) == Op::vm_facts) {
    const std::byte* const place = bytes_at(x[1], sizeof(mediator::VmFacts), false);
    const auto vm = object_at<mediator::VmFacts>(place);
    fact.kind = FFA_SIM_FACT_VM;
    fact.vm = fact_vm_ = vm.id.raw();
    fact.rx_state = static_cast<uint8_t>(vm.rx);
    fact.flags = flags_at(place);
    fact.version = vm.version.raw();
    fact.shares = vm.shares;
    fact.quarantined = vm.quarantined;
    fact.pinned_pages = vm.pinned_pages;
    fact.rx_ipa = vm.rx_ipa.raw();
    fact.tx_ipa = vm.tx_ipa.raw();
    fact.rxtx_pages = vm.rxtx_pages.raw();
  } else if (static_cast<Op>(x[0]) == Op::share_facts) {
    const auto share =
        object_at<mediator::ShareFacts>(bytes_at(x[1], sizeof(mediator::ShareFacts), false));
    fact.kind = FFA_SIM_FACT_SHARE;
    fact.vm = share.owner.raw();
    fact.share_state = static_cast<uint32_t>(share.state);
    fact.handle = fact_handle_ = share.handle.raw();
    fact.pages = share.pages.raw();
  } else {
    const auto range =
        object_at<mediator::RangeFacts>(bytes_at(x[1], sizeof(mediator::RangeFacts), false));
    fact.kind = FFA_SIM_FACT_RANGE;
    fact.vm = fact_vm_;
    fact.handle = fact_handle_;
    fact.ipa = range.ipa.raw();
    fact.pages = range.pages.raw();
  }
  sink_(fact);
}

void Outside::smc(CallRegisters& x, Activation& call) {
  ++call.counts.operations[0];
  ffa_sim_regs regs{};
  std::copy_n(x.begin(), std::size(regs.x), std::begin(regs.x));
  ops_.smc(world_, half(x[18]), &regs);
  std::copy(std::begin(regs.x), std::end(regs.x), x.begin());
  // What the SPMC has left in the mediator's RX is another message than before.
  if (own_rx_) call.windows.refill(*own_rx_);
}

}  // namespace sim::unicorn
