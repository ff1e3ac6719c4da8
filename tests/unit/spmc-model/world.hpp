// SPDX-License-Identifier: BSD-3-Clause
// A small world around the software SPMC: sparse physical memory, two SPs and a builder of
// descriptors that is plain bytes. Used by every test of this folder.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "ffa/fid.hpp"
#include "spmc-model/sp_protocol.hpp"
#include "spmc-model/spmc.hpp"

namespace spmc_test {

using ffa::EndpointId;
using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using ffa::Handle;
using ffa::Pa;
using ffa::Regs;
using ffa::Status;

inline constexpr uint64_t ram_base = 0x48000000;
inline constexpr uint64_t ram_bytes = 256ULL << 20;
inline constexpr uint64_t tx_page = 0x48010000;
inline constexpr uint64_t rx_page = 0x48024000;
inline constexpr uint16_t echo_id = 0x8001;
inline constexpr uint16_t user_id = 0x8003;
inline constexpr uint16_t vm1 = 0x0005;
inline constexpr uint16_t vm2 = 0x0009;
inline constexpr uint32_t success_32 = 0x84000061;
inline constexpr uint32_t error_32 = 0x84000060;
inline constexpr uint32_t frag_rx = 0x8400007a;

/// Sparse memory; every byte that nobody wrote is 0xa5.
class FakeMemory final : public spmc_model::PhysicalMemory {
 public:
  bool everywhere = false;   ///< true: all of the address space is RAM
  uint64_t broken_page = 1;  ///< accesses to this page fail
  unsigned interrupts = 0;
  uint64_t reads = 0;

  bool read(Pa from, std::span<std::byte> to) override {
    ++reads;
    if (!reachable(from, to.size())) return false;
    for (size_t i = 0; i < to.size(); ++i) to[i] = *at(from.raw() + i);
    return true;
  }
  bool write(Pa to, std::span<const std::byte> from) override {
    if (!reachable(to, from.size())) return false;
    for (size_t i = 0; i < from.size(); ++i) *at(to.raw() + i) = from[i];
    return true;
  }
  bool is_normal_ram(Pa page) override {
    return everywhere || (page.raw() >= ram_base && page.raw() < ram_base + ram_bytes);
  }
  void raise_schedule_receiver_interrupt() override { ++interrupts; }

  void put(uint64_t address, const std::vector<uint8_t>& bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) *at(address + i) = std::byte{bytes[i]};
  }
  std::vector<uint8_t> get(uint64_t address, size_t size) {
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = std::to_integer<uint8_t>(*at(address + i));
    return bytes;
  }

 private:
  bool reachable(Pa from, size_t bytes) {
    for (uint64_t page = from.raw() & ~ffa::page_mask; page < from.raw() + bytes;
         page += ffa::page_size) {
      if (page == broken_page || !is_normal_ram(Pa{page})) return false;
    }
    return true;
  }
  std::byte* at(uint64_t address) {
    auto& page = pages_[address & ~ffa::page_mask];
    if (page.empty()) page.assign(ffa::page_size, std::byte{0xa5});
    return &page[address & ffa::page_mask];
  }
  std::map<uint64_t, std::vector<std::byte>> pages_;
};

/// A memory transaction descriptor; every field can be set apart from the others.
struct Descriptor {
  struct Borrower {
    uint16_t id;
    uint8_t permissions = 2;
    uint32_t composite = 0;  ///< 0: where it really is
  };
  struct Range {
    uint64_t address;
    uint32_t pages;
  };
  ffa::Version layout = ffa::v1_1;
  uint16_t sender = vm1;
  uint16_t attributes = 0x2f;
  uint32_t flags = 0;
  uint64_t handle = 0;
  uint64_t tag = 0x1122334455667788;
  std::vector<Borrower> borrowers{{echo_id}, {user_id}};
  std::vector<Range> ranges{{0x49000000, 3}, {0x49100000, 1}};
  uint32_t access_size = 0;    ///< 0: of the layout
  uint32_t access_offset = 0;  ///< 0: of the layout
  uint32_t total_pages = 0;    ///< 0: the sum
  uint32_t range_count = 0;    ///< 0: as many as there are

  [[nodiscard]] uint32_t entry_bytes() const {
    if (access_size != 0) return access_size;
    return layout >= ffa::v1_2 ? 32 : 16;
  }
  [[nodiscard]] uint32_t array_offset() const { return layout >= ffa::v1_1 ? 48 : 32; }
  [[nodiscard]] uint32_t composite_offset() const {
    const auto end = array_offset() + entry_bytes() * static_cast<uint32_t>(borrowers.size());
    return (end + 15) / 16 * 16;
  }
  [[nodiscard]] std::vector<uint8_t> bytes() const;
};

inline void put_le(std::vector<uint8_t>& to, size_t offset, unsigned size, uint64_t value) {
  if (to.size() < offset + size) to.resize(offset + size);
  for (unsigned i = 0; i < size; ++i) to[offset + i] = static_cast<uint8_t>(value >> (8 * i));
}

inline uint64_t get_le(const std::vector<uint8_t>& from, size_t offset, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i) value |= uint64_t{from.at(offset + i)} << (8 * i);
  return value;
}

inline std::vector<uint8_t> Descriptor::bytes() const {
  std::vector<uint8_t> out(composite_offset() + 16 + 16 * ranges.size());
  put_le(out, 0, 2, sender);
  put_le(out, 2, layout >= ffa::v1_1 ? 2 : 1, attributes);
  put_le(out, 4, 4, flags);
  put_le(out, 8, 8, handle);
  put_le(out, 16, 8, tag);
  if (layout >= ffa::v1_1) {
    put_le(out, 24, 4, entry_bytes());
    put_le(out, 32, 4, access_offset != 0 ? access_offset : array_offset());
  }
  put_le(out, 28, 4, borrowers.size());
  uint32_t sum = 0;
  for (size_t i = 0; i < borrowers.size(); ++i) {
    const size_t at = array_offset() + entry_bytes() * i;
    put_le(out, at, 2, borrowers[i].id);
    put_le(out, at + 2, 1, borrowers[i].permissions);
    put_le(out, at + 4, 4,
           borrowers[i].composite != 0 ? borrowers[i].composite : composite_offset());
  }
  for (size_t i = 0; i < ranges.size(); ++i) {
    const size_t at = composite_offset() + 16 + 16 * i;
    put_le(out, at, 8, ranges[i].address);
    put_le(out, at + 8, 4, ranges[i].pages);
    sum += ranges[i].pages;
  }
  put_le(out, composite_offset(), 4, total_pages != 0 ? total_pages : sum);
  put_le(out, composite_offset() + 4, 4, range_count != 0 ? range_count : ranges.size());
  return out;
}

inline ffa::Uuid uuid_of(uint8_t first) {
  ffa::Uuid uuid;
  for (uint8_t i = 0; i < 16; ++i) uuid.bytes[i] = static_cast<uint8_t>(first + i);
  return uuid;
}

inline std::vector<spmc_model::SpConfig> two_sps() {
  return {{.id = EndpointId{echo_id},
           .kind = spmc_model::SpKind::echo,
           .uuid = uuid_of(0x10),
           .contexts = 4,
           .properties = spmc_model::default_properties},
          {.id = EndpointId{user_id},
           .kind = spmc_model::SpKind::memory_user,
           .uuid = uuid_of(0x60),
           .contexts = 2,
           .properties = spmc_model::default_properties | 0x600}};
}

/// An SPMC and how to call it.
struct World {
  FakeMemory memory;
  std::vector<std::byte> storage;
  spmc_model::Spmc* spmc = nullptr;

  explicit World(
      const spmc_model::Personality& personality = *spmc_model::find_personality("op-tee"),
      const std::vector<spmc_model::SpConfig>& sps = two_sps(),
      const std::vector<uint32_t>& missing = {}) {
    storage.assign(spmc_model::Spmc::storage_bytes(), std::byte{0xee});
    spmc = spmc_model::Spmc::create(
        storage, {.personality = personality, .sps = sps, .missing_functions = missing}, memory);
  }

  World(const World&) = delete;  // the SPMC points into it
  World& operator=(const World&) = delete;

  Regs call(std::initializer_list<uint64_t> registers) {
    Regs in;
    size_t i = 0;
    for (const uint64_t value : registers) in.x[i++] = value;
    return spmc->smc(in);
  }
  Regs call(Fid fid, uint64_t x1 = 0, uint64_t x2 = 0, uint64_t x3 = 0, uint64_t x4 = 0) {
    return call({fid32(fid), x1, x2, x3, x4});
  }
  Regs version(ffa::Version version) { return call(Fid::version, version.raw()); }
  Regs map(uint64_t pages = 1) { return call({fid64(Fid::rxtx_map), tx_page, rx_page, pages}); }
  Regs vm_message(uint32_t type, uint16_t sp, uint16_t vm) {
    return call({fid32(Fid::msg_send_direct_req), sp, 0x80000000U | type, ~0U, ~0U, vm});
  }
  void create_vm(uint16_t vm) {
    EXPECT_EQ(vm_message(4, echo_id, vm).x[3], 0U);
    EXPECT_EQ(vm_message(4, user_id, vm).x[3], 0U);
  }
  /// Version 1.1, buffers mapped, two VMs known to both SPs, one with a notification bitmap.
  void boot(ffa::Version negotiated = ffa::v1_1) {
    version(negotiated);
    EXPECT_EQ(map().x[0], success_32);
    create_vm(vm1);
    create_vm(vm2);
    EXPECT_EQ(call(Fid::notification_bitmap_create, vm1, 2).x[0], success_32);
  }
  /// The whole descriptor in one fragment.
  Regs send(const std::vector<uint8_t>& bytes, Fid fid = Fid::mem_share) {
    memory.put(tx_page, bytes);
    return call({fid64(fid), bytes.size(), bytes.size()});
  }
  Regs share(const Descriptor& descriptor = {}) { return send(descriptor.bytes()); }
  Regs reclaim(uint64_t handle) {
    return call(Fid::mem_reclaim, static_cast<uint32_t>(handle), handle >> 32);
  }
  /// One request to the memory_user SP. The answer: status in first, value in second.
  std::pair<int32_t, uint64_t> ask(uint16_t vm, spmc_model::sp_protocol::Operation operation,
                                   uint64_t handle, uint32_t offset = 0, uint32_t value = 0) {
    const Regs out = call({fid32(Fid::msg_send_direct_req), uint64_t{vm} << 16 | user_id, 0,
                           static_cast<uint32_t>(operation), static_cast<uint32_t>(handle),
                           handle >> 32, offset, value});
    EXPECT_EQ(out.x[0], fid32(Fid::msg_send_direct_resp));
    return {static_cast<int32_t>(out.w(3)), out.x[4] | out.x[5] << 32};
  }
};

inline uint64_t handle_of(const Regs& regs) { return regs.x[2] | regs.x[3] << 32; }

/// The status of an FFA_ERROR; success for anything else, so that it never hides a different
/// function.
inline Status status_of(const Regs& regs) {
  return regs.x[0] == error_32 ? static_cast<Status>(static_cast<int32_t>(regs.w(2)))
                               : Status::success;
}

}  // namespace spmc_test

#define EXPECT_STATUS(regs, status) EXPECT_EQ(::spmc_test::status_of(regs), ::ffa::Status::status)
#define EXPECT_SUCCESS(regs) EXPECT_EQ((regs).x[0], ::spmc_test::success_32)
