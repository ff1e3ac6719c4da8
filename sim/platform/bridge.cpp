// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/bridge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <string>

#include "mediator/lock.hpp"

namespace sim {

namespace {

// More world operations than any call of a sound mediator takes, whatever the limits of its VMs.
constexpr uint64_t max_operations = 1ULL << 21;
constexpr uint32_t max_log_bytes = 4096;
constexpr uint32_t max_rule_words = 64;

constexpr auto status_no_memory = static_cast<int32_t>(ffa::Status::no_memory);
constexpr auto status_denied = static_cast<int32_t>(ffa::Status::denied);

ffa::Regs to_regs(const ffa_sim_regs& from) {
  ffa::Regs regs;
  std::copy(std::begin(from.x), std::end(from.x), regs.x.begin());
  return regs;
}

mediator::Extent to_extent(const ffa_sim_extent& from) {
  return {ffa::Pa{from.pa}, ffa::PageCount{from.pages},
          static_cast<mediator::MemoryKind>(from.kind)};
}

Operation on_vcpu(uint16_t vm, uint16_t vcpu) {
  return {OperationKind::interrupt, uint64_t{vm} << 16 | vcpu};
}

}  // namespace

// A yield point. False: the mediator may not do this now, it was reported.
bool Bridge::enter(const char* what, const Operation& operation) {
  if (observing_) {
    world_.report("machine", fmt::format("{} while the mediator was only looked at", what));
    return false;
  }
  if (++operations_ > max_operations && scheduler_.on_task()) {
    world_.report("I33", fmt::format("one call made more than {} operations, the last one {}",
                                     max_operations, what));
    scheduler_.give_up();
  }
  scheduler_.yield(operation);
  return true;
}

/// Counts of operations are one for all tasks.
const FaultSpec* Bridge::strike(std::string_view op) {
  if (faults_.any()) scheduler_.perform({OperationKind::faults});
  return faults_.strike(op);
}

Operation Bridge::on_word(OperationKind kind, const void* word, bool write) const {
  if (!scheduler_.watched()) return {kind, 0, write};
  const auto object = world_.word_of(word);
  return object ? Operation{kind, *object, write} : Operation{};
}

Operation Bridge::on_buffer(uint32_t buffer, bool write) const {
  const auto vm = machine_.vm_of_buffer(buffer);
  return vm ? Operation{OperationKind::buffers, *vm, write} : Operation{};
}

/// A copy page by page: what lies in the next page may change in between. One that leaves its
/// buffer is refused as a whole.
template <class Copy>
void Bridge::copy_pages(const char* what, const BufferAccess& access, Copy copy) {
  constexpr uint64_t page_bytes = 4096;
  const uint64_t end = uint64_t{access.offset} + access.length;
  const bool write = access.kind != CopyKind::in;
  const bool fits = access.length != 0 && end <= ~uint32_t{0} &&
                    machine_.page_of_buffer(access.buffer, static_cast<uint32_t>(end - 1));
  for (uint64_t at = access.offset; at < end || at == access.offset;) {
    const uint64_t size =
        fits ? std::min(end, (at / page_bytes + 1) * page_bytes) - at : access.length;
    const auto offset = static_cast<uint32_t>(at);
    const auto page = machine_.page_of_buffer(access.buffer, offset);
    if (!enter(what, page ? Operation{OperationKind::memory, *page, write} : Operation{})) return;
    scheduler_.perform(on_buffer(access.buffer, false));
    if (at == access.offset) world_.accessed(access);
    copy(offset, at - access.offset, size);
    at += std::max<uint64_t>(size, 1);
  }
}

// The C functions of the ABI; `world` is the Bridge.
struct Bridge::Calls {
  static Bridge& of(void* world) { return *static_cast<Bridge*>(world); }

  static void translate(void* world, uint16_t vm, uint64_t ipa, uint64_t pages,
                        ffa_sim_extent* out) {
    Bridge& b = of(world);
    *out = {};
    if (!b.enter("translate", {OperationKind::p2m, vm, false})) return;
    if (b.strike("translate") != nullptr) return;
    const mediator::Extent extent = b.machine_.translate(vm, ipa, pages);
    *out = {extent.pa.raw(), extent.pages.raw(), static_cast<uint32_t>(extent.kind), 0};
    b.world_.translated(vm, ipa, pages, extent);
  }

  static int32_t pin(void* world, uint16_t vm, uint64_t ipa, const ffa_sim_extent* extent) {
    Bridge& b = of(world);
    if (!b.enter("pin", {OperationKind::p2m, vm})) return status_denied;
    b.scheduler_.perform({OperationKind::borrowing, 0, false});
    if (const FaultSpec* fault = b.strike("pin")) return fault->status.value_or(status_no_memory);
    return b.machine_.pin(vm, ipa, to_extent(*extent)) ? 0 : status_denied;
  }

  static void unpin(void* world, uint16_t vm, uint64_t ipa, uint64_t pages) {
    Bridge& b = of(world);
    if (!b.enter("unpin", {OperationKind::p2m, vm})) return;
    b.scheduler_.perform({OperationKind::borrowing, 0, false});
    b.scheduler_.perform({OperationKind::buffers, vm, false});
    b.machine_.unpin(vm, ipa, pages);
  }

  static int32_t set_access(void* world, uint16_t vm, uint64_t ipa, uint64_t pages,
                            uint32_t access) {
    Bridge& b = of(world);
    if (!b.enter("set_access", {OperationKind::p2m, vm})) return status_denied;
    b.scheduler_.perform({OperationKind::buffers, vm, false});
    const bool full = access == FFA_SIM_ACCESS_FULL;
    const FaultSpec* const fault = full ? nullptr : b.strike("set_access");
    if (fault != nullptr) return fault->status.value_or(status_no_memory);
    return b.machine_.set_access(vm, ipa, pages, full) ? 0 : status_denied;
  }

  static int32_t map_into(void* world, uint16_t borrower, uint64_t ipa,
                          const ffa_sim_extent* extent, uint32_t access) {
    Bridge& b = of(world);
    if (!b.enter("map_into", {OperationKind::p2m, borrower})) return status_denied;
    b.scheduler_.perform({OperationKind::borrowing});
    if (const FaultSpec* fault = b.strike("map_into"))
      return fault->status.value_or(status_no_memory);
    const bool writable = access == FFA_SIM_BORROWER_READ_WRITE;
    return b.machine_.map_into(borrower, ipa, to_extent(*extent), writable) ? 0 : status_denied;
  }

  static void unmap_from(void* world, uint16_t borrower, uint64_t ipa, uint64_t pages) {
    Bridge& b = of(world);
    if (!b.enter("unmap_from", {OperationKind::p2m, borrower})) return;
    b.scheduler_.perform({OperationKind::borrowing});
    b.machine_.unmap_from(borrower, ipa, pages);
  }

  static void tlbi(void* world, uint16_t vm) {
    Bridge& b = of(world);
    if (!b.enter("tlbi", {OperationKind::p2m, vm})) return;
    b.scheduler_.perform({OperationKind::borrowing});
    b.machine_.tlbi(vm);
  }

  static int32_t map(void* world, uint16_t vm, uint64_t ipa, uint64_t pages, uint32_t* buffer) {
    Bridge& b = of(world);
    *buffer = 0;
    if (!b.enter("map", {OperationKind::buffers, vm})) return status_denied;
    b.scheduler_.perform({OperationKind::p2m, vm, false});
    if (const FaultSpec* fault = b.strike("map")) return fault->status.value_or(status_no_memory);
    *buffer = b.machine_.map(vm, ipa, pages);
    if (*buffer == 0) return status_denied;
    b.world_.mapped(vm, ipa, pages, *buffer);
    return 0;
  }

  static void unmap(void* world, uint32_t buffer) {
    Bridge& b = of(world);
    if (!b.enter("unmap", b.on_buffer(buffer, true))) return;
    b.machine_.unmap(buffer);
    b.world_.unmapped(buffer);
  }

  static void copy_in(void* world, uint32_t buffer, uint32_t offset, void* to, uint32_t length) {
    Bridge& b = of(world);
    const BufferAccess access{CopyKind::in, buffer, offset, length};
    b.world_.around_read(access);
    b.copy_pages("copy_in", access, [&](uint32_t at, uint64_t done, uint64_t size) {
      b.world_.reading({CopyKind::in, buffer, at, static_cast<uint32_t>(size)});
      b.machine_.copy_in(buffer, at, {static_cast<std::byte*>(to) + done, size});
    });
    b.world_.around_read(access);
    const auto rx = b.machine_.own_buffers().rx;
    if (buffer != rx.id.raw() || b.faults_.strike("own_rx") == nullptr) return;
    std::array<std::byte, 4096> rewritten;
    rewritten.fill(std::byte{0x80});  // as a partition: a secure one, not told of new VMs
    b.machine_.write_pa(rx.pa.raw(), rewritten);
  }

  static void copy_out(void* world, uint32_t buffer, uint32_t offset, const void* from,
                       uint32_t length) {
    Bridge& b = of(world);
    b.copy_pages("copy_out", {CopyKind::out, buffer, offset, length},
                 [&](uint32_t at, uint64_t done, uint64_t size) {
                   b.machine_.copy_out(buffer, at,
                                       {static_cast<const std::byte*>(from) + done, size});
                 });
  }

  static void clear(void* world, uint32_t buffer, uint32_t offset, uint32_t length) {
    Bridge& b = of(world);
    static constexpr std::array<std::byte, 4096> zeros{};
    b.copy_pages("clear", {CopyKind::clear, buffer, offset, length},
                 [&](uint32_t at, uint64_t /*done*/, uint64_t size) {
                   // Larger than a page only where it leaves the buffer: Machine says so.
                   b.machine_.copy_out(buffer, at,
                                       std::span{zeros}.first(std::min(size, zeros.size())));
                 });
  }

  static void own_buffers(void* world, ffa_sim_own_buffers* out) {
    const mediator::OwnBuffers own = of(world).machine_.own_buffers();
    *out = {own.tx.id.raw(), own.rx.id.raw(), own.tx.pa.raw(), own.rx.pa.raw()};
  }

  static void smc(void* world, uint16_t vm, ffa_sim_regs* regs) {
    Bridge& b = of(world);
    if (!b.enter("smc", {OperationKind::smc})) return;
    if (b.faults_.any()) b.scheduler_.perform({OperationKind::faults});
    b.scheduler_.check_locks_free("across an SMC",
                                  static_cast<uint32_t>(mediator::LockClass::spmc_tx));
    const ffa::Regs out = b.world_.smc(vm, to_regs(*regs));
    std::copy(out.x.begin(), out.x.end(), std::begin(regs->x));
    // What the secure world did is done: others may notice before the mediator learns of it.
    b.scheduler_.yield({OperationKind::none, 0, false});
  }

  static int32_t inject_irq(void* world, uint16_t vm, uint16_t vcpu, uint32_t irq) {
    Bridge& b = of(world);
    return b.enter("inject_irq", on_vcpu(vm, vcpu)) && b.world_.inject_irq(vm, vcpu, irq) ? 1 : 0;
  }

  static void wake(void* world, uint16_t vm, uint16_t vcpu) {
    Bridge& b = of(world);
    if (b.enter("wake", on_vcpu(vm, vcpu))) b.world_.wake(vm, vcpu);
  }

  static int32_t vm_get(void* world, uint16_t vm) {
    Bridge& b = of(world);
    if (!b.enter("vm_get", {OperationKind::life, vm, false})) return 0;
    if (b.strike("vm_get") != nullptr) return 0;
    return b.world_.vm_get(vm) ? 1 : 0;
  }

  static void vm_put(void* world, uint16_t vm) {
    Bridge& b = of(world);
    if (b.enter("vm_put", {OperationKind::life, vm, false})) b.world_.vm_put(vm);
  }

  static int32_t budget_left(void* world) {
    Bridge& b = of(world);
    if (!b.enter("budget_left", {OperationKind::budget, 0, b.budget_ != 0})) return 0;
    if (b.strike("budget") != nullptr) return 0;
    if (b.budget_ == 0) return 1;
    return b.used_++ < b.budget_ ? 1 : 0;
  }

  static void log(void* world, uint32_t level, const char* text, uint32_t length) {
    of(world).world_.log(level, {text, std::min(length, max_log_bytes)});
  }

  static void rules(void* world, uint16_t vm, uint16_t vcpu, const uint64_t* accepted,
                    uint32_t words, uint32_t rejected) {
    std::vector<uint32_t>& numbers = of(world).accepted_rules_;
    numbers.clear();
    for (uint32_t word = 0; word < std::min(words, max_rule_words); ++word) {
      for (uint64_t left = accepted[word]; left != 0; left &= left - 1) {
        numbers.push_back(word * 64 + static_cast<uint32_t>(std::countr_zero(left)));
      }
    }
    of(world).world_.rules(vm, vcpu, numbers, rejected);
  }

  static void lock_acquire(void* world, uint32_t* lock, uint32_t lock_class) {
    Bridge& b = of(world);
    if (b.observing_) return;
    const Operation acquire = b.on_word(OperationKind::lock_acquire, lock, true);
    b.scheduler_.lock_acquire(lock, lock_class, acquire.object);
  }

  static void lock_release(void* world, uint32_t* lock, uint32_t lock_class) {
    Bridge& b = of(world);
    if (b.observing_) return;
    const Operation release = b.on_word(OperationKind::lock_release, lock, true);
    b.scheduler_.lock_release(lock, lock_class, release.object);
  }

  static void atomic_access(void* world, const void* word, uint32_t write) {
    Bridge& b = of(world);
    if (b.observing_) return;
    b.enter("atomic_access", b.on_word(OperationKind::atomic, word, write != 0));
  }

  static void memory_access(void* world, const void* address, uint32_t bytes, uint32_t write,
                            const void* code) {
    const Bridge& b = of(world);
    if (b.observing_ || bytes == 0 || !b.scheduler_.several()) return;
    const auto first = b.world_.word_of(address);
    if (!first) return;  // its stack, or nobody's
    for (uint64_t at = *first; at < *first + bytes;) {
      const uint64_t end = std::min((at | 7) + 1, *first + bytes);
      b.scheduler_.access(at, end - at, write != 0, code);
      at = end;
    }
  }

  static uint16_t pcpu(void* world) { return of(world).world_.pcpu(); }
};

namespace {

/// A function of the ABI. The caller may know no exceptions; what ends its fiber passes it by.
template <auto function>
struct Callback;
template <class Result, class... Arguments, Result (*function)(Arguments...)>
struct Callback<function> {
  static Result call(Arguments... arguments) {
    try {
      return function(arguments...);
    } catch (const FiberEnded&) {
      // The handler is left first, so that the exception is freed.
    }
    Fiber::end_behind_foreign();
  }
};

}  // namespace

const ffa_sim_world_ops& Bridge::ops() {
  static const ffa_sim_world_ops table = {FFA_SIM_ABI_VERSION,
                                          sizeof(ffa_sim_world_ops),
                                          Callback<Calls::translate>::call,
                                          Callback<Calls::pin>::call,
                                          Callback<Calls::unpin>::call,
                                          Callback<Calls::map>::call,
                                          Callback<Calls::unmap>::call,
                                          Callback<Calls::copy_in>::call,
                                          Callback<Calls::copy_out>::call,
                                          Callback<Calls::clear>::call,
                                          Callback<Calls::own_buffers>::call,
                                          Callback<Calls::smc>::call,
                                          Callback<Calls::inject_irq>::call,
                                          Callback<Calls::vm_get>::call,
                                          Callback<Calls::vm_put>::call,
                                          Callback<Calls::budget_left>::call,
                                          Callback<Calls::log>::call,
                                          Callback<Calls::rules>::call,
                                          Callback<Calls::lock_acquire>::call,
                                          Callback<Calls::lock_release>::call,
                                          Callback<Calls::atomic_access>::call,
                                          Callback<Calls::set_access>::call,
                                          Callback<Calls::map_into>::call,
                                          Callback<Calls::unmap_from>::call,
                                          Callback<Calls::tlbi>::call,
                                          Callback<Calls::wake>::call,
                                          Callback<Calls::memory_access>::call,
                                          Callback<Calls::pcpu>::call};
  return table;
}

}  // namespace sim
