// SPDX-License-Identifier: BSD-3-Clause
// What mediator and SPMC model compute together is compared: one bit of each such field is flipped,
// and the replay must find it. Not flipped is what the capture alone can tell, the stimuli and the
// facts that the world is built from.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ffa/reply.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/flips.hpp"
#include "tools/ffa-trace/replay/stimulus.hpp"

namespace {

using ffa::Fid;
using sim::trace::Event;
using sim::trace::Side;
using test::Flip;

bool is_one_of(const Event& event, std::initializer_list<Fid> functions) {
  return std::any_of(functions.begin(), functions.end(),
                     [&](Fid function) { return ffa::is_function(event.in, function); });
}

/// What a hypervisor would have asked in place of the kernel: compared like an SPMC call.
bool is_hypervisors(const Event& event) {
  return is_one_of(event, {Fid::notification_bitmap_create, Fid::notification_info_get});
}

/// An answer that tells nothing but itself: all of them may be wrong in one replay.
bool stands_alone(const Event& event) {
  if (event.side == Side::spmc) {  // a notification that is pending is a stimulus
    return !is_one_of(event, {Fid::notification_info_get, Fid::notification_get});
  }
  const bool explained = event.side == Side::linux_ && is_one_of(event, {Fid::features});
  return !explained && !(event.side == Side::linux_ && is_hypervisors(event)) &&
         !is_one_of(event, {Fid::version, Fid::rxtx_map, Fid::partition_info_get_regs});
}

bool is_payload(const Event& event, size_t reg) {
  return (ffa_trace::payload_of(event.out) >> reg & 1) != 0;
}

/// At boot the order of requests is free, and not all are made: SPMC records count after the first
/// guest call.
size_t first_call(const std::vector<Event>& events) {
  const auto first = std::find_if(events.begin(), events.end(),
                                  [](const Event& e) { return e.side != Side::spmc; });
  return static_cast<size_t>(first - events.begin());
}

void add_registers(std::vector<Flip>& flips, size_t i, const Event& event, const char* name,
                   ffa::Regs Event::* regs) {
  for (size_t reg = 0; reg < 18; ++reg) {
    if (regs == &Event::out && is_payload(event, reg)) continue;
    const bool vcpus = is_one_of(event, {Fid::notification_bitmap_create}) && reg == 2;
    if (regs == &Event::in && event.side == Side::linux_ && vcpus) continue;  // of the world
    flips.push_back(test::flip_register(i, name, regs, reg));
  }
}

/// Everything else that must be compared.
std::vector<Flip> flips_one_by_one(const std::vector<Event>& events) {
  std::vector<Flip> flips;
  for (size_t i = first_call(events); i < events.size(); ++i) {
    const Event& event = events[i];
    if (!stands_alone(event)) add_registers(flips, i, event, "out", &Event::out);
    const bool asked = event.side == Side::spmc || is_hypervisors(event);
    if (asked) add_registers(flips, i, event, "in", &Event::in);
    for (size_t at = 0; event.side != Side::spmc && at < event.rx.size(); ++at) {
      flips.push_back(test::flip_bytes(i, "rx", at, 1, &Event::rx));
    }
    if (event.side != Side::spmc || event.tx.empty()) continue;
    const auto fields = test::fields_of_descriptor(event.tx);
    for (size_t n = 0; n + 1 < fields.size(); ++n) {
      flips.push_back(test::flip_bytes(i, "tx", fields[n], fields[n + 1] - fields[n], &Event::tx));
    }
  }
  return flips;
}

/// `stride`: every so many-th of the flips that are tried one by one. Those of the SPMC's calls are
/// all tried with recorded answers.
struct Case {
  const char* capture;
  size_t stride;
  size_t least_alone;
};

bool diverges_or_is_refused(const std::vector<Event>& events) {
  const auto source = ffa_trace::vector_source("flipped", events);
  const auto factory = sim::built_in_mediator();
  try {
    return ffa_trace::replay_trace(*source, *factory, {.spmc = "model"}).counts.divergences != 0;
  } catch (const sim::InputError&) {
    return true;
  }
}

class EveryComputedField : public testing::TestWithParam<Case> {
 protected:
  std::vector<Event> events = sim::trace::read_trace(test::capture(GetParam().capture)).events;
};

TEST_P(EveryComputedField, OfAllAnswersIsFoundInEach) {
  const size_t first = first_call(events);
  for (const bool spmc : {false, true}) {
    for (size_t reg = 0; reg < 18; reg += test::few_flips ? 5 : 1) {
      std::vector<Event> flipped = events;
      std::set<uint64_t> expected;
      for (size_t i = first; i < flipped.size(); ++i) {
        const Event& event = flipped[i];
        if ((event.side == Side::spmc) != spmc || !stands_alone(event)) continue;
        if (is_payload(event, reg)) continue;
        test::flip_register(i, "out", &Event::out, reg).apply(flipped[i]);
        expected.insert(event.seq);
      }
      const size_t least = spmc ? 0 : 6;
      EXPECT_GE(expected.size(), least);
      const auto source = ffa_trace::vector_source("flipped", flipped);
      const auto factory = sim::built_in_mediator();
      const auto result =
          ffa_trace::replay_trace(*source, *factory, {.spmc = "model", .keep = ~size_t{0}});
      std::set<uint64_t> found;
      for (const auto& divergence : result.divergences) found.insert(divergence.event);
      // More than that: without the right function nobody gets a payload, for one.
      EXPECT_TRUE(std::includes(found.begin(), found.end(), expected.begin(), expected.end()))
          << (spmc ? "spmc x" : "x") << reg;
    }
  }
}

TEST_P(EveryComputedField, OfAnythingElseIsFound) {
  const auto flips = flips_one_by_one(events);
  EXPECT_GE(flips.size(), GetParam().least_alone);
  std::vector<Flip> tried;
  for (size_t i = 0; i < flips.size(); i += GetParam().stride * test::flip_stride) {
    tried.push_back(flips[i]);
  }
  // The creation of the VM is read ahead of its place, so that no process can fork there.
  const auto ahead = std::partition(tried.begin(), tried.end(), [&](const Flip& flip) {
    return events[flip.event].side != Side::linux_ ||
           !is_one_of(events[flip.event], {Fid::notification_bitmap_create});
  });
  for (auto flip = ahead; flip != tried.end(); ++flip) {
    std::vector<Event> flipped = events;
    flip->apply(flipped[flip->event]);
    EXPECT_TRUE(diverges_or_is_refused(flipped)) << flip->name;
  }
  tried.erase(ahead, tried.end());
  for (const auto& missed :
       test::not_found(events, tried, {.stop_at_first = true, .spmc = "model"}))
    ADD_FAILURE() << missed << " was not found";
}

// Odd strides: over a capture every register has its turn.
INSTANTIATE_TEST_SUITE_P(
    Captures, EveryComputedField,
    testing::Values(Case{"linux-probe", 1, 290}, Case{"linux-shm-small", 1, 290},
                    Case{"linux-shm-sess", 1, 290}, Case{"linux-xtest-1004", 1, 290},
                    Case{"linux-fragfix-shm-big", 1, 290}, Case{"xen-dom0-probe", 1, 500},
                    Case{"xen-dom0-shm-small", 5, 2500}, Case{"xen-dom0-shm-sess", 5, 1700},
                    Case{"xen-dom0-xtest-1004", 5, 4500}, Case{"xen-dom0-ffav12-shm", 5, 4500},
                    Case{"xen-domU-destroy", 5, 4800}),
    [](const auto& suite) {
      std::string name = suite.param.capture;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

}  // namespace
