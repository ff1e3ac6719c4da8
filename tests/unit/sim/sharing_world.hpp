// SPDX-License-Identifier: BSD-3-Clause
// A fake world in which VM 1 shares memory, for the tests of the checkers: descriptors, facts, and
// a mediator that pins and tells what a test says.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "fake_mediator.hpp"

namespace sim::test {

inline constexpr uint64_t success = 0x84000061;
inline constexpr uint64_t version_call = 0x84000063;
inline constexpr uint64_t list_call = 0x84000068;
inline constexpr uint64_t release_call = 0x84000065;
inline constexpr uint64_t unmap_call = 0x84000067;
inline constexpr uint64_t share_call = 0xc4000073;
inline constexpr uint64_t lend_call = 0xc4000072;
inline constexpr uint64_t reclaim_call = 0x84000077;
inline constexpr uint64_t request_call = 0x8400006f;
inline constexpr uint64_t run_call = 0x8400006d;
inline constexpr uint32_t own_tx = 1;
inline constexpr uint64_t lent = ram_ipa + 4 * page;  ///< what VM 1 lends
inline constexpr uint64_t borrow_ipa = 0x60000000;    ///< where a VM borrows

inline ffa::Regs error(ffa::Status status) { return ffa::reply(status); }

// A v1.1 share of one receiver.
inline std::vector<uint8_t> descriptor(uint16_t sender,
                                       const std::vector<std::pair<uint64_t, uint32_t>>& ranges) {
  std::vector<uint8_t> bytes(80 + 16 * ranges.size());
  const auto put = [&](size_t at, uint64_t value, size_t length) {
    std::memcpy(bytes.data() + at, &value, length);
  };
  uint32_t total = 0;
  put(0, sender, 2);
  put(2, 0x2f, 2);
  put(24, 16, 4);
  put(28, 1, 4);
  put(32, 48, 4);
  put(48, 0x8001, 2);
  put(50, 2, 1);
  put(52, 64, 4);
  for (size_t n = 0; n < ranges.size(); ++n) {
    put(80 + 16 * n, ranges[n].first, 8);
    put(88 + 16 * n, ranges[n].second, 4);
    total += ranges[n].second;
  }
  put(64, total, 4);
  put(68, ranges.size(), 4);
  return bytes;
}

inline ffa_sim_fact share_fact(uint16_t vm, uint64_t handle, uint64_t pages) {
  ffa_sim_fact fact{};
  fact.kind = FFA_SIM_FACT_SHARE;
  fact.vm = vm;
  fact.handle = handle;
  fact.pages = pages;
  fact.share_state = 2;
  return fact;
}

inline ffa_sim_fact range_fact(uint16_t vm, uint64_t handle, uint64_t ipa, uint64_t pages) {
  ffa_sim_fact fact{};
  fact.kind = FFA_SIM_FACT_RANGE;
  fact.vm = vm;
  fact.handle = handle;
  fact.ipa = ipa;
  fact.pages = pages;
  return fact;
}

// Puts share facts behind those of their VM.
inline void add_share(FakeWorld& w, uint16_t vm, uint64_t handle, uint64_t pages,
                      const std::vector<std::pair<uint64_t, uint64_t>>& ranges) {
  std::vector<ffa_sim_fact> added{share_fact(vm, handle, pages)};
  for (const auto& [ipa, count] : ranges) added.push_back(range_fact(vm, handle, ipa, count));
  auto& facts = w.script.facts;
  const auto at = std::find_if(facts.begin(), facts.end(), [vm](const ffa_sim_fact& fact) {
    return fact.kind == FFA_SIM_FACT_VM && fact.vm == vm;
  });
  at->shares += 1;
  for (const auto& range : ranges) at->pinned_pages += range.second;
  facts.insert(at + 1, added.begin(), added.end());
}

inline void put_in_tx(FakeWorld& w, const std::vector<uint8_t>& bytes) {
  ASSERT_TRUE(w.simulation.machine().write_ipa(1, ram_ipa, std::as_bytes(std::span{bytes})));
}

// What a mediator does about a share: pins, writes `told` to its own TX, sends it, answers what the
// SPMC did.
inline auto share_by(const std::vector<uint8_t>& told,
                     const std::vector<std::pair<uint64_t, uint64_t>>& pins) {
  return [told, pins](FakeMediator& m, uint16_t vm, uint16_t, ffa::Regs& r) {
    for (const auto& [ipa, pages] : pins) m.pin(vm, ipa, pages);
    m.ops.copy_out(m.world, own_tx, 0, told.data(), static_cast<uint32_t>(told.size()));
    r = m.smc(vm, regs({share_call, told.size(), told.size()}));
    return true;
  };
}

inline int32_t negotiate(FakeMediator& m) {
  m.smc(0, regs({version_call, 0x10001}));
  return 0;
}

inline ffa::Regs plain_spmc(const ffa::Regs& in) {
  if (in.w(0) == version_call) return regs({0x10002});
  if (in.w(0) == share_call || in.w(0) == lend_call) return regs({success, 0, 0x77, 0x1000});
  return ffa::success32();
}

struct SharingWorld : FakeWorld {
  SharingWorld() : FakeWorld(plain_spmc) {
    script.probe = negotiate;
    start();
    negotiate_and_map();
    pa = simulation.machine().translate(1, ram_ipa + 4 * page, 2).pa.raw();
    const std::vector<std::pair<uint64_t, uint32_t>> asked{{ram_ipa + 4 * page, 2}};
    put_in_tx(*this, descriptor(1, asked));
  }
  void share(const std::vector<uint8_t>& told,
             const std::vector<std::pair<uint64_t, uint64_t>>& pinned) {
    script.call = share_by(told, pinned);
    call(1, {share_call, 96, 96});
  }
  std::vector<uint8_t> right() const {
    const std::vector<std::pair<uint64_t, uint32_t>> ranges{{pa, 2}};
    return descriptor(1, ranges);
  }
  uint64_t pa = 0;
};

inline constexpr uint64_t handle = 0x100000000077;

/// A mediator that boots as it should: maps its own buffers, tells both SPs of each VM.
inline void boots(FakeWorld& w) {
  w.script.probe = [](FakeMediator& m) {
    m.smc(0, regs({version_call, 0x10001}));
    m.smc(0, regs({0xc4000066, 0x48000000, 0x48010000, 1}));
    return 0;
  };
  w.script.init = [](FakeMediator& m, uint16_t vm) {
    m.smc(0, regs({request_call, 0x8001, 0x80000004, 0, 0, vm}));
    m.smc(0, regs({request_call, 0x8002, 0x80000004, 0, 0, vm}));
    return 0;
  };
}

}  // namespace sim::test
