// SPDX-License-Identifier: BSD-3-Clause
// What mediator and SPMC model compute together is compared: one bit of each such field is flipped
// in turn, and each time the replay must find it. Not flipped is what the capture alone can tell,
// the stimuli and the facts that the world is built from.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/replayer.hpp"
#include "tools/ffa-trace/stimulus.hpp"

namespace {

using sim::trace::Event;
using sim::trace::Side;

struct Flip {
  size_t event;
  std::string name;
  std::function<void(Event&)> apply;
};

// Sanitizers make a replay thirty times slower.
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t slowdown = 31;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr size_t slowdown = 31;
#else
constexpr size_t slowdown = 1;
#endif
#else
constexpr size_t slowdown = 1;
#endif

/// Another bit for each field, so that over a capture every position has its turn.
unsigned bit_of(size_t event, size_t field, unsigned bits) {
  return static_cast<unsigned>((event * 7 + field * 11) % bits);
}

class Flips {
 public:
  void registers(size_t event, const char* name, ffa::Regs Event::* regs, uint32_t without) {
    for (size_t i = 0; i < 18; ++i) {
      if ((without >> i & 1) != 0) continue;
      const unsigned bit = bit_of(event, i, 64);
      flips.push_back({event, fmt::format("{}.x{} bit {}", name, i, bit),
                       [=](Event& e) { (e.*regs).x[i] ^= uint64_t{1} << bit; }});
    }
  }
  void bytes(size_t event, const char* name, size_t size, std::vector<uint8_t> Event::* bytes) {
    for (size_t i = 0; i < size; ++i) {
      const unsigned bit = bit_of(event, i, 8);
      flips.push_back({event, fmt::format("{}[{}] bit {}", name, i, bit), [=](Event& e) {
                         (e.*bytes)[i] = static_cast<uint8_t>((e.*bytes)[i] ^ (1U << bit));
                       }});
    }
  }
  std::vector<Flip> flips;
};

constexpr uint32_t vcpu_count = 1U << 2;  ///< w2 of BITMAP_CREATE: a fact of the world

/// Answers, RX, and what a mediator would have asked in place of the kernel.
void add_bare(Flips& to, size_t i, const Event& event) {
  to.registers(i, "out", &Event::out, ffa_trace::payload_of(event.out));
  to.bytes(i, "rx", event.rx.size(), &Event::rx);
  if (ffa::is_function(event.in, ffa::Fid::notification_bitmap_create)) {
    to.registers(i, "in", &Event::in, vcpu_count);
  }
  if (ffa::is_function(event.in, ffa::Fid::notification_info_get)) {
    to.registers(i, "in", &Event::in, 0);
  }
}

std::vector<Flip> all_flips(const std::vector<Event>& events) {
  Flips to;
  bool guest_seen = false;
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    guest_seen = guest_seen || event.side == Side::guest;
    if (event.side == Side::linux_) {
      add_bare(to, i, event);
    } else if (event.side == Side::guest) {
      to.registers(i, "out", &Event::out, ffa_trace::payload_of(event.out));
      to.bytes(i, "rx", event.rx.size(), &Event::rx);
    } else if (guest_seen) {  // the order of requests at boot is free, and not all are made
      to.registers(i, "out", &Event::out, ffa_trace::payload_of(event.out));
      to.registers(i, "in", &Event::in, 0);
      to.bytes(i, "tx", event.tx.size(), &Event::tx);
    }
  }
  return to.flips;
}

/// `stride`: every so many-th field is tried, for time's sake; 1: every one.
struct Case {
  const char* capture;
  size_t stride;
  size_t least_flips;
};

const ffa_trace::ReplaySettings settings{"", true, "model"};

/// True if the replay diverges, or explains more or less than it did, or refuses the capture.
bool is_found(ffa_trace::EventSource& source, sim::MediatorFactory& factory, uint64_t explained) {
  try {
    const auto result = ffa_trace::replay_trace(source, factory, settings);
    return result.counts.divergences != 0 || result.counts.explained != explained;
  } catch (const sim::InputError&) {
    return true;
  }
}

class EveryComputedField : public testing::TestWithParam<Case> {};

TEST_P(EveryComputedField, FlippedIsFound) {
  const Case& param = GetParam();
  std::vector<Event> events = sim::trace::read_trace(test::capture(param.capture)).events;
  const auto source = ffa_trace::vector_source(param.capture, events);
  const auto factory = sim::built_in_mediator();
  const auto untouched = ffa_trace::replay_trace(*source, *factory, settings);
  ASSERT_EQ(untouched.counts.divergences, 0U);

  const auto flips = all_flips(events);
  size_t missed = 0;
  for (size_t i = 0; i < flips.size(); i += param.stride * slowdown) {
    const Flip& flip = flips[i];
    const Event original = events[flip.event];
    flip.apply(events[flip.event]);
    if (!is_found(*source, *factory, untouched.counts.explained) && ++missed <= 20) {
      ADD_FAILURE() << "seq " << original.seq << " " << flip.name << " was not found";
    }
    events[flip.event] = original;
  }
  EXPECT_EQ(missed, 0U) << "of " << flips.size();
  EXPECT_GE(flips.size(), param.least_flips);
}

// Odd strides: over a capture every register has its turn.
INSTANTIATE_TEST_SUITE_P(
    Captures, EveryComputedField,
    testing::Values(Case{"linux-probe", 1, 650}, Case{"linux-shm-small", 1, 1300},
                    Case{"linux-shm-sess", 1, 1350}, Case{"linux-xtest-1004", 1, 2900},
                    Case{"xen-dom0-probe", 1, 1550}, Case{"xen-dom0-shm-small", 11, 5000},
                    Case{"xen-dom0-shm-sess", 11, 4000}, Case{"xen-dom0-xtest-1004", 31, 10000},
                    Case{"xen-dom0-ffav12-shm", 35, 10000}, Case{"xen-domU-destroy", 35, 10000}),
    [](const auto& suite) {
      std::string name = suite.param.capture;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
