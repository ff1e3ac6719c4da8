// SPDX-License-Identifier: BSD-3-Clause
// RX and TX of VMs in the model's hafnium (knob 11), and its partition list by registers (knob 19).
#include "world.hpp"

namespace spmc_test {
namespace {

constexpr uint64_t vm_rx = 0x88000000;
constexpr uint64_t vm_tx = 0x88010000;
using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;  // address, pages

struct BufferWorld : World {
  BufferWorld() : World(*spmc_model::find_personality("hafnium"), sps()) {
    memory.everywhere = true;
    version(ffa::v1_2);
    EXPECT_SUCCESS(map());
  }
  static std::vector<spmc_model::SpConfig> sps() {
    auto list = two_sps();
    for (spmc_model::SpConfig& sp : list) sp.properties &= ~0xc0U;
    return list;
  }
  static void append(std::vector<uint8_t>& bytes, const Ranges& ranges) {
    uint64_t pages = 0;
    for (const auto& range : ranges) pages += range.second;
    const size_t at = bytes.size();
    put_le(bytes, at, 4, pages);
    put_le(bytes, at + 4, 4, ranges.size());
    put_le(bytes, at + 8, 8, 0);
    for (const auto& [address, count] : ranges) {
      put_le(bytes, bytes.size(), 8, address);
      put_le(bytes, bytes.size(), 4, count);
      put_le(bytes, bytes.size(), 4, 0);
    }
  }
  static std::vector<uint8_t> descriptor(uint16_t vm, const Ranges& rx, const Ranges& tx) {
    std::vector<uint8_t> bytes(16);
    put_le(bytes, 0, 2, vm);
    put_le(bytes, 4, 4, 16);
    append(bytes, rx);
    put_le(bytes, 8, 4, bytes.size());
    append(bytes, tx);
    return bytes;
  }
  Regs map_vm(const std::vector<uint8_t>& bytes) {
    memory.put(tx_page, bytes);
    return call({fid64(Fid::rxtx_map)});
  }
  Regs map_vm(uint16_t vm) { return map_vm(descriptor(vm, {{vm_rx, 1}}, {{vm_tx, 1}})); }
  Regs acquire(uint16_t vm) { return call(Fid::rx_acquire, vm); }
  Regs release(uint16_t vm) { return call(Fid::rx_release, vm); }
  Regs unmap(uint16_t vm) { return call(Fid::rxtx_unmap, uint32_t{vm} << 16); }
};

TEST(SpmcVmBuffers, Knob11RxIsAcquiredAndReleased) {
  BufferWorld world;
  EXPECT_STATUS(world.acquire(1), invalid_parameters);
  EXPECT_SUCCESS(world.map_vm(1));
  EXPECT_STATUS(world.map_vm(1), denied);
  EXPECT_STATUS(world.release(1), denied);
  EXPECT_SUCCESS(world.acquire(1));
  EXPECT_STATUS(world.acquire(1), denied);
  EXPECT_STATUS(world.acquire(2), invalid_parameters);
  EXPECT_SUCCESS(world.release(1));
  EXPECT_SUCCESS(world.unmap(1));
  EXPECT_STATUS(world.unmap(1), invalid_parameters);
  EXPECT_SUCCESS(world.map_vm(1));
}
TEST(SpmcVmBuffers, Knob11RangesAddUpAndAreApart) {
  BufferWorld world;
  const auto map = [&](const Ranges& rx, const Ranges& tx) {
    return world.map_vm(BufferWorld::descriptor(1, rx, tx));
  };
  EXPECT_STATUS(map({}, {}), invalid_parameters);
  EXPECT_STATUS(map({{vm_rx, 64}}, {{vm_tx + 0x100000, 64}}), invalid_parameters);
  EXPECT_STATUS(map({{vm_rx + 8, 1}}, {{vm_tx, 1}}), invalid_parameters);
  EXPECT_STATUS(map({{vm_rx, 2}}, {{vm_tx, 1}}), invalid_parameters);
  EXPECT_STATUS(map({{vm_rx, 2}}, {{vm_rx + 0x1000, 2}}), invalid_parameters);
  EXPECT_SUCCESS(map({{vm_rx, 1}, {vm_rx + 0x3000, 2}}, {{vm_tx, 3}}));
}
TEST(SpmcVmBuffers, Knob11OffsetsStayInTheDescriptor) {
  BufferWorld world;
  for (const uint64_t offset : {uint64_t{0}, uint64_t{12}, uint64_t{4088}, uint64_t{0xffffffff}}) {
    auto bytes = BufferWorld::descriptor(1, {{vm_rx, 1}}, {{vm_tx, 1}});
    put_le(bytes, 8, 4, offset);
    EXPECT_STATUS(world.map_vm(bytes), invalid_parameters) << offset;
  }
  auto many = BufferWorld::descriptor(1, {{vm_rx, 1}}, {{vm_tx, 1}});
  put_le(many, 20, 4, 0xffffffff);
  EXPECT_STATUS(world.map_vm(many), invalid_parameters);
}
TEST(SpmcVmBuffers, Knob11OthersDoNotHaveThem) {
  World world;
  world.memory.everywhere = true;
  world.boot(ffa::v1_2);
  EXPECT_STATUS(world.call({fid64(Fid::rxtx_map)}), invalid_parameters);
  EXPECT_STATUS(world.call(Fid::rx_acquire, 1), not_supported);
}

TEST(SpmcPartitionInfo, Knob19ByRegisters) {
  BufferWorld world;
  const auto get = [&](uint64_t x3) {
    return world.call({fid64(Fid::partition_info_get_regs), 0, 0, x3});
  };
  const Regs all = get(0);
  EXPECT_EQ(all.x[0], fid64(Fid::success));
  EXPECT_EQ(all.x[2], uint64_t{24} << 48 | 1U << 16 | 1U);
  EXPECT_EQ(static_cast<uint16_t>(all.x[3]), echo_id);
  EXPECT_EQ(static_cast<uint16_t>(all.x[6]), user_id);
  EXPECT_EQ(all.x[9], 0U);
  const Regs second = get(1);
  EXPECT_EQ(second.x[2], uint64_t{24} << 48 | 1U << 16 | 1U);
  EXPECT_EQ(static_cast<uint16_t>(second.x[3]), user_id);
  EXPECT_EQ(second.x[6], 0U);
  EXPECT_STATUS(get(2), invalid_parameters);
  EXPECT_STATUS(get(1U << 16 | 1), retry);
  EXPECT_STATUS(world.call({fid64(Fid::partition_info_get_regs), 9, 9, 0}), invalid_parameters);
}

}  // namespace
}  // namespace spmc_test
