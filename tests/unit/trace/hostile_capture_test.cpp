// SPDX-License-Identifier: BSD-3-Clause
// Captures come from outside: whatever stands in them, a replay ends with a result or is refused
// with a reason.
#include <gtest/gtest.h>

#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using sim::trace::Event;

/// True if it came to an end; false if it was refused.
bool replays(const std::vector<Event>& events, const char* spmc) {
  const auto source = ffa_trace::vector_source("events", events);
  const auto factory = sim::built_in_mediator();
  try {
    const auto result = ffa_trace::replay_trace(*source, *factory, {"", false, spmc});
    return result.counts.events == events.size();
  } catch (const sim::InputError& error) {
    EXPECT_STRNE(error.what(), "");
    return false;
  }
}

struct HostileCase {
  const char* capture;
  const char* spmc;
};

class HostileCapture : public testing::TestWithParam<HostileCase> {
 protected:
  static constexpr size_t stride = test::few_flips ? 9 : 3;  ///< of registers and calls
  static constexpr size_t bytes = test::few_flips ? 7 : 2;   ///< of descriptors
  std::vector<Event> events = sim::trace::read_trace(test::capture(GetParam().capture)).events;

  template <class Change>
  bool replays_with(size_t at, Change change) {
    const Event original = events[at];
    change(events[at]);
    const bool ended = replays(events, GetParam().spmc);
    events[at] = original;
    return ended;
  }
};

TEST_P(HostileCapture, AnyBitOfACallMayDiffer) {
  size_t ended = 0;
  size_t tried = 0;
  for (size_t at = 0; at < events.size(); ++at) {
    for (size_t i = at % stride; i < 8; i += stride, ++tried) {
      const unsigned bit = static_cast<unsigned>((at * 5 + i * 13) % 64);
      ended += replays_with(at, [&](Event& e) { e.in.x[i] ^= uint64_t{1} << bit; }) ? 1 : 0;
    }
  }
  EXPECT_GT(ended, tried / 2);
}

TEST_P(HostileCapture, AnyByteOfADescriptorMayDiffer) {
  size_t ended = 0;
  for (size_t at = 0; at < events.size(); ++at) {
    for (size_t i = at % bytes; i < events[at].tx.size(); i += bytes) {
      ended += replays_with(at, [&](Event& e) { e.tx[i] ^= 0x81; }) ? 1 : 0;
    }
  }
  EXPECT_GT(ended, 0U);
}

TEST_P(HostileCapture, CallsMayBeMissingOrComeTwice) {
  const std::vector<Event> whole = events;
  for (size_t at = 0; at < whole.size(); at += 2) {
    events = whole;
    events.erase(events.begin() + static_cast<std::ptrdiff_t>(at));
    (void)replays(events, GetParam().spmc);
    events = whole;
    events.insert(events.begin() + static_cast<std::ptrdiff_t>(at), whole[at]);
    (void)replays(events, GetParam().spmc);
  }
}

TEST_P(HostileCapture, PlacesAndTimesMayBeAnything) {
  for (size_t at = 0; at < events.size(); at += stride) {
    for (const uint16_t number : {uint16_t{7}, uint16_t{255}, uint16_t{65535}}) {
      (void)replays_with(at, [&](Event& e) { e.vcpu = number; });
      (void)replays_with(at, [&](Event& e) { e.vm = number; });
      (void)replays_with(at, [&](Event& e) { e.pcpu = number; });
    }
    (void)replays_with(at, [&](Event& e) { e.seq_ret = 0; });
    (void)replays_with(at, [&](Event& e) { e.seq_ret = ~uint64_t{0}; });
    (void)replays_with(at, [&](Event& e) { e.seq = ~uint64_t{0}; });
    (void)replays_with(at, [&](Event& e) { e.tx.clear(); });
    (void)replays_with(at, [&](Event& e) { e.rx.assign(7, 0xff); });
  }
}

INSTANTIATE_TEST_SUITE_P(Captures, HostileCapture,
                         testing::Values(HostileCase{"linux-probe", ""},
                                         HostileCase{"xen-dom0-probe", "model"},
                                         HostileCase{"xen-dom0-probe", "recorded"}),
                         [](const auto& suite) {
                           std::string name = std::string(suite.param.capture) + suite.param.spmc;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
