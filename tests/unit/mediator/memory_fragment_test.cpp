// SPDX-License-Identifier: BSD-3-Clause
// Descriptors that reach the SPMC in fragments: what it is sent, every answer that it may give, and
// that a send which fails in the middle leaves nothing, here or there.
#include "memory_fixture.hpp"

namespace {

using namespace memory_test;  // NOLINT: the fixture's vocabulary
using ffa::Status;

constexpr uint32_t mem_frag_tx = 0x8400007b;
constexpr uint64_t many = 0x60000000;  ///< 600 pages, no two adjacent
constexpr uint64_t many_pa = 0x200000000;

class Fragments : public MemorySharing {
 protected:
  void begin(uint16_t id = 1) {
    if (world.mediator == nullptr) {
      EXPECT_TRUE(world.boot().ok());
    }
    auto vm = fake::World::vm_config(id);
    vm.max_share_pages = 600;
    EXPECT_TRUE(world.create_vm(vm).ok());
    world.negotiate(id, 0x10002);
    world.map_buffers(id);
    world.platform.add_memory(id, many, 600, many_pa * id, mediator::MemoryKind::ram_rw, true);
    world.platform.smcs.clear();
  }
  static Descriptor scattered_pages(uint32_t count, uint16_t vm = 1) {
    Descriptor descriptor = pages(many, count, vm);
    return descriptor;
  }
  /// What the SPMC must have got.
  static Bytes image(const Descriptor& guest) {
    Descriptor told = guest;
    told.ranges.clear();
    for (uint32_t n = 0; n < guest.pages(); ++n) {
      told.ranges.emplace_back(many_pa * guest.sender + n * 3 * ffa::page_size, 1);
    }
    return told.build();
  }
  /// The answer to the n-th FFA_MEM_FRAG_TX; the SPMC handles it first if `after`.
  void answer_fragment(unsigned nth, std::function<ffa::Regs(const ffa::Regs&)> with) {
    world.platform.spmc[mem_frag_tx] = [this, nth, with, seen = 0U](const ffa::Regs& in) mutable {
      if (++seen == nth) return with(in);
      return take(in);
    };
  }
  ffa::Regs take(const ffa::Regs& in) { return taker(in); }
  void SetUp() override {
    MemorySharing::SetUp();
    taker = world.platform.spmc[mem_frag_tx];
  }
  std::function<ffa::Regs(const ffa::Regs&)> taker;
  std::function<ffa::Regs(const ffa::Regs&)> share_taker;
};

TEST_F(MemorySharing, WithoutFragmentsADescriptorComesWhole) {
  world.config.fragment_handles = mediator::FragmentHandles::none;
  start();
  const Bytes image = plan().build();
  write_tx(image);
  const State before = state();
  EXPECT_REJECTED(world, world.call(1, {0xc4000073, image.size() + 16, image.size()}),
                  mem_send_one_fragment);
  EXPECT_REJECTED(world, world.call(1, {0x8400007b, 0, 0, 16}), gen_offered);
  EXPECT_EQ(state(), before);
}

TEST_F(Fragments, ADescriptorThatDoesNotFitTheBufferGoesInFragments) {
  begin();
  const State before = state();
  for (const uint32_t count : {250U, 251U, 506U, 507U, 600U}) {
    world.platform.smcs.clear();
    const uint64_t handle = shared(scattered_pages(count));
    EXPECT_EQ(spmc.at(handle), image(scattered_pages(count))) << count;
    EXPECT_EQ(world.platform.sent(mem_frag_tx).size(), (count + 5) / 256) << count;
    EXPECT_EQ(world.platform.smcs.at(0).in.w(1), 96 + 16 * count);
    EXPECT_EQ(world.platform.smcs.at(0).in.w(2), std::min(4096U, 96 + 16 * count));
    EXPECT_EQ(reclaim(handle), ffa::success32());
    EXPECT_EQ(state(), before);
  }
}

// The n-th SMC fails with every status, on top of every n-th pin.
TEST_F(Fragments, WhateverFailsNothingRemainsAndTheNextShareWorks) {
  begin();
  const State before = state();
  for (int32_t code = -1; code >= -9; --code) {
    for (unsigned nth = 1; nth <= 2; ++nth) {
      answer_fragment(nth, [this, code](const ffa::Regs& in) {
        half.erase(in.w(1) | uint64_t{in.w(2)} << 32);  // refused, so ended
        return ffa::reply(static_cast<Status>(code));
      });
      const ffa::Regs reply = share(scattered_pages(600));
      EXPECT_TRUE(ffa::is_error(reply)) << code;
      EXPECT_EQ(state(), before) << code << " at fragment " << nth;
      world.platform.spmc[mem_frag_tx] = taker;
      EXPECT_SUCCESS32(reclaim(shared(scattered_pages(600))));
    }
  }
  for (int nth = 1; nth <= 600; nth += 13) {
    world.platform.fail_pin = nth;
    world.platform.pin_failure = nth % 2 == 0 ? Status::denied : Status::no_memory;
    EXPECT_TRUE(ffa::is_error(share(scattered_pages(600))));
    EXPECT_EQ(state(), before) << "pin " << nth;
  }
  EXPECT_SUCCESS32(share(scattered_pages(600)));
}

TEST_F(Fragments, BusyInTheMiddleIsTriedAgainAndNotForEver) {
  begin();
  const State before = state();
  answer_fragment(1, [](const ffa::Regs&) { return ffa::reply(Status::busy); });
  EXPECT_SUCCESS32(reclaim(shared(scattered_pages(300))));
  EXPECT_EQ(world.platform.sent(mem_frag_tx).size(), 2U);
  unsigned calls = 0;
  world.platform.spmc[mem_frag_tx] = [&](const ffa::Regs&) {
    ++calls;
    return ffa::reply(Status::busy);
  };
  EXPECT_STATUS(share(scattered_pages(300)), busy);
  EXPECT_LT(calls, 30U);
  EXPECT_EQ(state().facts.at(0), "vm 1 1 1 302") << "the SPMC may still have the first fragment";
  half.clear();
  EXPECT_NE(state(), before);
  EXPECT_FALSE(world.platform.logs.empty());
}

TEST_F(Fragments, AnSpmcThatTakesLessThanItWasSentIsSentTheRestAgain) {
  begin();
  for (const uint32_t taken : {16U, 160U, 4080U}) {
    answer_fragment(1, [this, taken](const ffa::Regs& in) {
      ffa::Regs shorter = in;
      shorter.x[3] = taken;
      return take(shorter);
    });
    const uint64_t handle = shared(scattered_pages(600));
    EXPECT_EQ(spmc.at(handle), image(scattered_pages(600))) << taken;
    EXPECT_SUCCESS32(reclaim(handle));
  }
  // Back behind the fragment at hand, and to the first range.
  answer_fragment(2, [this](const ffa::Regs& in) {
    auto& begun = half.begin()->second;
    begun.bytes.resize(96 + 16 * 3);
    return ffa::MemFragRx{ffa::MemFragTx::decode(in)->handle, 96 + 16 * 3, {}}.encode();
  });
  const uint64_t handle = shared(scattered_pages(600));
  EXPECT_EQ(spmc.at(handle), image(scattered_pages(600)));
}

TEST_F(Fragments, AnSpmcThatNeverGetsOnIsGivenUp) {
  begin();
  const State before = state();
  unsigned calls = 0;
  world.platform.spmc[mem_frag_tx] = [&](const ffa::Regs& in) {
    const Bytes bytes = world.platform.read(fake::own_buffer_vm, 0x1000, in.w(3));
    if (get(bytes, 8, 4) == 0) return take(in);
    ++calls;
    return ffa::MemFragRx{ffa::MemFragTx::decode(in)->handle, 4096, {}}.encode();
  };
  EXPECT_REJECTED(world, share(scattered_pages(300)), mem_answer_offset);
  EXPECT_EQ(calls, world.config.fragment_retries + 1U);
  EXPECT_EQ(state(), before);
}

/// An answer that can't be right, what it breaks, and which fragment gets it (0: the first).
struct WrongAnswer {
  const char* name;
  unsigned fragment;
  std::function<ffa::Regs(uint64_t handle, uint32_t sent)> answer;
  Rule rule;
};

TEST_F(Fragments, AnAnswerThatCannotBeRightEndsTheSendAndNothingRemains) {
  const auto ask = [](uint64_t handle, uint64_t offset, uint64_t w4) {
    return fake::regs({0x8400007a, handle & 0xffffffff, handle >> 32, offset, w4});
  };
  const std::vector<WrongAnswer> table = {
      {"too far", 0, [&](auto h, auto sent) { return ask(h, sent + 16, 0); },
       Rule::mem_answer_offset},
      {"back into the header", 0, [&](auto h, auto) { return ask(h, 80, 0); },
       Rule::mem_answer_offset},
      {"inside a range", 1, [&](auto h, auto sent) { return ask(h, sent - 8, 0); },
       Rule::mem_answer_offset},
      {"negative", 1, [&](auto h, auto) { return ask(h, 0x80000000, 0); }, Rule::mem_answer_offset},
      {"after the end", 2, [&](auto h, auto sent) { return ask(h, sent, 0); },
       Rule::mem_answer_offset},
      {"another handle", 1, [&](auto h, auto sent) { return ask(h + 1, sent, 0); },
       Rule::mem_answer_same_handle},
      {"another sender", 0, [&](auto h, auto sent) { return ask(h, sent, 0x20000); },
       Rule::mem_answer_sender},
      {"reserved", 1, [&](auto h, auto sent) { return ask(h, sent, 1); },
       Rule::mem_answer_expected},
      {"interrupt", 1, [&](auto, auto) { return fake::regs({0x84000062}); },
       Rule::mem_answer_expected},
      {"a positive error", 1, [&](auto, auto) { return fake::regs({0x84000060, 0, 5}); },
       Rule::none},
  };
  begin();
  const State before = state();
  for (const WrongAnswer& wrong : table) {
    unsigned fragment = 0;
    bool told = false;
    uint32_t sent = 0;
    const auto serve = [&](const ffa::Regs& in, bool first) {
      const ffa::Regs good = first ? share_taker(in) : take(in);
      sent = first ? in.w(2) : sent + in.w(3);
      if (told || fragment++ != wrong.fragment) return good;
      told = true;
      const uint64_t handle = ffa::is_success(good)
                                  ? ffa::MemSendSuccess::decode(good)->handle.raw()
                                  : ffa::MemFragRx::decode(good)->handle.raw();
      if (auto done = spmc.extract(handle)) half[handle] = {done.mapped(), done.mapped().size(), 1};
      return wrong.answer(handle, sent);
    };
    const auto share_before = world.platform.spmc[0xc4000073];
    share_taker = share_before;
    world.platform.spmc[0xc4000073] = [&](const ffa::Regs& in) { return serve(in, true); };
    world.platform.spmc[mem_frag_tx] = [&](const ffa::Regs& in) { return serve(in, false); };
    const ffa::Regs reply = share(scattered_pages(600));
    EXPECT_TRUE(ffa::is_error(reply)) << wrong.name;
    EXPECT_EQ(world.platform.last_rules.rejected(), wrong.rule) << wrong.name;
    if (wrong.rule == Rule::none) half.clear();  // the error has ended it there
    EXPECT_EQ(state(), before) << wrong.name;
    world.platform.spmc[0xc4000073] = share_before;
    world.platform.spmc[mem_frag_tx] = taker;
    EXPECT_SUCCESS32(reclaim(shared(scattered_pages(600)))) << wrong.name;
  }
}

TEST_F(Fragments, ASendThatIsWholeTooEarlyIsTakenBack) {
  begin();
  const State before = state();
  answer_fragment(1, [this](const ffa::Regs& in) {
    const ffa::Handle handle = ffa::MemFragTx::decode(in)->handle;
    spmc[handle.raw()] = half.extract(handle.raw()).mapped().bytes;
    return ffa::MemSendSuccess{handle}.encode();
  });
  EXPECT_REJECTED(world, share(scattered_pages(600)), mem_answer_complete);
  EXPECT_EQ(reclaims(), 1U);
  EXPECT_EQ(state(), before);
}

TEST_F(Fragments, AnSpmcThatKeepsARefusedSendIsMadeToDropIt) {
  world.config.refused_fragment_ends_send = false;
  begin();
  const State before = state();
  answer_fragment(1, [](const ffa::Regs&) { return ffa::reply(Status::no_memory); });
  EXPECT_STATUS(share(scattered_pages(600)), no_memory);
  EXPECT_EQ(state(), before);
}

TEST_F(Fragments, WhatTheSpmcWillNotDropIsQuarantinedAndBoundedByTheQuota) {
  begin();
  world.platform.spmc[mem_frag_tx] = [](const ffa::Regs&) { return fake::regs({0x84000062}); };
  EXPECT_STATUS(share(scattered_pages(300)), aborted);
  EXPECT_EQ(state().facts.at(0), "vm 1 1 1 302");
  EXPECT_STATUS(share(scattered_pages(300)), denied);
}

}  // namespace
