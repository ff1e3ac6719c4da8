// SPDX-License-Identifier: BSD-3-Clause
// What a replay compares comes out of the mediator: one that is wrong in one small thing is found,
// whoever answers as the SPMC.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "sim/trace/reader.hpp"
#include "tests/unit/trace/captures.hpp"
#include "tests/unit/trace/tapped_mediator.hpp"
#include "tools/ffa-trace/replay/replayer.hpp"

namespace {

using ffa::Fid;

/// What is wrong about the mediator: a change to the reply of one function.
struct Mistake {
  Fid function;
  unsigned reg;
};

/// The built-in mediator with a mistake.
class Wrong : public sim::MediatorUnderTest {
 public:
  Wrong(std::unique_ptr<sim::MediatorUnderTest> right, const Mistake& mistake)
      : right_(std::move(right)), mistake_(mistake) {}
  std::string name() const override { return "wrong"; }
  int32_t probe() override { return right_->probe(); }
  int32_t domain_init(const mediator::VmConfig& vm) override { return right_->domain_init(vm); }
  uint32_t domain_teardown(uint16_t vm) override { return right_->domain_teardown(vm); }
  uint32_t relinquish_resources(uint16_t vm) override { return right_->relinquish_resources(vm); }
  void free_domain_ctx(uint16_t vm) override { right_->free_domain_ctx(vm); }
  uint32_t handle_call(uint16_t vm, uint16_t vcpu, uint32_t conduit, ffa::Regs& regs) override {
    const ffa::Regs in = regs;
    const uint32_t handled = right_->handle_call(vm, vcpu, conduit, regs);
    if (ffa::is_function(in, mistake_.function)) regs.x[mistake_.reg] ^= 0x10;
    return handled;
  }
  void schedule_receiver_interrupt() override { right_->schedule_receiver_interrupt(); }
  bool observe(const std::function<void(const ffa_sim_fact&)>& sink) override {
    return right_->observe(sink);
  }
  std::string rule_name(uint32_t rule) const override { return right_->rule_name(rule); }
  bool memory_intact() const override { return right_->memory_intact(); }

 private:
  std::unique_ptr<sim::MediatorUnderTest> right_;
  Mistake mistake_;
};

class WrongFactory : public sim::MediatorFactory {
 public:
  explicit WrongFactory(const Mistake& mistake) : mistake_(mistake) {}
  std::unique_ptr<sim::MediatorUnderTest> create(const ffa_sim_world_ops& ops, void* world,
                                                 const mediator::MediatorConfig& config) override {
    return std::make_unique<Wrong>(right_->create(ops, world, config), mistake_);
  }

 private:
  std::unique_ptr<sim::MediatorFactory> right_ = sim::built_in_mediator();
  Mistake mistake_;
};

bool is(const ffa_sim_regs& regs, Fid function) {
  return ffa::FunctionId{regs.x[0]}.number() == ffa::FunctionId{ffa::fid32(function)}.number();
}

/// What it sends to the SPMC has a bit too many where the SPMC does not look.
test::TappedFactory::Tap loose(const Mistake& mistake) {
  return [mistake](const auto& smc, uint16_t, ffa_sim_regs* regs) {
    if (is(*regs, mistake.function)) regs->x[mistake.reg] ^= uint64_t{1} << 40;
    smc(regs);
  };
}

/// Passes calls of one function on `times` times.
test::TappedFactory::Tap repeating(Fid function, unsigned times) {
  return [=](const auto& smc, uint16_t, ffa_sim_regs* regs) {
    if (!is(*regs, function)) return smc(regs);
    const ffa_sim_regs in = *regs;
    if (times == 0) *regs = {.x = {ffa::fid32(Fid::success)}};
    for (unsigned n = 0; n < times; ++n) {
      *regs = in;
      smc(regs);
    }
  };
}

/// Also fetches VM 1's notifications whenever it passes a request on.
void greedy(const test::TappedFactory::Smc& smc, uint16_t vm, ffa_sim_regs* regs) {
  ffa_sim_regs get = {.x = {ffa::fid32(Fid::notification_get), 1, 1}};
  if (vm != 0 && is(*regs, Fid::msg_send_direct_req)) smc(&get);
  smc(regs);
}

TEST(WrongMediator, IsFoundByWhatItSendsToTheSpmc) {
  for (const char* const capture : {"linux-probe", "xen-dom0-probe"}) {
    const auto events = sim::trace::read_trace(test::capture(capture)).events;
    const auto source = ffa_trace::vector_source(capture, events);
    test::TappedFactory factory(loose({Fid::msg_send_direct_req, 3}));
    const auto result = ffa_trace::replay_trace(*source, factory, {.spmc = "model"});
    ASSERT_GT(result.counts.divergences, 5U) << capture;
    for (const auto& divergence : result.divergences) {
      EXPECT_EQ(divergence.field, "spmc in.x3") << capture;
    }
  }
}

TEST(WrongMediator, IsFoundByLengthsOfAnotherLayoutThanTheCaptures) {
  const auto events = sim::trace::read_trace(test::capture("linux-shm-small")).events;
  const auto source = ffa_trace::vector_source("linux", events);
  for (const unsigned reg : {1U, 2U}) {
    test::TappedFactory factory(loose({Fid::mem_share, reg}));
    const auto result = ffa_trace::replay_trace(*source, factory, {.spmc = "model"});
    ASSERT_GT(result.counts.divergences, 5U) << reg;
    for (const auto& divergence : result.divergences) {
      EXPECT_EQ(divergence.field, fmt::format("spmc in.x{}", reg));
    }
  }
}

TEST(WrongMediator, IsFoundByCallsThatItKeepsToItselfOrMakesTwice) {
  const std::pair<const char*, const char*> replays[] = {
      {"linux-xtest-1004", "model"},   {"linux-probe", "model"},
      {"linux-shm-small", "model"},    {"linux-shm-sess", "model"},
      {"xen-dom0-shm-small", "model"}, {"xen-dom0-shm-small", "recorded"}};
  for (const auto& [capture, spmc] : replays) {
    const auto events = sim::trace::read_trace(test::capture(capture)).events;
    const auto source = ffa_trace::vector_source(capture, events);
    for (const Fid function :
         {Fid::msg_send_direct_req, Fid::mem_share, Fid::mem_reclaim, Fid::notification_bind,
          Fid::notification_get, Fid::notification_unbind, Fid::run}) {
      const bool asked = std::any_of(events.begin(), events.end(), [&](const auto& event) {
        return ffa::is_function(event.in, function);
      });
      for (const unsigned times : {0U, 2U}) {
        test::TappedFactory factory(repeating(function, times));
        const auto result = ffa_trace::replay_trace(*source, factory, {.spmc = spmc});
        EXPECT_EQ(result.counts.divergences != 0, asked)
            << capture << " " << spmc << " " << std::hex << ffa::fid32(function) << " " << times;
      }
    }
  }
}

TEST(WrongMediator, IsFoundByCallsInsideOthers) {
  const auto events = sim::trace::read_trace(test::capture("linux-shm-sess")).events;
  const auto source = ffa_trace::vector_source("linux", events);
  test::TappedFactory factory(greedy);
  const auto result = ffa_trace::replay_trace(*source, factory, {.spmc = "model"});
  ASSERT_GT(result.counts.divergences, 5U);
  EXPECT_EQ(result.divergences[0].rule, "spmc-extra");
}

TEST(WrongMediator, IsFoundWhoeverAnswersAsTheSpmc) {
  const std::pair<const char*, const char*> replays[] = {
      {"linux-probe", "model"}, {"xen-dom0-probe", "model"}, {"xen-dom0-probe", "recorded"}};
  const Mistake mistakes[] = {{Fid::id_get, 2},           {Fid::features, 3},
                              {Fid::rxtx_map, 7},         {Fid::mem_share, 2},
                              {Fid::mem_reclaim, 17},     {Fid::msg_send_direct_req, 5},
                              {Fid::notification_get, 2}, {Fid::partition_info_get, 3}};
  for (const auto& [capture, spmc] : replays) {
    const auto events = sim::trace::read_trace(test::capture(capture)).events;
    const auto source = ffa_trace::vector_source(capture, events);
    for (const Mistake& mistake : mistakes) {
      WrongFactory factory(mistake);
      const auto result = ffa_trace::replay_trace(*source, factory, {"", false, spmc});
      EXPECT_GT(result.counts.divergences, 0U)
          << capture << " " << spmc << " " << std::hex << ffa::fid32(mistake.function);
    }
  }
}

}  // namespace
