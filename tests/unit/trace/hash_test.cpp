// SPDX-License-Identifier: BSD-3-Clause
// What the trace hash covers and what it does not.
#include <gtest/gtest.h>

#include <functional>

#include "sim/trace/hasher.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"

namespace {

using sim::trace::Event;
using sim::trace::Side;
using sim::trace::trace_hash;

/// A guest call with an SPMC call inside, and a lifecycle operation before.
std::vector<Event> small_trace() {
  Event create;
  create.side = Side::lifecycle;
  create.seq = 1;
  create.seq_ret = 2;
  create.vm = 4;
  create.op = "create";
  Event guest;
  guest.side = Side::guest;
  guest.seq = 3;
  guest.seq_ret = 6;
  guest.vm = 4;
  guest.vcpu = 1;
  guest.conduit = "smc";
  guest.in.x = {0x84000073, 0x60, 0x61};
  guest.tx = {1, 2, 3};
  guest.out.x = {0x84000060, 0, 0xfffffffe};
  guest.rule = "R1";
  Event spmc;
  spmc.side = Side::spmc;
  spmc.seq = 4;
  spmc.seq_ret = 5;
  spmc.vm = 4;
  spmc.in.x = {0x84000074, 7};
  spmc.out.x = {0x84000061, 0, 9};
  spmc.rx = {8, 9};
  return {create, guest, spmc};
}

TEST(TraceHash, GoldenValue) {
  EXPECT_EQ(trace_hash(small_trace()), "abf667a99c62a9861693f7e4e7aebb1c");
  EXPECT_EQ(trace_hash({}), "99aa06d3014798d86001c324468d497f");  // XXH3-128 of nothing
}

TEST(TraceHash, EveryCoveredFieldChangesIt) {
  const std::string base = trace_hash(small_trace());
  const std::vector<std::function<void(std::vector<Event>&)>> changes = {
      [](auto& t) { t[0].op = "destroy"; },
      [](auto& t) { t[0].result = 1; },
      [](auto& t) { t[1].side = Side::spmc; },
      [](auto& t) { t[1].vm = 5; },
      [](auto& t) { t[1].vcpu = 0; },
      [](auto& t) { t[1].vcpu_ret = 0; },
      [](auto& t) { t[1].conduit = "hvc"; },
      [](auto& t) { t[1].in.x[17] = 1; },
      [](auto& t) { t[1].out.x[17] = uint64_t{1} << 63; },
      [](auto& t) { t[1].tx[2] = 4; },
      [](auto& t) { t[1].tx.push_back(0); },
      [](auto& t) { t[1].rule = "R2"; },
      [](auto& t) { t[2].rx[0] = 7; },
      [](auto& t) { t.pop_back(); },
      // The SPMC call behind the guest call instead of inside.
      [](auto& t) {
        t[1].seq_ret = 4;
        t[2].seq = 5;
        t[2].seq_ret = 6;
      },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    auto trace = small_trace();
    changes[i](trace);
    EXPECT_NE(trace_hash(trace), base) << "change " << i;
  }
}

TEST(TraceHash, WhatIsNotCoveredDoesNot) {
  const std::string base = trace_hash(small_trace());
  const std::vector<std::function<void(std::vector<Event>&)>> changes = {
      [](auto& t) { t[1].pcpu = 3; },
      [](auto& t) { t[1].p2m = {{1, 2, 3}}; },
      [](auto& t) { t[1].accepted = {"A"}; },
      [](auto& t) { t[2].stimulus = "s"; },
      // Other counter values in the same order.
      [](auto& t) {
        for (auto& e : t) {
          e.seq *= 10;
          e.seq_ret *= 10;
        }
      },
      // The order in memory.
      [](auto& t) { std::swap(t[0], t[2]); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    auto trace = small_trace();
    changes[i](trace);
    EXPECT_EQ(trace_hash(trace), base) << "change " << i;
  }
}

TEST(TraceHash, StreamedAndWholeAreTheSame) {
  for (const std::string& file : test::all_captures()) {
    sim::trace::Hasher hasher;
    sim::trace::Reader reader(file);
    while (const auto event = reader.next()) hasher.add(*event);
    EXPECT_EQ(hasher.finish(), trace_hash(sim::trace::read_trace(file).events)) << file;
  }
}

}  // namespace
