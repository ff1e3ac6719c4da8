// SPDX-License-Identifier: BSD-3-Clause
// The memory_user SP: its protocol, its rights, and that it touches the right physical bytes.
#include "world.hpp"

namespace spmc_test {
namespace {

using spmc_model::sp_protocol::Operation;
using Answer = std::pair<int32_t, uint64_t>;

constexpr int32_t invalid = -2;
constexpr int32_t denied = -6;

struct MemoryUser : testing::Test {
  World world;
  uint64_t handle = 0;
  void SetUp() override {
    world.boot(ffa::v1_1);
    handle = handle_of(world.share({}));
  }
  Answer ask(Operation operation, uint32_t offset = 0, uint32_t value = 0) {
    return world.ask(vm1, operation, handle, offset, value);
  }
};

TEST_F(MemoryUser, ReadsTheBytesOfTheRangesInOrder) {
  world.memory.put(0x49000004, {0x44, 0x33, 0x22, 0x11});
  world.memory.put(0x49002ffc, {1, 2, 3, 4});
  world.memory.put(0x49100000, {5, 6, 7, 8});
  ask(Operation::retrieve);
  EXPECT_EQ(ask(Operation::read_word, 4), Answer(0, 0x11223344));
  EXPECT_EQ(ask(Operation::read_word, 0x2ffc), Answer(0, 0x04030201));
  EXPECT_EQ(ask(Operation::read_word, 0x3000), Answer(0, 0x08070605)) << "the second range follows";
}

TEST_F(MemoryUser, WritesTheBytesOfTheRangesInOrder) {
  ask(Operation::retrieve);
  EXPECT_EQ(ask(Operation::write_word, 0x3ffc, 0xcafe1234), Answer(0, 0));
  EXPECT_EQ(world.memory.get(0x49100ffb, 5), (std::vector<uint8_t>{0xa5, 0x34, 0x12, 0xfe, 0xca}));
}

TEST_F(MemoryUser, ChecksumIsTheXorOfAllDoubleWords) {
  ask(Operation::retrieve);
  EXPECT_EQ(ask(Operation::checksum), Answer(0, 0)) << "an even number of equal words";
  world.memory.put(0x49001008, {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08});
  world.memory.put(0x49100ff8, {0xff, 0, 0, 0, 0, 0, 0, 0x10});
  EXPECT_EQ(ask(Operation::checksum), Answer(0, 0x0807060504030201 ^ 0x10000000000000ff ^
                                                    0xa5a5a5a5a5a5a5a5 ^ 0xa5a5a5a5a5a5a5a5));
}

TEST_F(MemoryUser, CountsPagesAndRanges) {
  ask(Operation::retrieve);
  EXPECT_EQ(ask(Operation::count_pages), Answer(0, 4));
  EXPECT_EQ(ask(Operation::count_ranges), Answer(0, 2));
}

TEST_F(MemoryUser, OffsetsMustBeAlignedAndInside) {
  ask(Operation::retrieve);
  EXPECT_EQ(ask(Operation::read_word, 2).first, invalid);
  EXPECT_EQ(ask(Operation::read_word, 0x4000).first, invalid);
  EXPECT_EQ(ask(Operation::write_word, 0xfffffffc, 1).first, invalid);
}

TEST_F(MemoryUser, NothingWorksBeforeRetrieveOrAfterRelinquish) {
  for (const Operation operation :
       {Operation::read_word, Operation::write_word, Operation::checksum, Operation::count_pages,
        Operation::count_ranges, Operation::relinquish}) {
    EXPECT_EQ(ask(operation).first, denied) << static_cast<uint32_t>(operation);
  }
  EXPECT_EQ(ask(Operation::retrieve).first, 0);
  EXPECT_EQ(ask(Operation::retrieve).first, denied) << "already retrieved";
  EXPECT_EQ(ask(Operation::relinquish).first, 0);
  EXPECT_EQ(ask(Operation::relinquish).first, denied);
  EXPECT_EQ(ask(Operation::read_word).first, denied);
}

TEST_F(MemoryUser, ReadOnlyRetrievalMayNotWrite) {
  EXPECT_EQ(ask(Operation::retrieve, 1).first, 0);
  EXPECT_EQ(ask(Operation::read_word).first, 0);
  EXPECT_EQ(ask(Operation::write_word, 0, 7), Answer(denied, 0));
  EXPECT_EQ(world.memory.get(0x49000000, 1)[0], 0xa5);
}

TEST_F(MemoryUser, ReadWriteNeedsTheOwnersConsent) {
  spmc_model::Personality lenient = *spmc_model::find_personality("op-tee");
  lenient.permissions.reset();
  World other(lenient);
  other.boot(ffa::v1_1);
  Descriptor descriptor;
  descriptor.borrowers[1].permissions = 1;
  const uint64_t read_only = handle_of(other.share(descriptor));
  EXPECT_EQ(other.ask(vm1, Operation::retrieve, read_only, 2).first, denied);
  EXPECT_EQ(other.ask(vm1, Operation::retrieve, read_only, 0).first, 0);
  EXPECT_EQ(other.ask(vm1, Operation::write_word, read_only, 0, 7).first, denied);
  descriptor.borrowers[1].permissions = 0;
  EXPECT_STATUS(other.share(descriptor), invalid_parameters);
}

TEST_F(MemoryUser, UnknownRightsAndOperationsAreRefused) {
  EXPECT_EQ(ask(Operation::retrieve, 3).first, invalid);
  EXPECT_EQ(ask(Operation{0}).first, -1);
  EXPECT_EQ(ask(Operation{0x1e}).first, -1);
}

TEST_F(MemoryUser, AnotherVmsHandleIsUnknown) {
  EXPECT_EQ(world.ask(vm2, Operation::retrieve, handle).first, invalid);
  ask(Operation::retrieve);
  EXPECT_EQ(world.ask(vm2, Operation::read_word, handle).first, invalid);
}

TEST_F(MemoryUser, RegionsForOtherSpsAreDenied) {
  Descriptor descriptor;
  descriptor.borrowers = {{echo_id}};
  const uint64_t other = handle_of(world.share(descriptor));
  EXPECT_EQ(world.ask(vm1, Operation::retrieve, other).first, denied);
}

TEST_F(MemoryUser, MemoryThatIsNotThereIsAnAbort) {
  ask(Operation::retrieve);
  world.memory.broken_page = 0x49001000;
  EXPECT_EQ(ask(Operation::read_word, 0x1000).first, -8);
  EXPECT_EQ(ask(Operation::write_word, 0x1000).first, -8);
  EXPECT_EQ(ask(Operation::checksum).first, -8);
  EXPECT_EQ(ask(Operation::read_word, 0x2000).first, 0);
}

TEST_F(MemoryUser, TheSameWordsWorkIn64BitRequestsAndInReq2) {
  world.memory.put(0x49000000, {9, 8, 7, 6});
  ask(Operation::retrieve);
  const uint64_t words[] = {0x13, handle & 0xffffffff, handle >> 32, 0};
  const Regs wide = world.call({fid64(Fid::msg_send_direct_req), uint64_t{vm1} << 16 | user_id, 0,
                                words[0], words[1], words[2], words[3]});
  EXPECT_EQ(wide.x[3], 0U);
  EXPECT_EQ(wide.x[4], 0x06070809U);
  World newer;
  newer.boot(ffa::v1_2);
  newer.memory.put(0x49000000, {9, 8, 7, 6});
  Descriptor descriptor;
  descriptor.layout = ffa::v1_2;
  EXPECT_EQ(handle_of(newer.share(descriptor)), handle);
  EXPECT_EQ(newer.ask(vm1, Operation::retrieve, handle).first, 0);
  const Regs req2 = newer.call({fid32(Fid::msg_send_direct_req2), uint64_t{vm1} << 16 | user_id, 0,
                                0, words[0], words[1], words[2], words[3], 0x88, 0x99, 0xaa});
  EXPECT_EQ(req2.x[0], fid32(Fid::msg_send_direct_resp2));
  EXPECT_EQ(req2.x[4], 0U);
  EXPECT_EQ(req2.x[5], 0x06070809U);
  for (unsigned n = 8; n < 18; ++n)
    EXPECT_EQ(req2.x[n], 0U) << n << ": a response owns these registers";
}

}  // namespace
}  // namespace spmc_test
