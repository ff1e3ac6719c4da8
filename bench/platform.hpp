// SPDX-License-Identifier: BSD-3-Clause
// The least that the mediator can run on: one VM whose RAM is one block, buffers that are arrays,
// an SPMC of a few lines that takes everything. What a benchmark measures on it is the mediator.
#pragma once

#include <array>
#include <atomic>
#include <cstring>
#include <string_view>
#include <thread>

#include "bench/descriptor.hpp"
#include "ffa/calls/memory.hpp"
#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "mediator/platform.hpp"

namespace bench {

class Platform {
 public:
  class FFA_CAPABILITY SpinLock {
   public:
    SpinLock(Platform& /*platform*/, mediator::LockClass /*lock_class*/) {}
    void lock() FFA_ACQUIRE() {
      while (taken_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
    }
    void unlock() FFA_RELEASE() { taken_.clear(std::memory_order_release); }

   private:
    std::atomic_flag taken_;
  };

  template <class T>
  class Atomic {
   public:
    Atomic(Platform& /*platform*/, T value) : value_(value) {}
    T load() const { return value_.load(std::memory_order_acquire); }
    void store(T value) { value_.store(value, std::memory_order_release); }
    bool compare_exchange(T& expected, T desired) {
      return value_.compare_exchange_strong(expected, desired, std::memory_order_acq_rel);
    }
    T fetch_add(T value) { return value_.fetch_add(value, std::memory_order_acq_rel); }

   private:
    std::atomic<T> value_;
  };

  /// 2 MiB blocks of the VM's RAM change places two by two, so that no two are physical neighbours
  /// in rising order.
  void scatter_blocks() { blocks_swapped_ = true; }
  /// The VM's TX page, for the benchmark to write its descriptor into.
  std::array<std::byte, ffa::page_size>& guest_tx() { return buffers_[guest_tx_buffer]; }
  [[nodiscard]] uint64_t pinned_pages() const { return pinned_pages_; }

  mediator::Extent translate(ffa::EndpointId /*vm*/, ffa::Ipa ipa, ffa::PageCount pages) {
    const uint64_t page = (ipa.raw() - ram_ipa) / ffa::page_size;
    if (ipa.raw() < ram_ipa || page >= vm_ram_pages) {
      return {{}, ffa::PageCount{1}, mediator::MemoryKind::none};
    }
    const uint64_t left = blocks_swapped_ ? block_pages - page % block_pages : vm_ram_pages - page;
    const uint64_t swap = blocks_swapped_ ? block_pages * ffa::page_size : 0;
    return {ffa::Pa{(ipa.raw() + host_offset) ^ swap},
            ffa::PageCount{std::min<uint64_t>(pages.raw(), left)}, mediator::MemoryKind::ram_rw};
  }
  ffa::Result<void> pin(ffa::EndpointId /*vm*/, ffa::Ipa /*ipa*/, const mediator::Extent& extent) {
    pinned_pages_ += extent.pages.raw();
    return {};
  }
  void unpin(ffa::EndpointId /*vm*/, ffa::Ipa /*ipa*/, ffa::PageCount pages) {
    pinned_pages_ -= pages.raw();
  }
  ffa::Result<void> set_access(ffa::EndpointId /*vm*/, ffa::Ipa /*ipa*/, ffa::PageCount /*pages*/,
                               mediator::OwnerAccess /*access*/) {
    return {};
  }
  ffa::Result<void> map_into(ffa::EndpointId /*vm*/, ffa::Ipa /*ipa*/,
                             const mediator::Extent& /*extent*/,
                             mediator::BorrowerAccess /*access*/) {
    return {};
  }
  void unmap_from(ffa::EndpointId /*vm*/, ffa::Ipa /*ipa*/, ffa::PageCount /*pages*/) {}
  void tlbi(ffa::EndpointId /*vm*/) {}
  ffa::Result<mediator::BufferId> map(ffa::EndpointId /*vm*/, ffa::Ipa ipa,
                                      ffa::PageCount /*pages*/) {
    return mediator::BufferId{ipa.raw() == tx_ipa ? guest_tx_buffer : guest_rx_buffer};
  }
  void unmap(mediator::BufferId /*buffer*/) {}
  void copy_in(mediator::BufferId buffer, uint32_t offset, std::span<std::byte> to) {
    std::memcpy(to.data(), buffers_[buffer.raw()].data() + offset, to.size());
  }
  void copy_out(mediator::BufferId buffer, uint32_t offset, std::span<const std::byte> from) {
    std::memcpy(buffers_[buffer.raw()].data() + offset, from.data(), from.size());
  }
  void clear(mediator::BufferId buffer, uint32_t offset, uint32_t length) {
    std::memset(buffers_[buffer.raw()].data() + offset, 0, length);
  }
  mediator::OwnBuffers own_buffers() {
    return {{mediator::BufferId{own_tx_buffer}, ffa::Pa{0x48000000}},
            {mediator::BufferId{own_rx_buffer}, ffa::Pa{0x48010000}}};
  }

  void smc(ffa::EndpointId /*vm*/, ffa::Regs& regs) { regs = answer(regs); }
  ffa::Regs answer(const ffa::Regs& in) {
    using ffa::Fid;
    const ffa::FunctionId id{in.x[0]};
    switch (static_cast<Fid>(id.raw & ~0x40000000U)) {
      case Fid::version:
        return version_answer();
      case Fid::partition_info_get:
        return list_partitions();
      case Fid::mem_share:
        expected_bytes_ = in.w(1);
        received_bytes_ = in.w(2);
        ++next_handle_;
        return next_fragment();
      case Fid::mem_frag_tx:
        received_bytes_ += in.w(3);
        return next_fragment();
      case Fid::msg_send_direct_req: {
        ffa::Regs out = in;
        out.x[0] = in.x[0] + 1;
        out.x[1] = in.w(1) << 16 | in.w(1) >> 16;
        return out;
      }
      case Fid::notification_info_get:
        return ffa::reply(ffa::Status::no_data);
      default:
        return ffa::success32();
    }
  }
  bool inject_irq(ffa::EndpointId /*vm*/, ffa::VcpuId /*vcpu*/, uint32_t /*id*/) { return true; }
  void wake(ffa::EndpointId /*vm*/, ffa::VcpuId /*vcpu*/) {}
  bool vm_get(ffa::EndpointId vm) { return vm.raw() == vm_id; }
  void vm_put(ffa::EndpointId /*vm*/) {}
  bool budget_left() { return true; }
  void log(mediator::LogLevel /*level*/, std::string_view /*text*/) {}
  void rules(ffa::EndpointId /*vm*/, ffa::VcpuId /*vcpu*/, const mediator::RuleTrace& /*trace*/) {}

 private:
  static constexpr uint64_t host_offset = 0x40000000;
  static constexpr uint64_t vm_ram_pages = 0x100000;  // 4 GiB
  static constexpr uint64_t block_pages = 512;
  static constexpr uint32_t own_tx_buffer = 0, own_rx_buffer = 1;
  static constexpr uint32_t guest_tx_buffer = 2, guest_rx_buffer = 3;

  /// A send is complete, or goes on; one at a time.
  ffa::Regs next_fragment() const {
    constexpr uint32_t handle_high = 0x1000;
    if (received_bytes_ == expected_bytes_) return ffa::success32(next_handle_, handle_high);
    const ffa::Handle handle = ffa::Handle::from_words(next_handle_, handle_high);
    return ffa::MemFragRx{handle, received_bytes_, {}}.encode();
  }
  static ffa::Regs version_answer() {
    ffa::Regs out;
    out.x[0] = ffa::v1_2.raw();
    return out;
  }
  ffa::Regs list_partitions() {
    constexpr uint32_t entry_bytes = 24, properties = 0x1;
    auto& rx = buffers_[own_rx_buffer];
    std::memset(rx.data(), 0, entry_bytes);
    rx[0] = static_cast<std::byte>(sp_id & 0xff);
    rx[1] = static_cast<std::byte>(sp_id >> 8);
    rx[2] = std::byte{1};  // contexts
    rx[4] = static_cast<std::byte>(properties);
    rx[8] = std::byte{0x77};  // UUID
    return ffa::success32(1, entry_bytes);
  }

  std::array<std::array<std::byte, ffa::page_size>, 4> buffers_{};
  uint64_t pinned_pages_ = 0;
  uint32_t next_handle_ = 0;
  uint32_t expected_bytes_ = 0;  ///< of the send at hand
  uint32_t received_bytes_ = 0;
  bool blocks_swapped_ = false;
};
static_assert(mediator::Platform<Platform>);

}  // namespace bench
