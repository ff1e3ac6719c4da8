// SPDX-License-Identifier: BSD-3-Clause
// What a replay finds, what it forgives, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/replay/profile.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using ffa_trace::ReplayResult;
using sim::trace::Event;
using sim::trace::Side;
using testing::HasSubstr;

ReplayResult replay_capture(const std::vector<Event>& events, const std::string& profile = "") {
  const auto source = ffa_trace::vector_source("events", events);
  const auto factory = sim::built_in_mediator();
  return ffa_trace::replay_trace(*source, *factory, {profile, false});
}

struct Counted {
  const char* capture;
  uint64_t events, stimuli, explained;
};

class Captured : public testing::TestWithParam<Counted> {};

TEST_P(Captured, ReplaysWithoutDivergenceAndExplainsExactlyThis) {
  const Counted& expected = GetParam();
  const auto source = ffa_trace::file_source(test::capture(expected.capture));
  const auto factory = sim::built_in_mediator();
  const auto result = ffa_trace::replay_trace(*source, *factory, {});
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.profile, "xen-4.23");
  EXPECT_EQ(result.counts.divergences, 0U)
      << (result.divergences.empty() ? "" : result.divergences[0].field);
  EXPECT_EQ(result.counts.events, expected.events);
  EXPECT_EQ(result.counts.stimuli, expected.stimuli);
  EXPECT_EQ(result.counts.explained, expected.explained);
  EXPECT_GT(result.counts.compared, 10 * expected.events);
  EXPECT_GT(result.counts.computed, expected.events / 2);
  EXPECT_LT(result.counts.boot, 20U);
}

INSTANTIATE_TEST_SUITE_P(Captures, Captured,
                         testing::Values(Counted{"xen-dom0-probe", 85, 2, 0},
                                         Counted{"xen-dom0-shm-small", 160, 3, 0},
                                         Counted{"xen-dom0-shm-sess", 211, 4, 0},
                                         Counted{"xen-dom0-xtest-1004", 502, 5, 0},
                                         Counted{"xen-domU-destroy", 461, 42, 3},
                                         Counted{"xen-dom0-ffav12-shm", 294, 3, 2}),
                         [](const auto& param) {
                           std::string name = param.param.capture;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Replay, TheProfileConfiguresTheMediator) {
  // Without it the VM message carries another handle than the capture's 0.
  const auto result = replay_capture(test::events_of("xen-dom0-probe"), "none");
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].field, "spmc in.x3");
  EXPECT_EQ(result.divergences[0].expected, "0x0");
}

TEST(Replay, AMediatorThatDoesNothingDiverges) {
  class Nothing : public sim::MediatorUnderTest {
   public:
    std::string name() const override { return "nothing"; }
    int32_t probe() override { return 0; }
    int32_t domain_init(const mediator::VmConfig&) override { return 0; }
    uint32_t domain_teardown(uint16_t) override { return 0; }
    uint32_t relinquish_resources(uint16_t) override { return 0; }
    void free_domain_ctx(uint16_t) override {}
    uint32_t handle_call(uint16_t, uint16_t, uint32_t, ffa::Regs&) override { return 0; }
    void schedule_receiver_interrupt() override {}
    bool observe(const std::function<void(const ffa_sim_fact&)>&) override { return false; }
    std::string rule_name(uint32_t) const override { return {}; }
    bool memory_intact() const override { return true; }
  };
  class Factory : public sim::MediatorFactory {
   public:
    std::unique_ptr<sim::MediatorUnderTest> create(const ffa_sim_world_ops&, void*,
                                                   const mediator::MediatorConfig&) override {
      return std::make_unique<Nothing>();
    }
  } factory;
  const auto events = test::events_of("xen-dom0-probe");
  const auto source = ffa_trace::vector_source("events", events);
  const auto result = ffa_trace::replay_trace(*source, factory, {});
  EXPECT_FALSE(result.passed());
  EXPECT_GT(result.counts.divergences, events.size());
}

TEST(Replay, NothingComputedIsNoPass) {
  ReplayResult result;
  result.counts.compared = 1;
  EXPECT_FALSE(result.passed());
  result.counts.computed = 1;
  EXPECT_TRUE(result.passed());
}

TEST(Replay, ACallThatTheCaptureDoesNotHaveDiverges) {
  auto events = test::events_of("xen-dom0-probe");
  std::erase_if(events, [](const Event& event) { return event.seq == 94; });  // the bind
  const auto result = replay_capture(events);
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-extra");
  EXPECT_EQ(result.divergences[0].event, 93U);
  EXPECT_THAT(result.divergences[0].actual, HasSubstr("FFA_NOTIFICATION_BIND"));
}

TEST(Replay, ARecordedCallThatWasNotMadeDiverges) {
  auto events = test::events_of("xen-dom0-probe");
  for (Event& event : events) {  // FFA_ID_GET gets an SPMC call inside
    if (event.seq > 53) {
      event.seq += 2;
      event.seq_ret += 2;
    }
  }
  Event extra = test::event_at(events, 43 - 2);
  extra.seq = 54;
  extra.seq_ret = 55;
  extra.pcpu = 1;
  const auto after =
      std::find_if(events.begin(), events.end(), [](const Event& e) { return e.seq == 53; });
  after->seq_ret = 56;
  events.insert(after + 1, extra);
  const auto result = replay_capture(events);
  ASSERT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-missing");
  EXPECT_EQ(result.divergences[0].event, 54U);
}

TEST(Replay, AnUnknownSpmcCallOutsideAnyGuestCallDiverges) {
  auto events = test::events_of("xen-dom0-probe");
  test::event_at(events, 149).in.x[0] = 0x84000065;  // the SRI's INFO_GET becomes an RX_RELEASE
  const auto result = replay_capture(events);
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-missing");
}

TEST(Replay, AnotherCutOfTheSamePagesMeansTheSame) {
  auto events = test::events_of("xen-dom0-shm-small");
  size_t cut = 0;
  for (Event& event : events) {
    // A range of several pages becomes two ranges that adjoin.
    if (event.side != Side::spmc || event.tx.empty()) continue;
    for (size_t at = 0x60; at < event.tx.size(); at += 16) {
      if (event.tx[at + 8] < 2 || event.tx[at + 9] != 0) continue;
      std::vector<uint8_t> second(event.tx.begin() + static_cast<std::ptrdiff_t>(at),
                                  event.tx.begin() + static_cast<std::ptrdiff_t>(at) + 16);
      const unsigned next = second[1] + 0x10U;
      if (next > 0xff) continue;
      second[1] = static_cast<uint8_t>(next);
      --second[8];
      event.tx[at + 8] = 1;
      event.tx.insert(event.tx.begin() + static_cast<std::ptrdiff_t>(at) + 16, second.begin(),
                      second.end());
      ++event.tx[0x54];
      event.in.x[1] = event.in.x[2] = event.tx.size();
      ++cut;
      break;
    }
  }
  ASSERT_GT(cut, 2U);
  EXPECT_EQ(replay_capture(events).counts.divergences, 0U);
}

TEST(Replay, TheOrderOfPagesIsPartOfTheMeaning) {
  auto events = test::events_of("xen-dom0-shm-small");
  Event& share = test::event_at(events, 274);  // three single pages
  std::swap_ranges(share.tx.begin() + 0x60, share.tx.begin() + 0x70, share.tx.begin() + 0x70);
  EXPECT_GT(replay_capture(events).counts.divergences, 0U);
}

TEST(Replay, PartitionsAreASetAndTagsAreFree) {
  auto events = test::events_of("xen-dom0-ffav12-shm");
  for (const uint64_t seq : {73, 75}) {
    Event& event = test::event_at(events, seq);
    for (unsigned i = 3; i < 6; ++i) std::swap(event.out.x[i], event.out.x[i + 3]);
    event.out.x[2] = (event.out.x[2] & ~(uint64_t{0xffff} << 32)) | uint64_t{0x77} << 32;
  }
  EXPECT_EQ(replay_capture(events).counts.divergences, 0U);
  // A free value stays what it was at first sight.
  test::event_at(events, 75).out.x[2] ^= uint64_t{1} << 32;
  const auto result = replay_capture(events);
  ASSERT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].rule, "free-value");
}

TEST(Replay, WhatTheMediatorAsksForIsNotTheVersionThatIsAgreed) {
  // The captured mediator asked for more than the SPMC had.
  auto events = test::events_of("xen-dom0-probe");
  ASSERT_EQ(events[0].in.x[0], 0x84000063U);
  events[0].in.x[1] = 0x10003;
  EXPECT_EQ(replay_capture(events).counts.divergences, 0U);
  events[0].in.x[1] = 0x10001;
  const auto result = replay_capture(events);
  ASSERT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].field, "boot.version");
}

TEST(Replay, ADifferenceExplainsOneValueOnly) {
  auto events = test::events_of("xen-dom0-ffav12-shm");
  constexpr uint64_t own_entry = 0x10e00020001;
  const auto listed = std::find_if(events.begin(), events.end(), [](const Event& event) {
    return event.side == Side::guest && event.out.x[6] == own_entry;
  });
  ASSERT_NE(listed, events.end());
  listed->out.x[6] = own_entry | 0x10000;  // one more execution context
  const auto result = replay_capture(events);
  EXPECT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.counts.explained, 1U);
}

/// Why these events can't be replayed.
std::string refusal(const std::vector<Event>& events) {
  try {
    (void)replay_capture(events);
  } catch (const sim::InputError& error) {
    return error.what();
  }
  return {};
}

TEST(Replay, WhatIsNotSupportedYetIsSaidSoBeforeAnythingRuns) {
  auto events = test::events_of("xen-dom0-probe");
  std::erase_if(events, [](const Event& event) { return event.side == Side::guest; });
  EXPECT_THAT(refusal(events), HasSubstr("one side only"));
  events = test::events_of("xen-dom0-probe");
  test::event_at(events, 121).p2m[0] = {0x809bd000, 0x12345000, 1};
  EXPECT_THAT(refusal(events), HasSubstr("at two host addresses"));
}

TEST(Profile, UnknownNamesListTheKnownOnes) {
  try {
    (void)ffa_trace::find_profile("bogus");
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("no profile \"bogus\"; there are none, no-hypervisor, xen-4.23"));
  }
}

TEST(Profile, ConfigurationAndMistakes) {
  const auto parse = [](const std::string& rest) {
    return ffa_trace::parse_profile(
        R"({"name":"n","text":"t","records":["guest"],"differences":[])" + rest + "}", "p.json");
  };
  const auto profile = parse(R"(,"vm":{"max_shares":7},"mediator":{"vm_message_handle":"0x9"})");
  EXPECT_EQ(profile.vm.max_shares, 7U);
  EXPECT_EQ(profile.mediator.vm_message_handle.raw(), 9U);
  EXPECT_THROW(parse(R"(,"vm":{"bogus":1})"), sim::InputError);
  EXPECT_THROW(parse(R"(,"vm":{"max_shares":65536})"), sim::InputError);
  EXPECT_THROW(parse(R"(,"mediator":{"max_version":"2.0"})"), sim::InputError);
  EXPECT_THROW(ffa_trace::parse_profile("{", "p.json"), sim::InputError);
}

}  // namespace
