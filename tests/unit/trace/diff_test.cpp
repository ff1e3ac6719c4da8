// SPDX-License-Identifier: BSD-3-Clause
// ffa-trace diff: what is a difference and what is not, and how calls find each other.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sched/sanitizers.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/events.hpp"
#include "tools/ffa-trace/diff/align.hpp"
#include "tools/ffa-trace/diff/difference.hpp"

namespace {

using ffa_trace::DiffResult;
using ffa_trace::Ignored;
using ffa_trace::TraceDifference;
using sim::trace::Event;
using sim::trace::Side;
using test::guest_call;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = TraceDifference::Kind;

const test::Registers success{0x84000061};

std::vector<Event> capture(const std::string& name) {
  return sim::trace::read_trace(test::capture(name)).events;
}

/// "changed 1/3 reply: SUCCESS, ERROR DENIED", "only_a 5", …
std::vector<std::string> lines(const DiffResult& result) {
  static const char* const kinds[] = {"changed", "only_a", "only_b"};
  std::vector<std::string> lines;
  for (const TraceDifference& difference : result.differences) {
    std::string line = fmt::format("{} {}/{}", kinds[static_cast<size_t>(difference.kind)],
                                   difference.seq_a, difference.seq_b);
    for (const auto& field : difference.fields) {
      line += fmt::format(" {}: {}, {}", field.name, field.a, field.b);
    }
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> diff(const std::vector<Event>& a, const std::vector<Event>& b,
                              const Ignored& ignored = {}) {
  return lines(ffa_trace::compare_traces(a, b, ignored));
}

Event share(uint64_t seq, const test::Ranges& ranges, uint64_t handle, size_t access = 16) {
  const test::Send send = test::share_of(ranges, access);
  return guest_call(seq, send.in, {0x84000061, 0, handle & 0xffffffff, handle >> 32}, send.tx);
}
Event reclaim(uint64_t seq, uint64_t handle) {
  return guest_call(seq, {0x84000077, handle & 0xffffffff, handle >> 32}, success);
}
Event request(uint64_t seq, uint64_t x3, uint64_t answer = 0) {
  return guest_call(seq, {0x8400006f, 0x18001, 0, x3}, {0x84000070, 0x80010001, 0, answer});
}

TEST(Diff, ACaptureIsTheSameAsItself) {
  for (const std::string& file : test::all_captures()) {
    const auto events = sim::trace::read_trace(file).events;
    const DiffResult result = ffa_trace::compare_traces(events, events, {});
    EXPECT_TRUE(result.differences.empty()) << file;
    EXPECT_GT(result.same, 0U) << file;
  }
}

TEST(Diff, OneChangedStatusIsOneDifference) {
  const auto a = capture("xen-dom0-shm-small");
  auto b = a;
  const auto changed = std::find_if(b.begin(), b.end(), [](const Event& event) {
    return event.side == Side::guest && event.in.w(0) == 0x84000077;
  });
  ASSERT_NE(changed, b.end());
  changed->out = {};
  changed->out.x[0] = 0x84000060;
  changed->out.x[2] = 0xfffffffa;
  EXPECT_THAT(diff(a, b), ElementsAre(fmt::format("changed {0}/{0} reply: SUCCESS, ERROR DENIED",
                                                  changed->seq)));
}

/// Of 3,500 fields every seventh, with sanitizers every 71st: all of them take five seconds.
#ifdef FFASIM_ASAN
constexpr size_t stride = 71;
#else
constexpr size_t stride = 7;
#endif

TEST(Diff, AFlippedRegisterOrByteIsFound) {
  const auto a = capture("xen-dom0-probe");
  size_t found = 0;
  const auto expect_found = [&](const std::vector<Event>& b, const Event& event,
                                const std::string& what) {
    if (found++ % stride != 0) return;
    EXPECT_FALSE(diff(a, b).empty()) << "event " << event.seq << " " << what;
  };
  for (size_t n = 0; n < a.size(); ++n) {
    const Event& event = a[n];
    const bool is_share = (event.in.w(0) & 0xffff) == 0x73;
    const bool is_list = !event.rx.empty();
    auto b = a;
    for (unsigned reg = 0; reg < 18; ++reg) {
      // Not a meaning of their own: the lengths of a descriptor, and how long an entry of a list
      // is.
      const bool length = is_share && (reg == 1 || reg == 2);
      // A handle's number: the later calls that name it show.
      const bool handle = is_share && (reg == 2 || reg == 3);
      const bool entry_bytes = is_list && (reg == 2 || reg == 3);
      if (!length) {
        b[n].in.x[reg] ^= 0x20;
        expect_found(b, event, fmt::format("in x{}", reg));
        b[n].in.x[reg] ^= 0x20;
      }
      if (!handle && !entry_bytes) {
        b[n].out.x[reg] ^= 0x20;
        expect_found(b, event, fmt::format("out x{}", reg));
        b[n].out.x[reg] ^= 0x20;
      }
    }
    for (size_t at = 0; at < event.tx.size(); ++at) {
      b[n].tx[at] ^= 4;
      expect_found(b, event, fmt::format("tx byte {}", at));
      b[n].tx[at] ^= 4;
    }
    for (size_t at = 0; at < event.rx.size(); ++at) {
      b[n].rx[at] ^= 4;
      expect_found(b, event, fmt::format("rx byte {}", at));
      b[n].rx[at] ^= 4;
    }
  }
  EXPECT_GT(found, 3000U);
}

TEST(Diff, LayoutsAndCutsOfADescriptorAreNoDifference) {
  const test::Ranges whole{{0x80000000, 3}, {0x90000000, 1}};
  const test::Ranges cut{{0x80000000, 1}, {0x80001000, 2}, {0x90000000, 1}};
  EXPECT_THAT(diff({share(1, whole, 5, 16)}, {share(1, cut, 5, 32)}), ElementsAre());
  auto old = guest_call(1, {0x84000063, 0x10000}, {0x10000});
  EXPECT_THAT(diff({old, share(3, whole, 5, 0)}, {old, share(3, cut, 5, 0)}), ElementsAre());
  const test::Ranges less{{0x80000000, 2}, {0x90000000, 1}};
  EXPECT_THAT(diff({share(1, whole, 5)}, {share(1, less, 5)}),
              ElementsAre("changed 1/1 descriptor.pages: 4, 3 descriptor.run[0]: 0x80000000, 3 "
                          "pages, 0x80000000, 2 pages"));
}

TEST(Diff, FragmentsAreNoDifference) {
  const test::Ranges ranges{{0x80000000, 1}, {0x90000000, 2}};
  const test::Send send = test::share_of(ranges);
  const auto cut = send.tx.end() - 16;
  const Event first = guest_call(1, {0xc4000073, send.tx.size(), send.tx.size() - 16},
                                 {0x8400007a, 9, 0, send.tx.size() - 16}, {send.tx.begin(), cut});
  const Event second =
      guest_call(3, {0x8400007b, 9, 0, 16}, {0x84000061, 0, 9}, {cut, send.tx.end()});
  EXPECT_THAT(diff({share(1, ranges, 5)}, {first, second}), ElementsAre());
  EXPECT_THAT(diff({share(1, ranges, 5)}, {first}),
              ElementsAre(HasSubstr("reply: SUCCESS, unfinished")));
}

TEST(Diff, HandlesAreBoundAtFirstSight) {
  const test::Ranges one{{0x80000000, 1}};
  const test::Ranges two{{0x90000000, 1}};
  const std::vector<Event> a{share(1, one, 5), share(3, two, 6), reclaim(5, 5), reclaim(7, 6)};
  EXPECT_THAT(
      diff(a, {share(1, one, 0x70), share(3, two, 0x71), reclaim(5, 0x70), reclaim(7, 0x71)}),
      ElementsAre());
  // The other way round it is another order of reclaims.
  const auto crossed =
      diff(a, {share(1, one, 0x70), share(3, two, 0x71), reclaim(5, 0x71), reclaim(7, 0x70)});
  EXPECT_FALSE(crossed.empty());
  // A number that is used again is bound again.
  EXPECT_THAT(diff({share(1, one, 5), reclaim(3, 5), share(5, one, 5), reclaim(7, 5)},
                   {share(1, one, 8), reclaim(3, 8), share(5, one, 9), reclaim(7, 9)}),
              ElementsAre());
}

TEST(Diff, AReclaimOfAWrongHandleShows) {
  const test::Ranges same{{0x80000000, 1}};
  // Two transactions that mean the same: only the binding tells their handles apart.
  EXPECT_THAT(diff({share(1, same, 5), share(3, same, 6), reclaim(5, 5)},
                   {share(1, same, 5), share(3, same, 6), reclaim(5, 6)}),
              ElementsAre("changed 5/5 handle: 0x5, 0x6"));
}

TEST(Diff, HandlesInOpteesMessagesAreHandles) {
  const test::Ranges one{{0x80000000, 1}};
  const auto start = [](uint64_t seq, uint64_t handle) {
    return guest_call(seq, {0x8400006f, 0x18001, 0, 0x80000000, handle, 0},
                      {0x84000070, 0x80010001});
  };
  EXPECT_THAT(diff({share(1, one, 5), start(3, 5)}, {share(1, one, 6), start(3, 6)}),
              ElementsAre());
  EXPECT_THAT(diff({share(1, one, 5), start(3, 5)}, {share(1, one, 6), start(3, 7)}),
              ElementsAre(HasSubstr("changed 3/3")));
}

TEST(Diff, CallsInOneTraceOnlyAreNamed) {
  const std::vector<Event> a{request(1, 1), request(3, 2), request(5, 3)};
  EXPECT_THAT(diff(a, {request(1, 1), request(3, 3)}), ElementsAre("only_a 3/0"));
  EXPECT_THAT(diff({request(1, 1), request(3, 3)}, a), ElementsAre("only_b 0/3"));
  EXPECT_THAT(diff({request(1, 1), request(3, 2)}, {request(1, 1), request(3, 7)}),
              ElementsAre("changed 3/3 x3: 0x2, 0x7"));
}

TEST(Diff, TimingIsNoDifferenceAndVcpusCanBeIgnored) {
  auto moved = request(101, 4);
  moved.pcpu = 1;
  moved.seq_ret = 140;
  EXPECT_THAT(diff({request(1, 4)}, {moved}), ElementsAre());
  moved.vcpu = 1;
  EXPECT_THAT(diff({request(1, 4)}, {moved}), ElementsAre("changed 1/101 vCPU: 0, 1"));
  EXPECT_THAT(diff({request(1, 4)}, {moved}, {.vcpu = true}), ElementsAre());
}

TEST(Diff, WhatIsIgnoredIsNotCompared) {
  const test::Ranges here{{0x80000000, 2}};
  const test::Ranges there{{0xa0000000, 1}, {0xb0000000, 1}};
  EXPECT_FALSE(diff({share(1, here, 5)}, {share(1, there, 5)}).empty());
  EXPECT_THAT(diff({share(1, here, 5)}, {share(1, there, 5)}, {.addresses = true}), ElementsAre());
  EXPECT_FALSE(diff({request(1, 4, 9)}, {request(1, 5, 8)}).empty());
  EXPECT_THAT(diff({request(1, 4, 9)}, {request(1, 5, 8)}, {.payload = true}), ElementsAre());
  auto spmc = request(3, 7);
  spmc.side = Side::spmc;
  auto other = request(3, 8);
  other.side = Side::spmc;
  EXPECT_FALSE(diff({request(1, 4), spmc}, {request(1, 4), other}).empty());
  EXPECT_THAT(diff({request(1, 4), spmc}, {request(1, 4), other}, {.spmc = true}), ElementsAre());
}

TEST(Diff, AKernelWithoutHypervisorIsComparedWithAVm) {
  const DiffResult result = ffa_trace::compare_traces(
      capture("linux-probe"), capture("xen-dom0-probe"), {.addresses = true, .vcpu = true});
  EXPECT_THAT(result.not_compared, ElementsAre("side spmc is in B only"));
  EXPECT_EQ(result.same, 26U);
  // A hypervisor answers for the interrupts of its VMs, and hides what only it may call.
  EXPECT_THAT(lines(result), testing::Contains("changed 21/69 features: interrupt 8, interrupt 9"));
  EXPECT_THAT(lines(result),
              testing::Contains("changed 17/67 reply: SUCCESS, ERROR NOT_SUPPORTED"));
  EXPECT_THAT(lines(result), testing::Contains("only_a 19/0"));
}

TEST(Align, FindsTheLongestCommonOrder) {
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  EXPECT_EQ(ffa_trace::align({1, 2, 3, 4}, {1, 3, 4, 5}), (Pairs{{0, 0}, {2, 1}, {3, 2}}));
  EXPECT_EQ(ffa_trace::align({}, {1}), Pairs{});
  EXPECT_EQ(ffa_trace::align({1, 1, 2}, {2, 1, 1}).size(), 2U);
}

TEST(Align, KeepsAShiftThroughManyWindows) {
  // No element is unique, so there is no anchor; ten elements are missing at the beginning.
  std::vector<uint32_t> a;
  for (uint32_t n = 0; n < 10 * ffa_trace::align_window; ++n) a.push_back(n % 97 % 13);
  const std::vector<uint32_t> b(a.begin() + 10, a.end());
  std::vector<uint32_t> c = b;
  c.back() = 99;  // so that the ends are not equal
  EXPECT_EQ(ffa_trace::align(a, c).size(), c.size() - 1);
}

TEST(Align, AnchorsOnUniqueElementsBeyondTheWindow) {
  std::vector<uint32_t> a;
  for (uint32_t n = 0; n < 3 * ffa_trace::align_window; ++n) a.push_back(n);
  std::vector<uint32_t> b = a;
  for (size_t n = 0; n < b.size(); n += 50) b[n] = 1000000 + static_cast<uint32_t>(n);
  b.insert(b.begin() + 1, 5000, 7);  // longer than two windows
  EXPECT_EQ(ffa_trace::align(a, b).size(), a.size() - a.size() / 50);
}

}  // namespace
