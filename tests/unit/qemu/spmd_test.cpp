// SPDX-License-Identifier: BSD-3-Clause
// What EL3 answers as an SPMD, and what it asks the SPMC.
#include "ports/qemu-virt/el3/spmd.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "ffa/calls/framework.hpp"
#include "ffa/calls/message.hpp"
#include "ffa/calls/setup.hpp"
#include "ffa/reply.hpp"
#include "ports/qemu-virt/common/test_control.hpp"

namespace el3 {
namespace {

using ffa::Regs;

constexpr ffa::EndpointId spmc{0x8012};
constexpr uint64_t result_registers = 8;

/// Registers as a caller has them, none empty: `call` in the first ones that it uses.
Regs dirty(const Regs& call) {
  Regs regs = call;
  for (unsigned n = 0; n < regs.x.size(); ++n) {
    if (n >= result_registers) regs.x[n] = 0xd000 + n;
  }
  return regs;
}

Regs with_upper(const Regs& low, const Regs& upper) {
  Regs regs = upper;
  for (unsigned n = 0; n < result_registers; ++n) regs.x[n] = low.x[n];
  return regs;
}

Regs word(uint32_t value) {
  Regs regs;
  regs.x[0] = value;
  return regs;
}

void describe(Spmd& spmd, uint16_t id, bool relays) {
  Regs regs;
  regs.x[0] = static_cast<uint64_t>(ports::qemu::TestControl::describe_spmc);
  regs.x[1] = id;
  regs.x[2] = relays ? 1 : 0;
  EXPECT_EQ(spmd.from_secure(regs), Next::caller);
}

class SpmdTest : public testing::Test {
 protected:
  SpmdTest() { describe(spmd, spmc.raw(), false); }
  Next from_normal(const Regs& call) {
    regs = call;
    return spmd.from_normal(regs);
  }
  Next from_secure(const Regs& call) {
    regs = call;
    return spmd.from_secure(regs);
  }
  Spmd spmd;
  Regs regs;
};

TEST_F(SpmdTest, AVersionIsAskedOfTheSpmcAndItsAnswerIsTheCallers) {
  const Regs call = dirty(ffa::FfaVersion{ffa::v1_1}.encode());
  ASSERT_EQ(from_normal(call), Next::other);
  EXPECT_EQ(regs, with_upper(ffa::VersionRequest{ffa::spmd_id, spmc, ffa::v1_1}.encode(), call));
  ASSERT_EQ(from_secure(ffa::VersionResponse{spmc, ffa::spmd_id, ffa::v1_2}.encode()), Next::other);
  EXPECT_EQ(regs, with_upper(word(ffa::v1_2.raw()), call));
  // Then it is relayed again.
  EXPECT_EQ(from_secure(ffa::success32()), Next::other);
  EXPECT_EQ(regs, ffa::success32());
}

TEST_F(SpmdTest, AVersionThatTheSpmcLacksIsNotSupported) {
  const Regs call = dirty(ffa::FfaVersion{ffa::v1_0}.encode());
  ASSERT_EQ(from_normal(call), Next::other);
  ASSERT_EQ(from_secure(ffa::VersionResponse{spmc, ffa::spmd_id}.encode()), Next::other);
  EXPECT_EQ(regs, with_upper(word(0xffffffff), call));
}

TEST_F(SpmdTest, AVersionWithBit31IsRefusedWithoutTheSpmc) {
  const Regs call = dirty(ffa::FfaVersion{ffa::Version{0x80010001}}.encode());
  ASSERT_EQ(from_normal(call), Next::caller);
  EXPECT_EQ(regs, with_upper(word(0xffffffff), call));
  EXPECT_EQ(from_secure(ffa::success32()), Next::other);
}

TEST_F(SpmdTest, NothingElseIsTheAnswerToAVersion) {
  const std::vector<Regs> others = {
      ffa::reply(ffa::Status::not_supported),
      word(ffa::v1_2.raw()),
      ffa::VersionRequest{spmc, ffa::spmd_id, ffa::v1_2}.encode(),
      ffa::VersionResponse{ffa::spmc_default_id, ffa::spmd_id, ffa::v1_2}.encode(),
      ffa::VersionResponse{spmc, ffa::hypervisor_id, ffa::v1_2}.encode(),
      ffa::PsciResponse{spmc, ffa::spmd_id, 0}.encode()};
  for (const Regs& other : others) {
    Spmd one;
    describe(one, spmc.raw(), false);
    Regs asked = ffa::FfaVersion{ffa::v1_1}.encode();
    ASSERT_EQ(one.from_normal(asked), Next::other);
    Regs answer = other;
    EXPECT_EQ(one.from_secure(answer), Next::nowhere);
  }
}

TEST_F(SpmdTest, IdsAreAnsweredToBothWorlds) {
  const Regs id = dirty(word(ffa::fid32(ffa::Fid::id_get)));
  const Regs spm_id = dirty(word(ffa::fid32(ffa::Fid::spm_id_get)));
  ASSERT_EQ(from_normal(id), Next::caller);
  EXPECT_EQ(regs, with_upper(ffa::success32(0), id));
  ASSERT_EQ(from_normal(spm_id), Next::caller);
  EXPECT_EQ(regs, with_upper(ffa::success32(spmc.raw()), spm_id));
  ASSERT_EQ(from_secure(id), Next::caller);
  EXPECT_EQ(regs, with_upper(ffa::success32(spmc.raw()), id));
  ASSERT_EQ(from_secure(spm_id), Next::caller);
  EXPECT_EQ(regs, with_upper(ffa::success32(0xffff), spm_id));
  const Regs version = dirty(ffa::FfaVersion{ffa::v1_0}.encode());
  ASSERT_EQ(from_secure(version), Next::caller);
  EXPECT_EQ(regs, with_upper(word(ffa::v1_2.raw()), version));
}

TEST_F(SpmdTest, IdsOfAnSpmcThatLacksThemAreRelayed) {
  describe(spmd, spmc.raw(), true);
  for (const ffa::Fid fid : {ffa::Fid::id_get, ffa::Fid::spm_id_get}) {
    const Regs call = dirty(word(ffa::fid32(fid)));
    ASSERT_EQ(from_normal(call), Next::other);
    EXPECT_EQ(regs, call);
  }
}

TEST_F(SpmdTest, WithoutAnSpmcAllIsRelayed) {
  describe(spmd, 0, false);
  for (const ffa::Fid fid : {ffa::Fid::version, ffa::Fid::id_get, ffa::Fid::spm_id_get}) {
    const Regs call = dirty(word(ffa::fid32(fid)));
    ASSERT_EQ(from_normal(call), Next::other);
    EXPECT_EQ(regs, call);
    EXPECT_EQ(from_secure(word(0xffffffff)), Next::other);
  }
}

TEST_F(SpmdTest, NobodyInTheNormalWorldSpeaksAsTheSpmd) {
  const Regs forged = dirty(ffa::VersionRequest{ffa::spmd_id, spmc, ffa::v1_0}.encode());
  ASSERT_EQ(from_normal(forged), Next::caller);
  EXPECT_EQ(regs, with_upper(ffa::reply(ffa::Status::invalid_parameters), forged));
  Regs honest = forged;
  honest.x[1] = ffa::codec::pair(0x0001, 0x8001);
  ASSERT_EQ(from_normal(honest), Next::other);
  EXPECT_EQ(regs, honest);
}

TEST_F(SpmdTest, TheRestIsRelayedAsItIs) {
  for (const ffa::Fid fid : {ffa::Fid::features, ffa::Fid::rxtx_map, ffa::Fid::run,
                             ffa::Fid::mem_share, ffa::Fid::msg_send2}) {
    const Regs call = dirty(word(ffa::fid32(fid)));
    ASSERT_EQ(from_normal(call), Next::other);
    EXPECT_EQ(regs, call);
    ASSERT_EQ(from_secure(call), Next::other);
    EXPECT_EQ(regs, call);
  }
}

}  // namespace
}  // namespace el3
