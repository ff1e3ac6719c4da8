// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/handle_binding.hpp"

#include <gtest/gtest.h>

#include "ffa/reply.hpp"
#include "tools/ffa-trace/replay/profile.hpp"

namespace {

using ffa_trace::HandleBinding;

constexpr uint64_t captured = 0x100000010003;
constexpr uint64_t ours = 0x200000020001;

ffa::Regs call_of(uint64_t function, std::initializer_list<uint64_t> rest) {
  ffa::Regs regs;
  regs.x[0] = function;
  std::copy(rest.begin(), rest.end(), regs.x.begin() + 1);
  return regs;
}

const ffa::Regs asked = call_of(ffa::fid64(ffa::Fid::mem_share), {0x60, 0x60});
ffa::Regs gives(uint64_t handle) {
  return ffa::success32(static_cast<uint32_t>(handle), static_cast<uint32_t>(handle >> 32));
}
ffa::Regs reclaim(uint64_t handle) {
  return call_of(ffa::fid32(ffa::Fid::mem_reclaim), {handle & 0xffffffff, handle >> 32});
}
/// As OP-TEE's driver passes a handle on: the upper halves of the registers are not its business.
ffa::Regs message(uint64_t w3, uint64_t handle) {
  constexpr uint64_t above = uint64_t{0xabc} << 32;
  return call_of(ffa::fid32(ffa::Fid::msg_send_direct_req),
                 {0x18001, 0, w3, (handle & 0xffffffff) | above, handle >> 32, 7});
}
ffa::Regs rewritten(const HandleBinding& binding, ffa::Regs in) {
  binding.rewrite(in);
  return in;
}

struct Binding : testing::Test {
  ffa_trace::Profile profile = ffa_trace::find_profile("xen-4.23");
  HandleBinding binding{profile.payload_handles};
  void bind() { binding.follow(asked, gives(captured), gives(ours)); }
};

TEST_F(Binding, HoldsFromTheShareToItsReclaim) {
  EXPECT_EQ(rewritten(binding, reclaim(captured)), reclaim(captured));
  bind();
  EXPECT_EQ(rewritten(binding, reclaim(captured)), reclaim(ours));
  EXPECT_EQ(rewritten(binding, reclaim(captured + 1)), reclaim(captured + 1));
  const ffa::Regs made = rewritten(binding, reclaim(captured));
  binding.follow(made, ffa::reply(ffa::Status::denied), ffa::success32());
  EXPECT_EQ(rewritten(binding, reclaim(captured)), reclaim(ours));
  binding.follow(made, ffa::success32(), ffa::success32());
  EXPECT_EQ(rewritten(binding, reclaim(captured)), reclaim(captured));
}

TEST_F(Binding, ReachesIntoThePayloadsThatTheProfileNames) {
  bind();
  EXPECT_EQ(rewritten(binding, message(0x80000000, captured)), message(0x80000000, ours));
  EXPECT_EQ(rewritten(binding, message(3, captured)), message(3, ours));
  EXPECT_EQ(rewritten(binding, message(0x80000001, captured)), message(0x80000001, captured));
}

TEST_F(Binding, ANumberThatIsGivenAgainIsBoundAnew) {
  bind();
  binding.follow(asked, gives(captured), gives(captured));
  EXPECT_EQ(rewritten(binding, reclaim(captured)), reclaim(captured));
}

TEST_F(Binding, OnlyWhatBothGaveIsBound) {
  binding.follow(asked, gives(captured), ffa::reply(ffa::Status::denied));
  binding.follow(asked, ffa::reply(ffa::Status::denied), gives(ours));
  EXPECT_EQ(rewritten(binding, reclaim(captured)), reclaim(captured));
}

}  // namespace
