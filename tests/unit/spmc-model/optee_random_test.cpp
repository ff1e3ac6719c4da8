// SPDX-License-Identifier: BSD-3-Clause
// Guests that send the OP-TEE-like service whatever they like, from fixed seeds: no crash, every
// answer well-formed, and nothing is left when their VMs end.
#include "optee_world.hpp"
#include "random.hpp"

namespace spmc_test {
namespace {

constexpr uint32_t threads = 3;
constexpr uint64_t buffers = 0x4b000000;

struct TeeRandom : testing::TestWithParam<uint64_t> {
  TeeWorld world{optee::Config{.threads = threads, .sessions = 5}};
  Random random{GetParam()};
  std::map<uint16_t, std::vector<uint64_t>> handles;
  std::map<uint16_t, std::vector<uint32_t>> sessions;  ///< that were opened some time
  size_t suspended = 0;
  size_t succeeded = 0;

  uint16_t vm() { return random.one_in(3) ? vm2 : vm1; }

  uint64_t handle(uint16_t of) {
    if (random.one_in(9)) return random.next();
    const auto& known = handles[random.one_in(8) ? (of == vm1 ? vm2 : vm1) : of];
    return known[random.below(known.size())];
  }

  TeeParam parameter(uint16_t of) {
    if (random.one_in(12)) return {random.next(), random.next(), random.next(), random.next()};
    const uint64_t type = random.below(8);
    if (type < 4) return {type, random.below(20), random.below(70), random.next()};
    const uint64_t size = random.one_in(6) ? random.next() : random.below(0x1800);
    return memref(type, handle(of), random.below(0x800), size, random.one_in(3) ? 0x10 : 0);
  }

  /// Parameters that some command takes, or any.
  std::vector<TeeParam> parameters(uint16_t of) {
    switch (random.below(4)) {
      case 0:
        return {value_in(random.below(5), 1), value_out()};
      case 1:
        return {random.one_in(2) ? value_out() : value_in(random.below(70))};
      case 2:
        return {memref(7, handle(of), random.below(0x800), 16), value_in(3, 4)};
      default:
        break;
    }
    std::vector<TeeParam> params(random.one_in(20) ? random.below(8) : random.below(3));
    for (TeeParam& each : params) each = parameter(of);
    return params;
  }

  TeeCall argument(uint16_t of) {
    const ffa::Uuid tas[] = {optee::data_ta, optee::worker_ta, optee::single_ta};
    const auto& open = sessions[of];
    if (open.empty() || random.one_in(6)) return TeeWorld::opening(tas[random.below(3)]);
    TeeCall call;
    call.command = static_cast<uint32_t>(random.one_in(6) ? random.below(9) : 1);
    call.function = static_cast<uint32_t>(random.below(8));
    call.session = random.one_in(20) ? 77 : open[open.size() - 1 - random.below(open.size()) % 6];
    call.params = parameters(of);
    if (random.one_in(25)) call.count = static_cast<uint32_t>(random.next());
    return call;
  }

  void check(const TeeReturn& back) {
    ASSERT_LE(back.how, interrupted);
    if (back.how != done) {
      ASSERT_EQ(back.code, 0U);
      ASSERT_LT(back.thread, threads);
      ++suspended;
    } else {
      ASSERT_EQ(back.thread, 0U);
      succeeded += back.code == 0 ? 1 : 0;
    }
  }

  void call_or_resume() {
    const uint16_t from = vm();
    const uint64_t offset = 0x400 * random.below(4);
    if (random.one_in(2)) {
      const TeeCall call = argument(from);
      check(world.send(from, call, offset));
      const auto id = static_cast<uint32_t>(world.field(from, offset + 8, 4));
      if (call.command == 0 && id != 0) sessions[from].push_back(id);
      return;
    }
    if (random.one_in(2)) {
      const auto asked = world.rpc_of(from, static_cast<unsigned>(random.below(3)), offset);
      const auto code = static_cast<uint32_t>(random.one_in(4) ? random.next() : 0);
      world.answer_rpc(from, asked, code, memref(6, handle(from), 0, 16));
    }
    check(world.resume(from, random.below(threads + 1)));
  }

  void step() {
    switch (random.below(8)) {
      case 0: {
        const uint16_t from = vm();
        const uint32_t code = world.unregister(from, handle(from));
        ASSERT_TRUE(code == 0 || code == 0xfffffffc);
        return;
      }
      case 1:
        (void)world.request(vm(), random.below(8), random.below(80), random.below(3));
        return;
      default:
        call_or_resume();
    }
  }
};

TEST_P(TeeRandom, WhateverGuestsSend) {
  for (const uint16_t of : {vm1, vm2}) {
    for (uint64_t n = 0; n < 4; ++n) {
      const uint64_t at = buffers + (of == vm2 ? 0x100000 : 0) + n * 0x10000;
      handles[of].push_back(world.share_pages(of, {{at, 1}, {at + 0x4000, 1}}));
    }
    handles[of].push_back(world.shm[of]);
  }
  for (int n = 0; n < 4000 && !HasFatalFailure(); ++n) step();
  EXPECT_GT(suspended, 50U) << "the test does not reach what it is for";
  EXPECT_GT(succeeded, 300U);
  for (const uint16_t of : {vm1, vm2}) {
    for (const uint16_t sp : {echo_id, user_id, tee_id}) {
      EXPECT_EQ(world.vm_message(6, sp, of).x[3], 0U);
    }
    for (const uint64_t each : handles[of]) EXPECT_SUCCESS(world.reclaim(each));
  }
  EXPECT_EQ(world.spmc->regions(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TeeRandom, testing::Range<uint64_t>(1, 9));

}  // namespace
}  // namespace spmc_test
