// SPDX-License-Identifier: BSD-3-Clause
// Replay against the SPMC model: captures without a hypervisor, and the others with --spmc model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/world_spec.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"
#include "tools/ffa-trace/replay/survey.hpp"

namespace {

using ffa_trace::ReplayResult;
using sim::trace::Event;
using sim::trace::Side;
using testing::HasSubstr;

ReplayResult replay_on_model(const std::vector<Event>& events, const std::string& spmc = "model",
                             const std::string& profile = "") {
  const auto source = ffa_trace::vector_source("events", events);
  const auto factory = sim::built_in_mediator();
  return ffa_trace::replay_trace(*source, *factory, {profile, false, spmc});
}

std::string refusal(const std::vector<Event>& events, const std::string& spmc) {
  try {
    (void)replay_on_model(events, spmc);
  } catch (const sim::InputError& error) {
    return error.what();
  }
  return {};
}

struct Expected {
  const char* capture;
  const char* profile;
  uint64_t events, stimuli, explained, computed;
};

class AgainstTheModel : public testing::TestWithParam<Expected> {};

TEST_P(AgainstTheModel, ReplaysWithoutDivergenceAndExplainsExactlyThis) {
  const Expected& expected = GetParam();
  const auto result = replay_on_model(test::events_of(expected.capture));
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.profile, expected.profile);
  EXPECT_EQ(result.counts.divergences, 0U)
      << (result.divergences.empty() ? "" : result.divergences[0].field);
  EXPECT_EQ(result.counts.events, expected.events);
  EXPECT_EQ(result.counts.stimuli, expected.stimuli);
  EXPECT_EQ(result.counts.explained, expected.explained);
  EXPECT_GE(result.counts.computed, expected.computed);
}

INSTANTIATE_TEST_SUITE_P(
    Captures, AgainstTheModel,
    testing::Values(Expected{"linux-probe", "no-hypervisor", 38, 19, 5, 600},
                    Expected{"linux-shm-small", "no-hypervisor", 79, 34, 5, 1250},
                    Expected{"linux-shm-sess", "no-hypervisor", 90, 67, 5, 1300},
                    Expected{"linux-xtest-1004", "no-hypervisor", 207, 164, 5, 2900},
                    Expected{"linux-fragfix-shm-big", "no-hypervisor", 75, 23, 5, 6700},
                    Expected{"xen-dom0-probe", "xen-4.23", 85, 20, 0, 1200},
                    Expected{"xen-dom0-shm-small", "xen-4.23", 160, 32, 0, 2900},
                    Expected{"xen-dom0-shm-sess", "xen-4.23", 211, 80, 0, 2900},
                    Expected{"xen-dom0-ffav12-shm", "xen-4.23", 294, 93, 2, 4900},
                    Expected{"xen-dom0-xtest-1004", "xen-4.23", 502, 206, 0, 7000},
                    Expected{"xen-domU-destroy", "xen-4.23", 461, 180, 3, 7900}),
    [](const auto& param) {
      std::string name = param.param.capture;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

TEST(ModelReplay, WithoutAHypervisorNobodyRecordedAnswersToOne) {
  EXPECT_THAT(refusal(test::events_of("linux-probe"), "recorded"), HasSubstr("--spmc model"));
}

TEST(ModelReplay, RecordsOfBothKindsAreNoCapture) {
  auto events = test::events_of("linux-probe");
  events[5].side = Side::guest;
  EXPECT_THAT(refusal(events, ""), HasSubstr("events:6: a record with a hypervisor"));
  events = test::events_of("xen-dom0-probe");
  events[60].side = Side::linux_;
  EXPECT_THAT(refusal(events, ""), HasSubstr("events:61: a record without a hypervisor"));
}

TEST(ModelReplay, TheBitmapOfAnotherEndpointIsRefused) {
  auto events = test::events_of("linux-probe");
  test::event_at(events, 19).in.x[1] = 5;
  EXPECT_THAT(refusal(events, ""), HasSubstr("events:10: not supported yet"));
}

TEST(ModelReplay, PartitionsComeFromTheProfileNotFromTheAnswer) {
  auto events = test::events_of("linux-probe");
  test::event_at(events, 29).rx[4] ^= 4;  // a property bit
  const auto result = replay_on_model(events);
  ASSERT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].rule, "guest-partitions");
}

TEST(ModelReplay, WithoutAProfileFeaturesAndHandlesDiffer) {
  const auto result = replay_on_model(test::events_of("linux-probe"), "", "none");
  EXPECT_EQ(result.counts.explained, 0U);
  for (const auto& divergence : result.divergences) {
    EXPECT_THAT(divergence.field, testing::StartsWith("out.x"));
  }
  // The five of the profile, the number of an interrupt, two handles with an owner in them, and
  // both words of FFA_MEM_LEND, which the mediator offers though OP-TEE does not list it.
  EXPECT_EQ(result.counts.divergences, 10U);
}

TEST(ModelReplay, AKernelMayShareThePagesThatAMediatorHasByDefault) {
  auto events = test::events_of("linux-probe");
  const sim::WorldSpec defaults;
  test::event_at(events, 7).in.x[1] = defaults.own_tx_pa;
  test::event_at(events, 7).in.x[2] = defaults.own_rx_pa;
  EXPECT_EQ(replay_on_model(events).counts.divergences, 0U);
}

TEST(ModelReplay, APayloadIsAStimulus) {
  auto events = test::events_of("linux-probe");
  const auto before = replay_on_model(events).counts;
  test::event_at(events, 35).out.x[5] ^= 1;  // the build of the OS
  const auto after = replay_on_model(events).counts;
  EXPECT_EQ(after.divergences, 0U);
  EXPECT_EQ(after.computed, before.computed);
}

/// Makes room for one more call after the event `seq`; later ones come two later.
void make_room(std::vector<Event>& events, uint64_t seq) {
  for (Event& event : events) {
    if (event.seq <= seq) continue;
    event.seq += 2;
    event.seq_ret += 2;
  }
}

TEST(ModelReplay, PreemptionIsAStimulusAndRunGivesTheAnswer) {
  auto events = test::events_of("linux-probe");
  const auto before = replay_on_model(events).counts;
  make_room(events, 33);
  const auto request =
      std::find_if(events.begin(), events.end(), [](const Event& e) { return e.seq == 33; });
  Event run = *request;
  run.seq = 35;
  run.seq_ret = 36;
  run.in = {};
  run.in.x[0] = ffa::fid32(ffa::Fid::run);
  run.in.x[1] = 0x80010003;
  request->out = {};
  request->out.x[0] = ffa::fid32(ffa::Fid::interrupt);
  request->out.x[1] = 0x80010003;
  events.insert(request + 1, run);
  const auto after = replay_on_model(events);
  EXPECT_EQ(after.counts.divergences, 0U)
      << (after.divergences.empty() ? "" : after.divergences[0].field);
  EXPECT_EQ(after.counts.stimuli, before.stimuli + 1);
  test::event_at(events, 35).out.x[1] ^= 1;  // the answer is for somebody else
  EXPECT_EQ(replay_on_model(events).counts.divergences, 1U);
}

TEST(ModelReplay, AnUnbindThatIsDeniedShowsANotification) {
  auto events = test::events_of("linux-shm-sess");
  make_room(events, 63);
  Event unbind = test::event_at(events, 39);
  unbind.seq = 65;
  unbind.seq_ret = 66;
  unbind.in.x[0] = ffa::fid32(ffa::Fid::notification_unbind);
  unbind.out = ffa::reply(ffa::Status::denied);
  events.insert(events.begin() + 32, unbind);
  ASSERT_EQ(events[31].seq, 63U);
  EXPECT_EQ(replay_on_model(events).counts.divergences, 0U);
}

/// The call `seq` and the next one, of another CPU, overlap.
void overlap(std::vector<Event>& events, uint64_t seq, bool second_returns_first) {
  Event& first = test::event_at(events, seq);
  Event& second = test::event_at(events, seq + 2);
  ASSERT_NE(first.vcpu, second.vcpu);
  second.seq = seq + 1;
  first.seq_ret = seq + (second_returns_first ? 3 : 2);
  second.seq_ret = seq + (second_returns_first ? 2 : 3);
}

TEST(ModelReplay, CallsOfTwoCpusOverlapWithoutAHypervisorToo) {
  for (const bool second_returns_first : {true, false}) {
    auto events = test::events_of("linux-shm-sess");
    overlap(events, 77, second_returns_first);  // notifications while a call is open elsewhere
    overlap(events, 93, second_returns_first);  // a share while an SP is called
    const auto result = replay_on_model(events);
    EXPECT_EQ(result.counts.divergences, 0U)
        << (result.divergences.empty() ? "" : result.divergences[0].field);
    test::event_at(events, 94).out.x[2] ^= 1;
    EXPECT_EQ(replay_on_model(events).counts.divergences, 1U);
  }
}

TEST(ModelReplay, WhichNotificationCameIsKnownWhenItIsFetched) {
  auto events = test::events_of("linux-shm-sess");
  test::event_at(events, 39).in.x[3] = 0x11;  // two are bound
  test::event_at(events, 67).out.x[2] = 0x10;
  EXPECT_EQ(replay_on_model(events).counts.divergences, 0U);
  test::event_at(events, 81).out.x[2] = 0x30;  // one that is not
  EXPECT_EQ(replay_on_model(events).counts.divergences, 1U);
}

TEST(ModelReplay, TheModelsAnswersAreCompared) {
  auto events = test::events_of("xen-dom0-probe");
  const auto share = std::find_if(events.begin(), events.end(), [](const Event& e) {
    return e.side == Side::spmc && ffa::is_function(e.in, ffa::Fid::mem_share);
  });
  ASSERT_NE(share, events.end());
  share->out.x[2] ^= 8;
  const auto result = replay_on_model(events);
  ASSERT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-out");
  EXPECT_EQ(result.divergences[0].event, share->seq);
  EXPECT_EQ(result.divergences[0].field, "spmc out.x2");
}

constexpr uint64_t other_number = 0x100;  ///< added to each captured handle

bool is_share(const Event& event) { return ffa::is_function(event.in, ffa::Fid::mem_share); }

/// The same capture, of an SPMC that numbers handles otherwise. Returns how often one was given.
size_t renumber(std::vector<Event>& events) {
  size_t given = 0;
  for (Event& event : events) {
    if (is_share(event) && ffa::is_success(event.out)) {
      event.out.x[2] += other_number;
      ++given;
    } else if (ffa::is_function(event.in, ffa::Fid::mem_reclaim)) {
      event.in.x[1] += other_number;
    } else if (ffa::is_function(event.in, ffa::Fid::msg_send_direct_req) &&
               (event.in.x[3] == 0x80000000 || event.in.x[3] == 3)) {
      event.in.x[4] += other_number;
    }
  }
  return given;
}

TEST(ModelReplay, AHandleThatDiffersIsOneDivergenceEachTimeItIsGiven) {
  for (const char* const capture : {"linux-shm-small", "xen-dom0-shm-small"}) {
    auto events = test::events_of(capture);
    const size_t given = renumber(events);
    ASSERT_GT(given, 5U);
    const auto result = replay_on_model(events);
    EXPECT_EQ(result.counts.divergences, given) << capture;
    const std::set<std::string> fields{"out.x2", "spmc out.x2"};
    for (const auto& divergence : result.divergences) EXPECT_TRUE(fields.count(divergence.field));
  }
}

TEST(ModelReplay, TheSpsAreInferredFromEntriesAsLongAsTheAnswerSays) {
  auto events = test::events_of("xen-dom0-probe");
  const auto list = std::find_if(events.begin(), events.end(), [](const Event& event) {
    return ffa::is_function(event.in, ffa::Fid::partition_info_get);
  });
  ASSERT_EQ(list->rx.size(), 24U);
  const auto surveyed = [&events] {
    return ffa_trace::survey(*ffa_trace::vector_source("events", events)).partitions;
  };
  for (const size_t bytes : {8, 24, 48}) {
    list->rx.resize(bytes, 0x5a);
    list->out.x[3] = bytes == 8 ? 0 : bytes;  // FF-A 1.0 does not say
    const auto partitions = surveyed();
    ASSERT_EQ(partitions.size(), 1U) << bytes;
    EXPECT_EQ(partitions[0].id, 0x8001);
    EXPECT_EQ(partitions[0].uuid.is_nil(), bytes == 8);
  }
}

TEST(ModelReplay, TheListThatTheSpsAreInferredFromIsNotComparedWithThem) {
  auto events = test::events_of("xen-dom0-probe");
  const auto whole = replay_on_model(events);
  const auto list = std::find_if(events.begin(), events.end(), [](const Event& event) {
    return ffa::is_function(event.in, ffa::Fid::partition_info_get);
  });
  ASSERT_NE(list, events.end());
  ASSERT_EQ(list->side, Side::spmc);
  ASSERT_FALSE(list->rx.empty());
  list->rx.clear();  // they are those that the guest was told of, then
  const auto result = replay_on_model(events);
  EXPECT_EQ(result.counts.divergences, 0U);
  EXPECT_EQ(result.counts.computed, whole.counts.computed);
}

TEST(ModelReplay, AKernelMayShareMemoryInEitherWidth) {
  auto events = test::events_of("linux-shm-small");
  const auto wide = replay_on_model(events).counts;
  size_t shares = 0;
  for (Event& event : events) {
    if (!is_share(event)) continue;
    event.in.x[0] = 0x84000073;
    ++shares;
  }
  ASSERT_GT(shares, 5U);
  const auto result = replay_on_model(events);
  EXPECT_EQ(result.counts.divergences, 0U);
  EXPECT_EQ(result.counts.compared, wide.compared);
}

TEST(ModelReplay, ARequestThatTheCaptureDoesNotHaveDiverges) {
  auto events = test::events_of("xen-dom0-probe");
  std::erase_if(events, [](const Event& event) { return event.seq == 94; });  // the bind
  const auto result = replay_on_model(events);
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-extra");
}

}  // namespace
