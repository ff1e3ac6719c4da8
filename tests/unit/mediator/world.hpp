// SPDX-License-Identifier: BSD-3-Clause
// A mediator over the fake platform, with an SPMC that behaves and VMs that have memory: what
// handler tests start from.
#pragma once

#include <memory>
#include <optional>

#include "fake_platform.hpp"
#include "ffa/calls.hpp"
#include "ffa/wire/partition.hpp"
#include "mediator/mediator.hpp"

extern template class mediator::Mediator<fake::Platform>;

namespace fake {

inline constexpr uint16_t sp1 = 0x8001, sp2 = 0x8002, sp3 = 0x8003;
inline constexpr ffa::Uuid uuid1 =
    ffa::Uuid::from_words(0x11121314, 0x15161718, 0x191a1b1c, 0x1d1e1f10);
inline constexpr ffa::Uuid uuid2 =
    ffa::Uuid::from_words(0x21222324, 0x25262728, 0x292a2b2c, 0x2d2e2f20);
inline constexpr ffa::Uuid uuid3 =
    ffa::Uuid::from_words(0x31323334, 0x35363738, 0x393a3b3c, 0x3d3e3f30);
inline constexpr uint64_t tx_ipa = 0x40001000, rx_ipa = 0x40005000;  ///< of a VM's buffers
inline constexpr uint64_t ram_ipa = 0x40000000;
inline constexpr uint64_t ram_pages = 32;

/// Two ids in one register: sender and receiver of a direct message, say.
constexpr uint64_t ids(uint64_t high, uint64_t low) { return high << 16 | low; }
/// Registers of an SMC, x0 first.
inline ffa::Regs regs(std::initializer_list<uint64_t> values) {
  ffa::Regs result;
  size_t n = 0;
  for (const uint64_t value : values) result.x[n++] = value;
  return result;
}

/// One entry of the SPMC's partition list.
struct Sp {
  uint16_t id = sp1;
  uint16_t contexts = 3;
  uint32_t properties = 0x1c9;
  ffa::Uuid uuid = uuid1;
};

struct World {
  Platform platform;
  mediator::MediatorConfig config;
  std::vector<Sp> sps{{sp1, 3, 0x1c9, uuid1}, {sp2, 1, 0x10b, uuid2}, {sp3, 2, 0x1c8, uuid3}};
  uint32_t spmc_version = 0x10002;
  std::set<uint32_t> missing;  ///< function ids that FEATURES and calls deny
  uint32_t descriptor_size = 24;
  bool spmc_owns_rx = true;  ///< of the mediator's own RX

  struct alignas(64) Chunk {
    std::byte bytes[64];
  };
  std::vector<Chunk> memory;
  std::map<uint16_t, std::vector<Chunk>> vm_memory;
  mediator::Mediator<Platform>* mediator = nullptr;

  World() {
    config.max_vms = 4;
    config.vm_message_handle = ffa::Handle{0x1122334455667788};
    script();
  }
  static std::span<std::byte> bytes_of(std::vector<Chunk>& chunks) {
    return {reinterpret_cast<std::byte*>(chunks.data()), chunks.size() * sizeof(Chunk)};
  }

  /// An SPMC that has everything and accepts everything.
  void script() {
    using ffa::Fid;
    const auto yes = [](const ffa::Regs&) { return ffa::success32(); };
    for (const Fid fid : {Fid::rxtx_unmap, Fid::notification_bitmap_create, Fid::mem_reclaim,
                          Fid::notification_bitmap_destroy, Fid::notification_bind,
                          Fid::notification_unbind, Fid::notification_get}) {
      platform.spmc[ffa::fid32(fid)] = yes;
    }
    platform.spmc[ffa::fid32(Fid::rxtx_map)] = yes;
    platform.spmc[ffa::fid64(Fid::rxtx_map)] = yes;
    platform.spmc[ffa::fid32(Fid::version)] = [this](const ffa::Regs&) {
      return regs({spmc_version});
    };
    platform.spmc[ffa::fid32(Fid::features)] = [this](const ffa::Regs& in) {
      const bool there = platform.spmc.contains(in.w(1)) && !missing.contains(in.w(1));
      return there ? ffa::success32() : ffa::reply(ffa::Status::not_supported);
    };
    platform.spmc[ffa::fid32(Fid::spm_id_get)] = [](const ffa::Regs&) {
      return ffa::success32(0x8abc);
    };
    platform.spmc[ffa::fid32(Fid::rx_release)] = [this](const ffa::Regs&) {
      if (spmc_owns_rx) return ffa::reply(ffa::Status::denied);
      spmc_owns_rx = true;
      return ffa::success32();
    };
    platform.spmc[ffa::fid32(Fid::partition_info_get)] = [this](const ffa::Regs&) {
      return list_sps();
    };
    platform.spmc[ffa::fid32(Fid::notification_set)] = [](const ffa::Regs& in) {
      return in.w(3) == 0 && in.w(4) == 0 ? ffa::reply(ffa::Status::invalid_parameters)
                                          : ffa::success32();
    };
    platform.spmc[ffa::fid64(Fid::notification_info_get)] = [](const ffa::Regs&) {
      return ffa::reply(ffa::Status::no_data);
    };
    for (const uint32_t fid :
         {ffa::fid32(Fid::msg_send_direct_req), ffa::fid64(Fid::msg_send_direct_req)}) {
      platform.spmc[fid] = [](const ffa::Regs& in) { return echo(in); };
    }
    for (const uint32_t fid : {ffa::fid32(Fid::mem_share), ffa::fid64(Fid::mem_share)}) {
      platform.spmc[fid] = [this](const ffa::Regs&) {
        return ffa::success32(next_handle++, 0x1000);
      };
    }
    platform.spmc[ffa::fid32(Fid::run)] = [](const ffa::Regs&) {
      return ffa::reply(ffa::Status::denied);
    };
  }
  uint32_t next_handle = 0x51;

  ffa::Regs list_sps() {
    if (!spmc_owns_rx) return ffa::reply(ffa::Status::busy);
    platform.own_buffers();
    uint64_t at = 0x100000;
    for (const Sp& sp : sps) {
      const ffa::wire::PartitionInfoV1_1 info{sp.id, sp.contexts, sp.properties, sp.uuid};
      std::vector<std::byte> bytes(std::max<size_t>(descriptor_size, sizeof(info)),
                                   std::byte{0xee});
      std::memcpy(bytes.data(), &info, sizeof(info));
      bytes.resize(descriptor_size);
      platform.write(own_buffer_vm, at, bytes);
      at += descriptor_size;
    }
    spmc_owns_rx = false;
    return ffa::success32(static_cast<uint32_t>(sps.size()),
                          spmc_version >= 0x10001 ? descriptor_size : 0);
  }

  /// A framework message is accepted; a partition message comes back with its payload turned over.
  static ffa::Regs echo(const ffa::Regs& in) {
    ffa::Regs out;
    out.x[0] = (in.w(0) & 0x40000000U) != 0 ? 0xc4000070 : 0x84000070;
    out.x[1] = in.w(1) << 16 | in.w(1) >> 16;
    if ((in.w(2) >> 31) != 0) {
      out.x[2] = in.w(2) + 1;
      return out;
    }
    for (unsigned n = 3; n < 8; ++n)
      out.x[n] = (in.w(0) & 0x40000000U) != 0 ? ~in.x[n] : static_cast<uint32_t>(~in.x[n]);
    return out;
  }

  void create() {
    memory.resize(mediator::Mediator<Platform>::memory_needed(config) / 64);
    mediator = mediator::Mediator<Platform>::create(platform, config, bytes_of(memory));
  }
  ffa::Result<void> boot() {
    create();
    return mediator->probe();
  }
  /// A VM's configuration; memory is 32 pages at ram_ipa.
  static mediator::VmConfig vm_config(uint16_t id) {
    mediator::VmConfig vm;
    vm.id = ffa::EndpointId{id};
    vm.vcpus = 2;
    vm.max_shares = 4;
    vm.max_ranges = 16;
    vm.max_share_pages = 64;
    return vm;
  }
  ffa::Result<void> create_vm(const mediator::VmConfig& vm) {
    const uint16_t id = vm.id.raw();
    platform.add_memory(id, ram_ipa, ram_pages, 0x80000000 + id * 0x1000000ULL);
    platform.alive.insert(id);
    vm_memory[id].resize(mediator::Mediator<Platform>::memory_needed(config, vm) / 64);
    ffa::Result<mediator::Progress> progress = mediator->domain_init(vm, bytes_of(vm_memory[id]));
    while (progress.ok() && goes_on(*progress)) {
      progress = mediator->domain_init(vm, bytes_of(vm_memory[id]));
    }
    if (!progress.ok()) return ffa::Error{progress.error()};
    return {};
  }
  ffa::Result<void> create_vm(uint16_t id) {
    mediator::VmConfig vm = vm_config(id);
    vm.overlapping_shares = overlapping_shares;
    vm.borrow_window = borrow_window;
    vm.visible_to_vms = visible_to_vms || vm.borrows();
    if (limits) limits(vm);
    return create_vm(vm);
  }
  std::function<void(mediator::VmConfig&)> limits;  ///< of the VMs that are created from here on
  mediator::BorrowWindow borrow_window{};  ///< likewise; with one they are visible to each other
  bool overlapping_shares = false;         ///< of the VMs that are created from here on
  bool visible_to_vms = false;             ///< likewise
  /// Boots, creates VM `id`, negotiates `version`.
  void start(uint16_t id = 1, uint32_t version = 0x10002) {
    if (mediator == nullptr) {
      EXPECT_TRUE(boot().ok());
    }
    EXPECT_TRUE(create_vm(id).ok());
    negotiate(id, version);
  }
  void negotiate(uint16_t id, uint32_t version) { call(id, {0x84000063, version}); }

  /// A call of vCPU 0 by SMC; x8-x17 hold poison before.
  ffa::Regs call(uint16_t vm, ffa::Regs in, uint16_t vcpu = 0,
                 mediator::Conduit conduit = mediator::Conduit::smc) {
    for (unsigned n = 8; n < 18; ++n) {
      if (in.x[n] == 0) in.x[n] = poison + n;
    }
    dispatch = mediator->handle_call(ffa::EndpointId{vm}, ffa::VcpuId{vcpu}, conduit, in);
    EXPECT_FALSE(platform.locks_held());
    return in;
  }
  ffa::Regs call(uint16_t vm, std::initializer_list<uint64_t> values, uint16_t vcpu = 0) {
    return call(vm, regs(values), vcpu);
  }
  void map_buffers(uint16_t vm, uint64_t pages = 1) {
    EXPECT_EQ(call(vm, {0xc4000066, tx_ipa, rx_ipa, pages}).w(0), 0x84000061U);
  }
  size_t smc_count() const { return platform.smcs.size(); }
  static constexpr uint64_t poison = 0xdeadbeef00000000;
  mediator::Dispatch dispatch{};
};

/// The status in an FFA_ERROR; success where it is none.
inline ffa::Status status_in(const ffa::Regs& regs) {
  return ffa::is_error(regs) ? ffa::error_status(regs) : ffa::Status::success;
}

}  // namespace fake

#define EXPECT_STATUS(registers, expected)                                            \
  do {                                                                                \
    const ffa::Regs checked_ = (registers);                                           \
    EXPECT_EQ(checked_.x[0], 0x84000060U);                                            \
    EXPECT_EQ(checked_.x[2], ffa::to_word(ffa::Status::expected));                    \
    for (const unsigned zero_ : {1, 3, 4, 5, 6, 7}) EXPECT_EQ(checked_.x[zero_], 0U); \
  } while (false)
/// …and which rule rejected.
#define EXPECT_REJECTED(world, registers, expected_rule)                                \
  do {                                                                                  \
    const ffa::Regs result_ = (registers);                                              \
    EXPECT_EQ(result_.x[0], 0x84000060U);                                               \
    EXPECT_EQ(result_.x[2],                                                             \
              ffa::to_word(mediator::rule_info(mediator::Rule::expected_rule).status)); \
    EXPECT_EQ((world).platform.last_rules.rejected(), mediator::Rule::expected_rule)    \
        << mediator::rule_info((world).platform.last_rules.rejected()).id;              \
  } while (false)
#define EXPECT_SUCCESS32(registers) EXPECT_EQ((registers).x[0], 0x84000061U)
