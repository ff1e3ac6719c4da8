// SPDX-License-Identifier: BSD-3-Clause
// A small Platform for unit tests: memory that can be looked into, an SPMC that answers by script,
// locks that check the lock order, and the n-th operation that fails. Shared by all handler tests.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "mediator/platform.hpp"

namespace fake {

inline constexpr uint16_t own_buffer_vm = 0;  ///< owner of the mediator's own buffers

struct Page {
  mediator::MemoryKind kind = mediator::MemoryKind::ram_rw;
  uint64_t pa = 0;
  int pins = 0;
  bool withdrawn = false;  ///< the owner has no access
  int borrowed = 0;        ///< mappings in other VMs
  std::array<std::byte, ffa::page_size> bytes{};
};

struct Smc {
  uint16_t vm = 0;
  ffa::Regs in{};
  ffa::Regs out{};
};

struct Irq {
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  uint32_t id = 0;
  friend bool operator==(const Irq&, const Irq&) = default;
};

class Platform {
 public:
  class FFA_CAPABILITY SpinLock {
   public:
    SpinLock(Platform& platform, mediator::LockClass lock_class)
        : platform_(platform), class_(lock_class) {}
    void lock() FFA_ACQUIRE() { platform_.took(class_); }
    void unlock() FFA_RELEASE() { platform_.gave_back(class_); }

   private:
    Platform& platform_;
    mediator::LockClass class_;
  };

  template <class T>
  class Atomic {
   public:
    Atomic(Platform& platform, T value) : platform_(platform), value_(value) {}
    T load() const {
      if (platform_.loads_before_hook > 0 && --platform_.loads_before_hook == 0) {
        std::exchange(platform_.at_load, nullptr)();
      }
      return value_;
    }
    void store(T value) { value_ = value; }
    bool compare_exchange(T& expected, T desired) {
      if (value_ != expected) {
        expected = value_;
        return false;
      }
      value_ = desired;
      return true;
    }
    T fetch_add(T value) {
      const T before = value_;
      value_ += value;
      return before;
    }

   private:
    Platform& platform_;
    T value_;
  };

  size_t locks_taken = 0;

  // What a test arranges.
  using Answer = std::function<ffa::Regs(const ffa::Regs&)>;
  std::map<uint32_t, Answer> spmc;                       ///< by function id; others: NOT_SUPPORTED
  std::map<std::pair<uint16_t, uint64_t>, Page> memory;  ///< by VM and page address
  std::set<uint16_t> alive;                              ///< VMs that vm_get() finds
  int fail_pin = 0;  ///< the n-th pin from now fails (1: the next)
  ffa::Status pin_failure = ffa::Status::denied;
  int fail_map = 0;
  int fail_access = 0;
  int fail_map_into = 0;
  int fail_translate = 0;  ///< as fail_pin: the answer is that there is nothing
  std::function<void()> after_pin;
  std::function<void()> after_copy_in;  ///< what a guest does as soon as its message was copied
  int budget = -1;                      ///< operations left; -1: no limit
  uint64_t own_buffer_pa = 0x48000000;
  /// Runs once in the middle of the next copy from or to a VM's buffer: another vCPU's call.
  std::function<void()> during_copy;
  /// Runs once, when a reference to another VM was taken and its place in the table looked up.
  std::function<void()> after_vm_find;
  /// Runs once, before the n-th load of a shared word from now: another vCPU's call.
  std::function<void()> at_load;
  int loads_before_hook = 0;

  // What it finds afterwards.
  std::map<std::pair<uint16_t, uint64_t>, mediator::BorrowerAccess> borrowed;  ///< as `memory`
  std::set<uint16_t> stale;  ///< VMs whose TLBs may hold what was taken away
  std::vector<Smc> smcs;
  std::vector<Irq> irqs;
  std::vector<std::string> logs;
  mediator::RuleTrace last_rules;
  uint32_t reports = 0;
  int mapped_buffers = 0;
  int cleared_while_borrowed = 0;  ///< pages
  int vm_references = 0;
  uint32_t copies_in = 0;

  void add_memory(uint16_t vm, uint64_t ipa, uint64_t pages, uint64_t pa,
                  mediator::MemoryKind kind = mediator::MemoryKind::ram_rw,
                  bool scattered = false) {
    for (uint64_t n = 0; n < pages; ++n) {
      Page& page = memory[{vm, ipa + n * ffa::page_size}];
      page.kind = kind;
      page.pa = pa + n * ffa::page_size * (scattered ? 3 : 1);
      page.bytes.fill(std::byte{0xa5});
    }
  }
  Page& page(uint16_t vm, uint64_t ipa) { return memory.at({vm, ipa & ~ffa::page_mask}); }
  int pins(uint16_t vm) const {
    int sum = 0;
    for (const auto& [key, page] : memory) sum += key.first == vm ? page.pins : 0;
    return sum;
  }
  void write(uint16_t vm, uint64_t ipa, std::span<const std::byte> bytes) {
    for (size_t n = 0; n < bytes.size(); ++n) {
      page(vm, ipa + n).bytes[(ipa + n) & ffa::page_mask] = bytes[n];
    }
  }
  std::vector<std::byte> read(uint16_t vm, uint64_t ipa, size_t length) {
    std::vector<std::byte> bytes;
    for (size_t n = 0; n < length; ++n) {
      bytes.push_back(page(vm, ipa + n).bytes[(ipa + n) & ffa::page_mask]);
    }
    return bytes;
  }
  /// SMCs with this function id, in order.
  std::vector<Smc> sent(uint32_t function_id) const {
    std::vector<Smc> found;
    for (const Smc& smc : smcs) {
      if (smc.in.w(0) == function_id) found.push_back(smc);
    }
    return found;
  }
  bool locks_held() const { return !held_.empty(); }

  // The Platform concept.
  mediator::Extent translate(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    if (fail_translate > 0 && --fail_translate == 0) return {};
    const auto first = memory.find({vm.raw(), ipa.raw()});
    if (first == memory.end()) return {{}, ffa::PageCount{1}, mediator::MemoryKind::none};
    uint64_t run = 1;
    for (; run < pages.raw(); ++run) {
      const auto next = memory.find({vm.raw(), ipa.raw() + run * ffa::page_size});
      if (next == memory.end() || next->second.kind != first->second.kind ||
          next->second.withdrawn != first->second.withdrawn ||
          next->second.pa != first->second.pa + run * ffa::page_size) {
        break;
      }
    }
    const auto kind = first->second.withdrawn ? mediator::MemoryKind::ram_none : first->second.kind;
    return {ffa::Pa{first->second.pa}, ffa::PageCount{run}, kind};
  }
  ffa::Result<void> pin(ffa::EndpointId vm, ffa::Ipa ipa, const mediator::Extent& extent) {
    if (fail_pin > 0 && --fail_pin == 0) return ffa::Error{pin_failure};
    for (uint64_t n = 0; n < extent.pages.raw(); ++n) {
      Page& page = memory.at({vm.raw(), ipa.raw() + n * ffa::page_size});
      EXPECT_EQ(page.pa, extent.pa.raw() + n * ffa::page_size);
      ++page.pins;
    }
    if (after_pin) after_pin();
    return {};
  }
  void unpin(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    for (uint64_t n = 0; n < pages.raw(); ++n) {
      Page& page = memory.at({vm.raw(), ipa.raw() + n * ffa::page_size});
      EXPECT_GT(page.pins, 0) << "unpin of a page that is not pinned";
      EXPECT_TRUE(page.borrowed == 0 || page.pins > 1) << "unpin of a page that a VM borrows";
      --page.pins;
    }
  }
  ffa::Result<void> set_access(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages,
                               mediator::OwnerAccess access) {
    const bool none = access == mediator::OwnerAccess::none;
    if (none && fail_access > 0 && --fail_access == 0) return ffa::Error{ffa::Status::no_memory};
    for (uint64_t n = 0; n < pages.raw(); ++n) {
      Page& page = memory.at({vm.raw(), ipa.raw() + n * ffa::page_size});
      EXPECT_GT(page.pins, 0) << "access of a page that is not pinned";
      EXPECT_NE(page.withdrawn, none) << "access changed twice";
      page.withdrawn = none;
    }
    if (none) stale.insert(vm.raw());
    return {};
  }
  ffa::Result<void> map_into(ffa::EndpointId vm, ffa::Ipa ipa, const mediator::Extent& extent,
                             mediator::BorrowerAccess access) {
    if (fail_map_into > 0 && --fail_map_into == 0) return ffa::Error{ffa::Status::no_memory};
    for (uint64_t n = 0; n < extent.pages.raw(); ++n) {
      if (memory.contains({vm.raw(), ipa.raw() + n * ffa::page_size}))
        return ffa::Error{ffa::Status::denied};
    }
    for (uint64_t n = 0; n < extent.pages.raw(); ++n) {
      const uint64_t pa = extent.pa.raw() + n * ffa::page_size;
      Page* const page = pinned_page(pa);
      EXPECT_NE(page, nullptr) << "a borrower gets a page that is not pinned";
      if (page != nullptr) ++page->borrowed;
      const uint64_t at = ipa.raw() + n * ffa::page_size;
      memory[{vm.raw(), at}] = {.kind = mediator::MemoryKind::foreign, .pa = pa};
      borrowed[{vm.raw(), at}] = access;
    }
    return {};
  }
  void unmap_from(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    for (uint64_t n = 0; n < pages.raw(); ++n) {
      const std::pair<uint16_t, uint64_t> at{vm.raw(), ipa.raw() + n * ffa::page_size};
      EXPECT_EQ(borrowed.erase(at), 1U) << "taken from a borrower that does not have it";
      if (Page* const page = pinned_page(memory[at].pa)) --page->borrowed;
      memory.erase(at);
    }
    stale.insert(vm.raw());
  }
  void tlbi(ffa::EndpointId vm) { stale.erase(vm.raw()); }
  ffa::Result<mediator::BufferId> map(ffa::EndpointId vm, ffa::Ipa ipa, ffa::PageCount pages) {
    if (fail_map > 0 && --fail_map == 0) return ffa::Error{ffa::Status::no_memory};
    for (uint64_t n = 0; n < pages.raw(); ++n) {
      EXPECT_GT(memory.at({vm.raw(), ipa.raw() + n * ffa::page_size}).pins, 0)
          << "mapped, not pinned";
    }
    ++mapped_buffers;
    buffers_[next_buffer_] = {vm.raw(), ipa.raw(), pages.raw() * ffa::page_size};
    return mediator::BufferId{next_buffer_++};
  }
  void unmap(mediator::BufferId buffer) {
    EXPECT_EQ(buffers_.erase(buffer.raw()), 1U) << "unmap of what is not mapped";
    --mapped_buffers;
  }
  void copy_in(mediator::BufferId buffer, uint32_t offset, std::span<std::byte> to) {
    ++copies_in;
    const Buffer place = buffer_at(buffer, offset, to.size());
    const auto bytes = read(place.vm, place.ipa + offset, to.size());
    std::copy(bytes.begin(), bytes.end(), to.begin());
    if (after_copy_in) after_copy_in();
  }
  void copy_out(mediator::BufferId buffer, uint32_t offset, std::span<const std::byte> from) {
    const Buffer place = buffer_at(buffer, offset, from.size());
    write(place.vm, place.ipa + offset, from);
  }
  void clear(mediator::BufferId buffer, uint32_t offset, uint32_t length) {
    const Buffer place = buffer_at(buffer, offset, length);
    write(place.vm, place.ipa + offset, std::vector<std::byte>(length));
    for (uint64_t at = offset; at < uint64_t{offset} + length; at += ffa::page_size) {
      if (memory.at({place.vm, (place.ipa + at) & ~(ffa::page_size - 1)}).borrowed != 0) {
        ++cleared_while_borrowed;
      }
    }
  }
  mediator::OwnBuffers own_buffers() {
    constexpr uint64_t tx = 0x1000, rx = 0x100000, pages = 4;
    if (!memory.contains({own_buffer_vm, tx})) {
      add_memory(own_buffer_vm, tx, pages, own_buffer_pa);
      add_memory(own_buffer_vm, rx, pages, own_buffer_pa + 0x10000);
      buffers_[own_tx] = {own_buffer_vm, tx, pages * ffa::page_size};
      buffers_[own_rx] = {own_buffer_vm, rx, pages * ffa::page_size};
    }
    return {{mediator::BufferId{own_tx}, ffa::Pa{own_buffer_pa}},
            {mediator::BufferId{own_rx}, ffa::Pa{own_buffer_pa + 0x10000}}};
  }
  void smc(ffa::EndpointId vm, ffa::Regs& regs) {
    const ffa::Regs in = regs;
    for (const auto held : held_)
      EXPECT_EQ(held, mediator::LockClass::spmc_tx) << "lock across SMC";
    EXPECT_FALSE(stale.contains(vm.raw())) << "an SMC before the TLB invalidation";
    const auto script = spmc.find(in.w(0));
    regs = script == spmc.end() ? ffa::reply(ffa::Status::not_supported) : script->second(in);
    smcs.push_back({vm.raw(), in, regs});
  }
  bool inject_irq(ffa::EndpointId vm, ffa::VcpuId vcpu, uint32_t id) {
    if (offline.contains({vm.raw(), vcpu.raw()})) return false;
    irqs.push_back({vm.raw(), vcpu.raw(), id});
    return true;
  }
  std::set<std::pair<uint16_t, uint16_t>> offline;  ///< vCPUs
  void wake(ffa::EndpointId vm, ffa::VcpuId vcpu) { woken.emplace_back(vm.raw(), vcpu.raw()); }
  std::vector<std::pair<uint16_t, uint16_t>> woken;  ///< vCPUs, in order
  bool vm_get(ffa::EndpointId vm) {
    const bool found = alive.contains(vm.raw());
    vm_references += found ? 1 : 0;
    vm_looked_up_ = found;
    return found;
  }
  void vm_put(ffa::EndpointId /*vm*/) { --vm_references; }
  bool budget_left() {
    if (budget < 0) return true;
    if (budget == 0) return false;
    --budget;
    return true;
  }
  void log(mediator::LogLevel /*level*/, std::string_view text) { logs.emplace_back(text); }
  void rules(ffa::EndpointId /*vm*/, ffa::VcpuId /*vcpu*/, const mediator::RuleTrace& trace) {
    last_rules = trace;
    ++reports;
  }

  static constexpr uint32_t own_tx = 1;
  static constexpr uint32_t own_rx = 2;

 private:
  Page* pinned_page(uint64_t pa) {
    for (auto& [at, page] : memory) {
      if (page.pa == pa && page.pins > 0) return &page;
    }
    return nullptr;
  }
  struct Buffer {
    uint16_t vm = 0;
    uint64_t ipa = 0;
    uint64_t size = 0;
  };
  Buffer buffer_at(mediator::BufferId id, uint64_t offset, uint64_t length) {
    if (during_copy && id.raw() > own_rx) std::exchange(during_copy, nullptr)();
    const Buffer place = buffers_.at(id.raw());
    EXPECT_LE(offset + length, place.size) << "outside of the buffer";
    return place;
  }
  void took(mediator::LockClass lock) {
    for (const auto held : held_) EXPECT_LT(held, lock) << "lock order";
    held_.push_back(lock);
    ++locks_taken;
  }
  void gave_back(mediator::LockClass lock) {
    ASSERT_FALSE(held_.empty());
    EXPECT_EQ(held_.back(), lock);
    held_.pop_back();
    if (lock != mediator::LockClass::vm_table || !vm_looked_up_) return;
    vm_looked_up_ = false;
    if (auto now = std::exchange(after_vm_find, nullptr)) now();
  }

  std::map<uint32_t, Buffer> buffers_;
  uint32_t next_buffer_ = 10;
  std::vector<mediator::LockClass> held_;
  bool vm_looked_up_ = false;
};
static_assert(mediator::Platform<Platform>);

}  // namespace fake
