// SPDX-License-Identifier: BSD-3-Clause
// Calls that overlap in a capture overlap in its replay, and the end of a VM is one activity
// however the hypervisor came to it.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "ffa/reply.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/tapped_mediator.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using ffa_trace::ReplayResult;
using sim::trace::Event;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Event> destroy_capture() {
  return sim::trace::read_trace(test::capture("xen-domU-destroy")).events;
}

ReplayResult replay_recorded(const std::vector<Event>& events, sim::MediatorFactory& factory) {
  const auto source = ffa_trace::vector_source("events", events);
  return ffa_trace::replay_trace(*source, factory, {.spmc = "recorded"});
}
ReplayResult replay_recorded(const std::vector<Event>& events) {
  return replay_recorded(events, *sim::built_in_mediator());
}

/// The built-in mediator; notes when a VM's call comes to it and when it is done with it.
class Watched : public sim::MediatorUnderTest {
 public:
  Watched(std::unique_ptr<sim::MediatorUnderTest> inner, std::vector<std::string>& log)
      : inner_(std::move(inner)), log_(log) {}
  std::string name() const override { return inner_->name(); }
  int32_t probe() override { return inner_->probe(); }
  int32_t domain_init(const mediator::VmConfig& vm) override { return inner_->domain_init(vm); }
  uint32_t domain_teardown(uint16_t vm) override { return inner_->domain_teardown(vm); }
  uint32_t relinquish_resources(uint16_t vm) override { return inner_->relinquish_resources(vm); }
  void free_domain_ctx(uint16_t vm) override { inner_->free_domain_ctx(vm); }
  uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs) override {
    const std::string who = fmt::format("vm{} {:#x}", vm, regs.x[0]);
    log_.push_back("> " + who);
    const uint32_t handled = inner_->handle_call(vm, vcpu, conduit, regs);
    log_.push_back("< " + who);
    return handled;
  }
  void schedule_receiver_interrupt() override { inner_->schedule_receiver_interrupt(); }
  bool observe(const std::function<void(const ffa_sim_fact&)>& sink) override {
    return inner_->observe(sink);
  }
  std::string rule_name(uint32_t rule) const override { return inner_->rule_name(rule); }
  bool memory_intact() const override { return inner_->memory_intact(); }

 private:
  std::unique_ptr<sim::MediatorUnderTest> inner_;
  std::vector<std::string>& log_;
};

class WatchedFactory : public sim::MediatorFactory {
 public:
  std::unique_ptr<sim::MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                                 const mediator::MediatorConfig& config) override {
    return std::make_unique<Watched>(built_in_->create(ops, world, config), log);
  }
  std::vector<std::string> log;

 private:
  std::unique_ptr<sim::MediatorFactory> built_in_ = sim::built_in_mediator();
};

TEST(Overlap, TasksRunAsTheCapturedCallsDid) {
  auto events = destroy_capture();
  std::erase_if(events, [](const Event& event) { return event.seq > 170; });
  WatchedFactory factory;
  const auto result = replay_recorded(events, factory);
  EXPECT_EQ(result.counts.divergences, 0U);
  EXPECT_EQ(result.held.activities, 2U);
  // VM 2's direct request at 159 is in the secure world from 160 to 168; meanwhile VM 1 shares
  // (161) and makes a request of its own (165), which is answered at 167.
  ASSERT_GE(factory.log.size(), 6U);
  const std::vector<std::string> last(factory.log.end() - 6, factory.log.end());
  EXPECT_THAT(last, ElementsAre("> vm2 0x8400006f", "> vm1 0xc4000073", "< vm1 0xc4000073",
                                "> vm1 0x8400006f", "< vm1 0x8400006f", "< vm2 0x8400006f"));
}

TEST(Overlap, ASpmcCallOfTheOtherCpuIsTheOtherCalls) {
  auto events = destroy_capture();
  std::swap(test::event_at(events, 160).pcpu, test::event_at(events, 166).pcpu);
  const auto result = replay_recorded(events);
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_THAT(result.divergences[0].rule, HasSubstr("spmc-"));
}

TEST(Overlap, ACallMayReturnOnAnotherVcpu) {
  auto events = destroy_capture();
  test::event_at(events, 165).vcpu_ret = 0;
  EXPECT_EQ(replay_recorded(events).counts.divergences, 0U);
}

TEST(Overlap, TooManyOpenCallsAreRefused) {
  auto events = destroy_capture();
  const Event features = test::event_at(events, 59);
  std::erase_if(events, [](const Event& event) { return event.seq > 59; });
  for (uint64_t n = 0; n < 1100; ++n) {
    events.push_back(features);
    events.back().seq = 60 + n;
    events.back().seq_ret = 10000 + n;
  }
  try {
    (void)replay_recorded(events);
    FAIL();
  } catch (const sim::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("more than 1024 calls are open at once"));
  }
}

TEST(Destruction, BelongsToTheVmWhateverTheRecordsSay) {
  auto events = destroy_capture();
  for (Event& event : events) {  // the hypervisor ran it for another VM, on another vCPU
    if (event.seq < 843 || event.seq > 859) continue;
    event.vm = 0;
    event.vcpu = 0;
  }
  EXPECT_EQ(replay_recorded(events).counts.divergences, 0U);
}

TEST(Destruction, MayBeginWithTheMessage) {
  auto events = destroy_capture();
  std::erase_if(events, [](const Event& event) { return event.seq == 843; });
  const auto result = replay_recorded(events);
  // The bitmap's end is then one that ours makes and the capture does not.
  EXPECT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-extra");
  EXPECT_THAT(result.divergences[0].actual, HasSubstr("FFA_NOTIFICATION_BITMAP_DESTROY VM 2"));
}

TEST(Destruction, AHandleThatWasNotReclaimedDiverges) {
  auto events = destroy_capture();
  std::erase_if(events, [](const Event& event) { return event.seq == 853; });
  const auto result = replay_recorded(events);
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-extra");
  EXPECT_THAT(result.divergences[0].actual, HasSubstr("FFA_MEM_RECLAIM handle 0x100000020003"));
}

TEST(Destruction, AReclaimTooManyDiverges) {
  auto events = destroy_capture();
  Event again = test::event_at(events, 859);
  for (Event& event : events) {
    if (event.seq <= 859) continue;
    event.seq += 2;
    event.seq_ret += 2;
  }
  again.seq = 861;
  again.seq_ret = 862;
  events.insert(std::find_if(events.begin(), events.end(),
                             [](const Event& event) { return event.seq > 861; }),
                again);
  const auto result = replay_recorded(events);
  ASSERT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-missing");
  EXPECT_EQ(result.divergences[0].event, 861U);
}

TEST(Destruction, OfAnotherVmDiverges) {
  auto events = destroy_capture();
  test::event_at(events, 843).in.x[1] = 1;
  test::event_at(events, 845).in.x[5] = 1;
  EXPECT_GT(replay_recorded(events).counts.divergences, 0U);
}

bool is_unbind(const ffa_sim_regs& regs) {
  return static_cast<uint32_t>(regs.x[0]) == ffa::fid32(ffa::Fid::notification_unbind);
}

TEST(Destruction, ExtraCallsAreExplainedForTheVmThatEndsOnly) {
  test::TappedFactory factory([](const auto& smc, uint16_t, ffa_sim_regs* regs) {
    if (is_unbind(*regs) && regs->x[1] == 0x80010002) regs->x[1] = 0x80010001;  // the other VM
    smc(regs);
  });
  const auto result = replay_recorded(destroy_capture(), factory);
  ASSERT_GT(result.counts.divergences, 0U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-extra");
  EXPECT_THAT(result.divergences[0].actual, HasSubstr("FFA_NOTIFICATION_UNBIND"));
}

TEST(Destruction, ExtraCallsAreExplainedOnce) {
  test::TappedFactory factory([](const auto& smc, uint16_t, ffa_sim_regs* regs) {
    ffa_sim_regs twice = *regs;
    if (is_unbind(*regs) && regs->x[1] == 0x80010002) smc(&twice);
    smc(regs);
  });
  const auto result = replay_recorded(destroy_capture(), factory);
  EXPECT_EQ(result.counts.divergences, 1U);
  EXPECT_EQ(result.counts.explained, 3U);
}

TEST(Destruction, ExtraCallsAreExplainedOnlyWhereTheBitmapWasDenied) {
  auto events = destroy_capture();
  test::event_at(events, 843).out = ffa::success32();
  const auto result = replay_recorded(events);  // ours has nothing to do then
  EXPECT_EQ(result.counts.divergences, 0U);
  EXPECT_EQ(result.counts.explained, 0U);
  test::event_at(events, 843).out = ffa::reply(ffa::Status::busy);
  EXPECT_EQ(replay_recorded(events).counts.explained, 0U);
}

}  // namespace
