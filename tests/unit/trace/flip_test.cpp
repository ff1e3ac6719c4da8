// SPDX-License-Identifier: BSD-3-Clause
// A replay finds every changed bit: one bit of each field is flipped in turn, and each time the
// replay must diverge. This is what shows that a replay compares and does not copy.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ffa/reply.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"

namespace {

using sim::trace::Event;
using sim::trace::Side;
using test::Flip;

struct Case {
  const char* capture;
  size_t least_alone;  ///< flips that are tried one at a time, at least
};

/// A guest call whose captured answer tells nothing but itself: all such answers may be wrong in
/// one replay, and each must be found.
bool stands_alone(const Event& event) {
  for (const ffa::Fid function :
       {ffa::Fid::version, ffa::Fid::rxtx_map, ffa::Fid::partition_info_get_regs}) {
    if (ffa::is_function(event.in, function)) return false;
  }
  return event.side == Side::guest;
}

/// Every other field that must be compared: guest `out` and `rx`, and after the first guest record
/// SPMC `in` and descriptors.
std::vector<Flip> flips_one_by_one(const std::vector<Event>& events) {
  std::vector<Flip> flips;
  bool guest_seen = false;
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    guest_seen = guest_seen || event.side == Side::guest;
    const bool registers = event.side == Side::guest ? !stands_alone(event) : guest_seen;
    const auto regs = event.side == Side::guest ? &Event::out : &Event::in;
    for (size_t reg = 0; registers && reg < 18; ++reg) {
      flips.push_back(test::flip_register(i, regs == &Event::out ? "out" : "in", regs, reg));
    }
    for (size_t at = 0; event.side == Side::guest && at < event.rx.size(); ++at) {
      flips.push_back(test::flip_bytes(i, "rx", at, 1, &Event::rx));
    }
    if (event.side == Side::guest || !guest_seen || event.tx.empty()) continue;
    const auto fields = test::fields_of_descriptor(event.tx);
    for (size_t n = 0; n + 1 < fields.size(); ++n) {
      flips.push_back(test::flip_bytes(i, "tx", fields[n], fields[n + 1] - fields[n], &Event::tx));
    }
  }
  return flips;
}

class EveryFlip : public testing::TestWithParam<Case> {
 protected:
  std::vector<Event> events = sim::trace::read_trace(test::capture(GetParam().capture)).events;
};

TEST_P(EveryFlip, OfARegisterOfAllAnswersIsFoundInEach) {
  for (size_t reg = 0; reg < 18; ++reg) {
    std::vector<Event> flipped = events;
    std::set<uint64_t> expected;
    for (size_t i = 0; i < flipped.size(); ++i) {
      if (!stands_alone(flipped[i])) continue;
      test::flip_register(i, "out", &Event::out, reg).apply(flipped[i]);
      expected.insert(flipped[i].seq);
    }
    const auto source = ffa_trace::vector_source("flipped", flipped);
    const auto factory = sim::built_in_mediator();
    const auto result =
        ffa_trace::replay_trace(*source, *factory, {.spmc = "recorded", .keep = ~size_t{0}});
    std::set<uint64_t> found;
    for (const auto& divergence : result.divergences) {
      EXPECT_EQ(divergence.field, fmt::format("out.x{}", reg));
      found.insert(divergence.event);
    }
    EXPECT_EQ(found, expected) << "x" << reg;
    EXPECT_EQ(result.counts.divergences, expected.size()) << "x" << reg;
    EXPECT_GT(expected.size(), 20U);
  }
}

TEST_P(EveryFlip, OfAnythingElseIsFound) {
  auto flips = flips_one_by_one(events);
  EXPECT_GE(flips.size(), GetParam().least_alone);
  std::vector<Flip> tried;
  for (size_t i = 0; i < flips.size(); i += test::flip_stride) tried.push_back(flips[i]);
  const auto missed = test::not_found(events, tried, {.stop_at_first = true, .spmc = "recorded"});
  for (size_t i = 0; i < std::min<size_t>(missed.size(), 20); ++i) {
    ADD_FAILURE() << missed[i] << " was not found";
  }
  EXPECT_EQ(missed.size(), 0U) << "of " << tried.size();
}

/// A record that the world is inferred from: a wrong one might come back as a wrong world.
bool is_surveyed(const Event& event) {
  const auto functions = {ffa::Fid::version, ffa::Fid::rxtx_map,
                          ffa::Fid::notification_bitmap_create,
                          ffa::Fid::notification_bitmap_destroy};
  return std::any_of(functions.begin(), functions.end(),
                     [&event](ffa::Fid function) { return ffa::is_function(event.in, function); });
}

/// The same from the first record on, survey and all: for what the survey reads, and some others.
TEST_P(EveryFlip, IsFoundInAReplayOfItsOwnToo) {
  const auto flips = flips_one_by_one(events);
  const auto factory = sim::built_in_mediator();
  size_t tried = 0;
  for (size_t i = 0; i < flips.size(); ++i) {
    if (!is_surveyed(events[flips[i].event]) && i % 127 != 0) continue;
    if (tried++ % test::flip_stride != 0) continue;
    std::vector<Event> flipped = events;
    flips[i].apply(flipped[flips[i].event]);
    const auto source = ffa_trace::vector_source("flipped", flipped);
    const auto result = ffa_trace::replay_trace(*source, *factory, {.stop_at_first = true});
    EXPECT_NE(result.counts.divergences, 0U) << flips[i].event << " " << flips[i].name;
  }
  EXPECT_GT(tried, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Captures, EveryFlip,
    testing::Values(Case{"xen-dom0-probe", 500}, Case{"xen-dom0-shm-small", 2500},
                    Case{"xen-dom0-shm-sess", 1700}, Case{"xen-dom0-xtest-1004", 4500},
                    Case{"xen-dom0-ffav12-shm", 4500}, Case{"xen-domU-destroy", 4800}),
    [](const auto& suite) {
      std::string name = suite.param.capture;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
