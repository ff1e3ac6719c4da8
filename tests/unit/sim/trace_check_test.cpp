// SPDX-License-Identifier: BSD-3-Clause
// Invariants that a trace alone shows to be broken: what a machine that QEMU boots has recorded.
#include "sim/check/trace_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "sim/machine/canary.hpp"

namespace sim {
namespace {

using ffa::Fid;
using ffa::Regs;
using trace::Event;
using trace::Side;

constexpr uint16_t vm = 3;

/// A trace as it grows: one step after the other.
class Story {
 public:
  Story() {
    spec.vms.resize(1);
    spec.vms[0].config.id = ffa::EndpointId{vm};
  }
  void lifecycle(const char* op, int64_t result = 0) {
    Event& event = add(Side::lifecycle);
    event.op = op;
    event.result = result;
    event.seq_ret = ++seq_;
  }
  /// A guest's call, and the SMCs in it.
  Event& call(const Regs& in, const Regs& out, std::vector<Event> smcs = {}) {
    const size_t at = events.size();
    Event& event = add(Side::guest);
    event.conduit = "smc";
    event.in = in;
    event.out = out;
    for (Event& smc : smcs) {
      smc.side = Side::spmc;
      smc.vm = vm;
      smc.seq = ++seq_;
      smc.seq_ret = ++seq_;
      events.push_back(smc);
    }
    events[at].seq_ret = ++seq_;
    return events[at];
  }
  void negotiate(ffa::Version version = ffa::v1_2) {
    lifecycle("create");
    Regs out;
    out.x[0] = version.raw();
    call(ffa::FfaVersion{version}.encode(), out);
  }
  std::vector<std::string> broken(bool faulted = false) const {
    std::vector<std::string> ids;
    for (const Violation& one : check_trace(spec, events, faulted)) ids.push_back(one.invariant);
    return ids;
  }

  WorldSpec spec;
  std::vector<Event> events;

 private:
  Event& add(Side side) {
    Event event;
    event.side = side;
    event.vm = vm;
    event.seq = ++seq_;
    events.push_back(event);
    return events.back();
  }
  uint64_t seq_ = 0;
};

Regs call_of(Fid fid) {
  Regs regs;
  regs.x[0] = ffa::fid32(fid);
  return regs;
}
Event smc(const Regs& in, const Regs& out) {
  Event event;
  event.in = in;
  event.out = out;
  return event;
}
const Regs id_get = call_of(Fid::id_get);
const Regs own_id = ffa::success32(vm);

using testing::ElementsAre;
using testing::IsEmpty;

TEST(TraceCheck, AnHonestTraceBreaksNothing) {
  Story story;
  story.negotiate();
  story.call(id_get, own_id);
  story.call(call_of(Fid::mem_donate), ffa::reply(ffa::Status::not_supported));
  EXPECT_THAT(story.broken(), IsEmpty());
}

TEST(TraceCheck, AViolationNamesTheCallAndItsPlace) {
  Story story;
  story.negotiate();
  Regs out = own_id;
  out.x[5] = 0x1234;
  const uint64_t place = story.call(id_get, out).seq_ret;
  const auto found = check_trace(story.spec, story.events, false);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].invariant, "I23");
  EXPECT_EQ(found[0].text, "VM 3.0 FFA_ID_GET: x5 is 0x1234, not zero");
  EXPECT_EQ(found[0].seq, place);
}

TEST(TraceCheck, I15ADescriptorThatIsNotWhole) {
  const auto share = [](size_t bytes) {
    Story story;
    story.negotiate();
    Regs in = call_of(Fid::mem_share);
    in.x[1] = in.x[2] = 96;
    Event out = smc(in, ffa::success32(0x77));
    out.tx.resize(bytes);
    story.call(in, ffa::success32(0x77), {out}).tx.resize(96);
    return story;
  };
  EXPECT_THAT(share(96).broken(), IsEmpty());
  EXPECT_THAT(share(95).broken(), ElementsAre("I15"));
  EXPECT_THAT(share(95).broken(true), IsEmpty());
}

TEST(TraceCheck, I24BytesOfSomeoneElse) {
  Story story;
  story.negotiate();
  Regs out = own_id;
  out.x[2] = canary_mark(PageOwner::hypervisor);
  story.call(id_get, out);
  EXPECT_THAT(story.broken(), ElementsAre("I24"));
}

TEST(TraceCheck, I25AStatusThatTheCallDoesNotHave) {
  Story story;
  story.negotiate();
  story.call(id_get, ffa::reply(ffa::Status::denied));
  EXPECT_THAT(story.broken(), ElementsAre("I25"));
}

TEST(TraceCheck, I26ServedBeforeItsVersion) {
  Story story;
  story.lifecycle("create");
  story.call(id_get, own_id);
  EXPECT_THAT(story.broken(), ElementsAre("I26"));
}

TEST(TraceCheck, I26DeniedBeforeItsVersionOnlyWhileItsVmIsNotLive) {
  // A request may be DENIED for many a reason, so I25 has nothing to say.
  const Regs request = call_of(Fid::msg_send_direct_req);
  const Regs refused = ffa::reply(ffa::Status::denied);
  Story story;
  story.lifecycle("create", 1);
  story.call(request, refused);
  story.lifecycle("create");
  EXPECT_THAT(story.broken(), IsEmpty());
  story.call(request, refused);
  EXPECT_THAT(story.broken(), ElementsAre("I26"));
  story.events.pop_back();
  story.lifecycle("teardown", 1);
  story.call(request, refused);
  story.call(request, ffa::reply(ffa::Status::not_supported));
  EXPECT_THAT(story.broken(), IsEmpty());
  story.call(request, ffa::reply(ffa::Status::busy));
  EXPECT_THAT(story.broken(), ElementsAre("I26"));
}

TEST(TraceCheck, I27FeaturesThatAreNone) {
  Story story;
  story.negotiate();
  Regs query = call_of(Fid::features);
  query.x[1] = ffa::fid32(Fid::mem_share);
  story.call(query, ffa::success32());
  Regs share = call_of(Fid::mem_share);
  share.x[1] = share.x[2] = 96;
  story.call(share, ffa::reply(ffa::Status::not_supported));
  EXPECT_THAT(story.broken(), ElementsAre("I27"));
}

TEST(TraceCheck, I28ARequestInAnothersName) {
  Story story;
  story.negotiate();
  Regs request = call_of(Fid::msg_send_direct_req);
  request.x[1] = vm << 16 | 0x8001;
  Regs response = call_of(Fid::msg_send_direct_resp);
  response.x[1] = 0x80010000 | vm;
  story.call(request, response, {smc(request, response)});
  EXPECT_THAT(story.broken(), IsEmpty());
  Regs forged = request;
  forged.x[1] = 4 << 16 | 0x8001;
  story.call(request, response, {smc(forged, response)});
  EXPECT_THAT(story.broken(), ElementsAre("I28"));
}

TEST(TraceCheck, I30ANotificationThatGetsLost) {
  Story story;
  story.negotiate();
  Regs get = call_of(Fid::notification_get);
  get.x[1] = vm;
  get.x[2] = 1;
  Regs given = ffa::success32(0b100);
  story.call(get, given, {smc(get, given)});
  EXPECT_THAT(story.broken(), IsEmpty());
  story.call(get, ffa::success32(), {smc(get, given)});
  EXPECT_THAT(story.broken(), ElementsAre("I30"));
}

TEST(TraceCheck, TheLifeOfAVmIsFollowed) {
  constexpr int64_t denied = -6;
  const Regs refused = ffa::reply(ffa::Status::denied);
  Story story;
  story.call(id_get, own_id);  // nobody's
  story.lifecycle("create", denied);
  story.call(id_get, own_id);
  story.negotiate();
  story.lifecycle("create", denied);  // it is there already
  story.call(id_get, own_id);
  EXPECT_THAT(story.broken(), IsEmpty());
  story.call(id_get, refused);
  EXPECT_THAT(story.broken(), ElementsAre("I25"));
  story.events.pop_back();
  story.lifecycle("teardown", 1);
  story.call(id_get, refused);
  EXPECT_THAT(story.broken(), IsEmpty());
  story.lifecycle("free");
  story.call(id_get, refused);
  EXPECT_THAT(story.broken(), IsEmpty());
  story.lifecycle("create", 1);
  story.call(id_get, own_id);
  EXPECT_THAT(story.broken(), ElementsAre("I26"));
}

}  // namespace
}  // namespace sim
