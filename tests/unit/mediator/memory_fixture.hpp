// SPDX-License-Identifier: BSD-3-Clause
// Memory sharing over the fake platform: VM 1 (and on demand others) with pages of every kind, an
// SPMC that keeps the descriptors it was sent, and the whole state as a value, so that "nothing has
// changed" is one comparison.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "memory_test_tools.hpp"
#include "world.hpp"

namespace memory_test {

using fake::sp1;
using fake::sp2;
using mediator::Rule;

inline constexpr uint64_t flat = 0x50000000;       ///< 64 contiguous pages
inline constexpr uint64_t scattered = 0x51000000;  ///< 64 pages, no two adjacent
inline constexpr uint64_t read_only = 0x52000000;  ///< 2 pages, contiguous
inline constexpr uint64_t device = 0x52010000;     ///< 1 page
inline constexpr uint64_t foreign = 0x52020000;    ///< 1 page
inline constexpr uint64_t hole = 0x53000000;       ///< nothing

/// Facts of the observer as lines of text: equal lines, equal state.
class Lines : public mediator::Observer {
 public:
  void vm(const mediator::VmFacts& vm) override {
    add("vm", {vm.id.raw(), vm.shares, vm.quarantined, vm.pinned_pages});
    add("buffers", {uint64_t(vm.rx), vm.tx_claimed ? 1U : 0U, vm.tx_ipa.raw(), vm.rx_ipa.raw()});
  }
  void share(const mediator::ShareFacts& share) override {
    add("share", {share.handle.raw(), uint64_t(share.state), share.pages.raw()});
  }
  void range(const mediator::RangeFacts& range) override {
    add("range", {range.ipa.raw(), range.pages.raw()});
  }
  std::vector<std::string> lines;

 private:
  void add(std::string line, std::initializer_list<uint64_t> values) {
    for (const uint64_t value : values) line += " " + std::to_string(value);
    lines.push_back(std::move(line));
  }
};

/// Everything that a failed call must leave as it was.
struct State {
  std::vector<std::string> facts;
  std::map<std::pair<uint16_t, uint64_t>, int> pins;
  std::map<uint64_t, Bytes> spmc;
  std::map<uint64_t, Bytes> half;
  friend bool operator==(const State&, const State&) = default;
};

class MemorySharing : public testing::Test {
 protected:
  void SetUp() override {
    world.platform.spmc[0xc4000073] = [this](const ffa::Regs& in) { return take_share(in); };
    world.platform.spmc[0x84000073] = world.platform.spmc[0xc4000073];
    for (const uint32_t fid : {0xc4000072U, 0x84000072U, 0xc4000071U, 0x84000071U}) {
      world.platform.spmc[fid] = world.platform.spmc[0xc4000073];
    }
    world.platform.spmc[0x8400007b] = [this](const ffa::Regs& in) { return take_fragment(in); };
    world.platform.spmc[0x84000077] = [this](const ffa::Regs& in) { return give_back(in); };
  }
  void TearDown() override { EXPECT_EQ(world.platform.vm_references, 0); }

  /// VM `id` exists, has negotiated `version` and mapped its buffers.
  void start(uint16_t id = 1, ffa::Version version = ffa::v1_2, uint64_t buffer_pages = 1) {
    const uint64_t pa = 0xa0000000 + id * 0x10000000ULL;
    world.platform.add_memory(id, flat, 64, pa);
    world.platform.add_memory(id, scattered, 64, pa + 0x1000000, mediator::MemoryKind::ram_rw,
                              true);
    world.platform.add_memory(id, read_only, 2, pa + 0x2000000, mediator::MemoryKind::ram_ro);
    world.platform.add_memory(id, device, 1, pa + 0x3000000, mediator::MemoryKind::device);
    world.platform.add_memory(id, foreign, 1, pa + 0x4000000, mediator::MemoryKind::foreign);
    world.start(id, version.raw());
    world.map_buffers(id, buffer_pages);
    world.platform.smcs.clear();
    world.platform.copies_in = 0;
  }

  /// Two receivers and three ranges of VM 1's memory, no value twice.
  static Descriptor plan(Layout layout = Layout::v1_2) {
    return {.layout = layout, .ranges = {{flat + 0x4000, 3}, {scattered, 2}, {flat + 0x10000, 1}}};
  }
  static Descriptor pages(uint64_t ipa, uint32_t count = 1, uint16_t sender = 1) {
    return {.layout = Layout::v1_2,
            .sender = sender,
            .borrowers = {{sp1, 2, {0x77, 0x78}}},
            .ranges = {{ipa, count}}};
  }
  static ffa::Regs send_registers(size_t length, bool smc64 = true) {
    return fake::regs({smc64 ? 0xc4000073 : 0x84000073, length, length});
  }
  void write_tx(const Bytes& image, uint16_t vm = 1) {
    world.platform.write(vm, fake::tx_ipa, image);
  }
  ffa::Regs share_bytes(const Bytes& image, uint16_t vm = 1, uint16_t vcpu = 0) {
    write_tx(image, vm);
    return low(world.call(vm, send_registers(image.size()), vcpu));
  }
  ffa::Regs share(const Descriptor& descriptor, uint16_t vcpu = 0) {
    return share_bytes(descriptor.build(), descriptor.sender, vcpu);
  }
  ffa::Regs reclaim(uint64_t handle, uint16_t vm = 1, uint32_t flags = 0, uint16_t vcpu = 0) {
    return low(world.call(vm, {0x84000077, handle & 0xffffffff, handle >> 32, flags}, vcpu));
  }
  /// x0-x7 of a reply; what stands above is the dispatcher's business.
  static ffa::Regs low(ffa::Regs reply) {
    for (unsigned n = 8; n < 18; ++n) reply.x[n] = 0;
    return reply;
  }
  static uint64_t handle_in(const ffa::Regs& reply) { return reply.w(2) | reply.x[3] << 32; }
  /// A share that must succeed; its handle.
  uint64_t shared(const Descriptor& descriptor) {
    const ffa::Regs reply = share(descriptor);
    EXPECT_SUCCESS32(reply);
    return handle_in(reply);
  }

  State state() {
    Lines lines;
    world.mediator->observe(lines);
    State now{lines.lines, {}, spmc, {}};
    for (const auto& [handle, begun] : half) now.half[handle] = begun.bytes;
    for (const auto& [key, page] : world.platform.memory) {
      if (page.pins != 0) now.pins[key] = page.pins;
    }
    return now;
  }
  int pins_at(uint64_t ipa, uint16_t vm = 1) { return world.platform.page(vm, ipa).pins; }
  /// FFA_MEM_SHARE and FFA_MEM_RECLAIM that reached the SPMC.
  size_t sends() const {
    return world.platform.sent(0xc4000073).size() + world.platform.sent(0x84000073).size();
  }
  size_t reclaims() const { return world.platform.sent(0x84000077).size(); }

  fake::World world;
  std::map<uint64_t, Bytes> spmc;  ///< descriptors that the SPMC holds, by handle
  /// A send that the SPMC has not whole.
  struct Half {
    Bytes bytes;
    size_t total = 0;
    uint16_t sender = 0;
  };
  std::map<uint64_t, Half> half;  ///< by handle
  bool honours_preset = true;
  uint64_t next_handle = 0x0000100000010000;

 private:
  ffa::Regs take_share(const ffa::Regs& in) {
    for (unsigned n = 3; n < 18; ++n) EXPECT_EQ(in.x[n], 0U);
    const Bytes bytes = world.platform.read(fake::own_buffer_vm, 0x1000, in.w(2));
    const uint64_t preset = get(bytes, 8, 8);
    const uint64_t handle = preset != 0 && honours_preset ? preset : next_handle++;
    return proceed(handle, {bytes, in.w(1), static_cast<uint16_t>(get(bytes, 0, 2))});
  }
  ffa::Regs take_fragment(const ffa::Regs& in) {
    const uint64_t handle = in.w(1) | uint64_t{in.w(2)} << 32;
    const auto begun = half.find(handle);
    if (begun == half.end()) return ffa::reply(ffa::Status::invalid_parameters);
    EXPECT_EQ(in.w(4), uint32_t{begun->second.sender} << 16);
    Half grown = begun->second;
    const Bytes bytes = world.platform.read(fake::own_buffer_vm, 0x1000, in.w(3));
    grown.bytes.insert(grown.bytes.end(), bytes.begin(), bytes.end());
    half.erase(begun);
    for (size_t at = 0; at < bytes.size(); at += 16) {
      if (get(bytes, at + 8, 4) == 0) return ffa::reply(ffa::Status::invalid_parameters);
    }
    return proceed(handle, grown);
  }
  ffa::Regs proceed(uint64_t handle, const Half& begun) {
    EXPECT_LE(begun.bytes.size(), begun.total);
    if (begun.bytes.size() == begun.total) {
      spmc[handle] = begun.bytes;
      return ffa::MemSendSuccess{ffa::Handle{handle}}.encode();
    }
    half[handle] = begun;
    return ffa::MemFragRx{ffa::Handle{handle}, static_cast<uint32_t>(begun.bytes.size()),
                          ffa::EndpointId{begun.sender}}
        .encode();
  }
  ffa::Regs give_back(const ffa::Regs& in) {
    const bool known = spmc.erase(in.w(1) | uint64_t{in.w(2)} << 32) != 0;
    return known ? ffa::success32() : ffa::reply(ffa::Status::invalid_parameters);
  }
};

}  // namespace memory_test
