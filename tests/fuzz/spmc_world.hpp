// SPDX-License-Identifier: BSD-3-Clause
// An SPMC of the model with four SPs over a little memory, and what must hold for whatever it is
// asked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ffa/regs.hpp"
#include "spmc-model/spmc.hpp"

namespace fuzz {

class SpmcWorld {
 public:
  static constexpr uint64_t ram = 0x48000000;
  static constexpr uint64_t ram_pages = 64;
  static constexpr uint64_t tx = ram + 60 * ffa::page_size;
  static constexpr uint64_t rx = ram + 61 * ffa::page_size;
  static constexpr uint64_t vm_pages = ram + 62 * ffa::page_size;  ///< TX of a VM, and RX
  static constexpr std::array<uint16_t, 2> vms = {0x0005, 0x0009};
  static constexpr uint16_t echo = 0x8001, user = 0x8003, notifier = 0x8004, service = 0x8005;
  static constexpr std::array<uint16_t, 4> sps = {echo, user, notifier, service};

  SpmcWorld();
  /// A new SPMC, of personality 0 to 3; buffers are mapped, two VMs created.
  void begin(unsigned personality, ffa::Version version);
  /// Bytes at an address; those behind the end of RAM are left out.
  void put(uint64_t address, std::span<const uint8_t> bytes);
  /// One SMC. The answer must be well-formed, and the state consistent.
  ffa::Regs smc(const ffa::Regs& in);
  /// Every region that nobody holds must be reclaimed; sends that were begun are dropped.
  void reclaim_all();
  spmc_model::Spmc& spmc() { return *spmc_; }
  [[nodiscard]] ffa::Version version() const { return version_; }

 private:
  class Memory final : public spmc_model::PhysicalMemory {
   public:
    Memory() : bytes_(ram_pages * ffa::page_size) {}
    /// Nothing is written but zeros.
    void clear();
    bool read(ffa::Pa from, std::span<std::byte> to) override;
    bool write(ffa::Pa to, std::span<const std::byte> from) override;
    bool is_normal_ram(ffa::Pa page) override;
    void raise_schedule_receiver_interrupt() override {}

   private:
    static bool reachable(uint64_t at, size_t length);
    std::vector<std::byte> bytes_;
    uint64_t written_ = 0;  // a bit a page
  };

  void must_be_consistent() const;
  [[nodiscard]] bool is_named_by_its_handle(const spmc_model::RegionFacts& facts) const;

  Memory memory_;
  std::vector<std::byte> storage_;
  spmc_model::Spmc* spmc_ = nullptr;
  ffa::Version version_ = ffa::v1_1;
};

}  // namespace fuzz
