// SPDX-License-Identifier: BSD-3-Clause
// A replay finds every changed bit: one bit of each field is flipped in turn, and each time the
// replay must diverge. This is what shows that a replay compares and does not copy.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "ffa/names.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/replayer.hpp"

namespace {

using sim::trace::Event;
using sim::trace::Side;

/// A bit to flip, and a name for it.
struct Flip {
  size_t event;
  std::string name;
  std::function<void(Event&)> apply;
};

// Sanitizers make a replay thirty times slower. The release build flips every field; theirs, every
// seventeenth.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t stride = 17;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr size_t stride = 17;
#else
constexpr size_t stride = 1;
#endif
#else
constexpr size_t stride = 1;
#endif

/// Another bit for each field, so that over a capture every position has its turn.
unsigned bit_of(size_t event, size_t field, unsigned bits) {
  return static_cast<unsigned>((event * 7 + field * 11) % bits);
}

void add_registers(std::vector<Flip>& flips, size_t event, const char* name,
                   ffa::Regs Event::* regs) {
  for (size_t i = 0; i < 18; ++i) {
    const unsigned bit = bit_of(event, i, 64);
    flips.push_back({event, fmt::format("{}.x{} bit {}", name, i, bit),
                     [=](Event& e) { (e.*regs).x[i] ^= uint64_t{1} << bit; }});
  }
}

void add_bytes(std::vector<Flip>& flips, size_t event, const char* name, size_t size,
               std::vector<uint8_t> Event::* bytes) {
  for (size_t i = 0; i < size; ++i) {
    const unsigned bit = bit_of(event, i, 8);
    flips.push_back({event, fmt::format("{}[{}] bit {}", name, i, bit), [=](Event& e) {
                       (e.*bytes)[i] = static_cast<uint8_t>((e.*bytes)[i] ^ (1U << bit));
                     }});
  }
}

/// Every field that must be compared: guest `out` and `rx`, and after the first guest record SPMC
/// `in` and descriptors.
std::vector<Flip> all_flips(const std::vector<Event>& events) {
  std::vector<Flip> flips;
  bool guest_seen = false;
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    guest_seen = guest_seen || event.side == Side::guest;
    if (event.side == Side::guest) {
      add_registers(flips, i, "out", &Event::out);
      add_bytes(flips, i, "rx", event.rx.size(), &Event::rx);
    } else if (guest_seen) {
      add_registers(flips, i, "in", &Event::in);
      add_bytes(flips, i, "tx", event.tx.size(), &Event::tx);
    }
  }
  return flips;
}

class EveryFlip : public testing::TestWithParam<const char*> {};

TEST_P(EveryFlip, IsFound) {
  std::vector<Event> events = sim::trace::read_trace(test::capture(GetParam())).events;
  const auto source = ffa_trace::vector_source(GetParam(), events);
  const auto factory = sim::built_in_mediator();
  const ffa_trace::ReplaySettings settings{"", true};
  ASSERT_EQ(ffa_trace::replay_trace(*source, *factory, settings).counts.divergences, 0U);

  const auto flips = all_flips(events);
  size_t missed = 0;
  for (size_t i = 0; i < flips.size(); i += stride) {
    const Flip& flip = flips[i];
    const Event original = events[flip.event];
    flip.apply(events[flip.event]);
    const auto result = ffa_trace::replay_trace(*source, *factory, settings);
    if (result.counts.divergences == 0 && ++missed <= 20) {
      ADD_FAILURE() << "seq " << original.seq << " " << flip.name << " was not found";
    }
    events[flip.event] = original;
  }
  EXPECT_EQ(missed, 0U) << "of " << flips.size();
  EXPECT_GT(flips.size(), 1300U);
}

INSTANTIATE_TEST_SUITE_P(Captures, EveryFlip,
                         testing::Values("xen-dom0-probe", "xen-dom0-shm-small"));

}  // namespace
