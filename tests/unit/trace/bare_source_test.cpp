// SPDX-License-Identifier: BSD-3-Clause
// A kernel without hypervisor, seen as VM 1 behind one.
#include "tools/ffa-trace/replay/bare_source.hpp"

#include <gtest/gtest.h>

#include "ffa/reply.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"

namespace {

using ffa::Fid;
using ffa_trace::renamed_call;
using ffa_trace::renamed_reply;
using sim::trace::Event;
using sim::trace::Side;

std::vector<Event> all(ffa_trace::EventSource& source) {
  std::vector<Event> events;
  while (auto event = source.next()) events.push_back(std::move(*event));
  return events;
}

TEST(BareSource, RenamesTheKernelWhereverItIsNamed) {
  const uint64_t request = ffa::fid32(Fid::msg_send_direct_req);
  EXPECT_EQ(renamed_call(test::regs({request, 0x00008001, 0, 5})),
            test::regs({request, 0x00018001, 0, 5}));
  const uint64_t response = ffa::fid32(Fid::msg_send_direct_resp);
  EXPECT_EQ(renamed_reply(test::regs({request, 0x8001}), test::regs({response, 0x80010000})),
            test::regs({response, 0x80010001}));
  const uint64_t get = ffa::fid32(Fid::notification_get);
  EXPECT_EQ(renamed_call(test::regs({get, 0x00030000, 5})), test::regs({get, 0x00030001, 5}));
  const uint64_t id_get = ffa::fid32(Fid::id_get);
  EXPECT_EQ(renamed_reply(test::regs({id_get}), ffa::success32(0)), ffa::success32(1));
}

TEST(BareSource, WhatACallerLeavesZeroStaysZero) {
  const uint64_t release = ffa::fid32(Fid::rx_release);
  EXPECT_EQ(renamed_call(test::regs({release, 0})), test::regs({release, 0}));
  const uint64_t unmap = ffa::fid32(Fid::rxtx_unmap);
  EXPECT_EQ(renamed_call(test::regs({unmap, 0})), test::regs({unmap, 0}));
}

TEST(BareSource, RenamesTheFirstIdOfEachList) {
  const uint64_t info = ffa::fid64(Fid::notification_info_get);
  const uint64_t success = ffa::fid64(Fid::success);
  // Two lists: VM 0 with vCPUs 0 and 1, then VM 2 alone.
  const uint64_t x2 = 2U << 7 | 2U << 12;
  EXPECT_EQ(renamed_reply(test::regs({info}), test::regs({success, 0, x2, 0x0002'0001'0000'0000})),
            test::regs({success, 0, x2, 0x0002'0001'0000'0001}));
}

TEST(BareSource, RenamingIsOneToOneWhateverTheBits) {
  for (const char* const capture : {"linux-shm-sess", "linux-xtest-1004"}) {
    for (const Event& event : sim::trace::read_trace(test::capture(capture)).events) {
      EXPECT_EQ(renamed_call(renamed_call(event.in)), event.in);
      for (unsigned i = 1; i < 18; ++i) {
        for (const unsigned bit : {0U, 1U, 16U, 31U, 32U, 63U}) {
          ffa::Regs other = event.out;
          other.x[i] ^= uint64_t{1} << bit;
          EXPECT_NE(renamed_reply(event.in, other), renamed_reply(event.in, event.out))
              << "seq " << event.seq << " x" << i << " bit " << bit;
        }
      }
    }
  }
}

TEST(BareSource, GivesGuestCallsAndWhatAHypervisorDoes) {
  const auto events = sim::trace::read_trace(test::capture("linux-probe")).events;
  const auto under = ffa_trace::vector_source("linux-probe", events);
  ASSERT_TRUE(ffa_trace::is_bare(*under));
  ffa_trace::BareSource bare(*under);
  const auto seen = all(bare);
  ASSERT_EQ(seen.size(), events.size());
  EXPECT_TRUE(ffa::is_function(seen[0].in, Fid::notification_bitmap_create));
  EXPECT_EQ(seen[0].in.x[1], 1U);
  EXPECT_EQ(seen[0].seq, 19U);
  for (const Event& event : seen) {
    const bool hypervisors = ffa::is_function(event.in, Fid::notification_bitmap_create) ||
                             ffa::is_function(event.in, Fid::notification_info_get);
    EXPECT_EQ(event.side, hypervisors ? Side::spmc : Side::guest);
    EXPECT_EQ(event.vm, hypervisors ? 0 : 1);
    EXPECT_EQ(event.pcpu, event.vcpu);
    if (!ffa::is_function(event.in, Fid::mem_share)) continue;
    EXPECT_EQ(event.tx[0], 1) << "the sender in the descriptor";
  }
  bare.rewind();
  EXPECT_EQ(all(bare).size(), events.size());
}

TEST(BareSource, ACaptureWithoutNotificationsHasNoCreation) {
  auto events = sim::trace::read_trace(test::capture("linux-probe")).events;
  std::erase_if(events, [](const Event& e) {
    return ffa::is_function(e.in, Fid::notification_bitmap_create);
  });
  const auto under = ffa_trace::vector_source("events", events);
  ffa_trace::BareSource bare(*under);
  const auto seen = all(bare);
  ASSERT_EQ(seen.size(), events.size());
  EXPECT_EQ(seen[0].seq, 1U);
}

}  // namespace
