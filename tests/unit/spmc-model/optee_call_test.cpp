// SPDX-License-Identifier: BSD-3-Clause
// Yielding calls of the OP-TEE-like service: where the argument structure may lie, parameters,
// sessions, the built-in TAs.
#include "optee_world.hpp"

namespace spmc_test {
namespace {

using optee::DataCommand;
using optee::SingleCommand;
using optee::WorkerCommand;

constexpr uint32_t untouched = 0x0badbad0;
constexpr uint64_t buffer = 0x4b000000;

struct TeeCalls : testing::Test, TeeWorld {
  /// An invocation that is done; what the service and the TA said.
  template <class Command>
  std::pair<uint32_t, uint32_t> say(uint32_t session, Command command,
                                    const std::vector<TeeParam>& params) {
    EXPECT_EQ(invoke(vm1, session, command, params), finished());
    return {result(), origin()};
  }
};
using Said = std::pair<uint32_t, uint32_t>;

TEST_F(TeeCalls, ArgumentNeedsItsRegion) {
  const TeeCall call{.command = 2};
  memory.put(at(vm1, 0), call.bytes());
  EXPECT_EQ(start(vm1, shm[vm1] + 1, 0), failed(tee_bad_parameters));
  EXPECT_EQ(start(vm1, shm[vm2], 0), failed(tee_bad_parameters));
  EXPECT_EQ(start(vm1, shm[vm1] ^ uint64_t{1} << 44, 0), failed(tee_bad_parameters));
  EXPECT_EQ(result(), untouched);
  EXPECT_EQ(start(vm1, shm[vm1], 0), finished());
  EXPECT_EQ(result(), tee_item_not_found);
}

TEST_F(TeeCalls, ArgumentAndItsRpcLieInTheRegion) {
  const uint32_t last = 0x1000 - 32 - (32 + 4 * 32);
  EXPECT_EQ(send(vm1, {.command = 2}, last), finished());
  EXPECT_EQ(result(vm1, last), tee_item_not_found);
  EXPECT_EQ(send(vm1, {.command = 2}, last + 8), failed(tee_bad_parameters));
  for (const uint32_t offset : {0x1000U - 31, 0x1000U, 0xfffff000U, 0xffffffffU}) {
    EXPECT_EQ(start(vm1, shm[vm1], offset), failed(tee_bad_parameters)) << offset;
  }
}

TEST_F(TeeCalls, ARegionOfAnotherSpIsNotUsed) {
  Descriptor descriptor;
  descriptor.borrowers = {{user_id}};
  descriptor.ranges = {{0x4c000000, 1}};
  const uint64_t handle = handle_of(share(descriptor));
  memory.put(0x4c000000, TeeCall{.command = 2}.bytes());
  EXPECT_EQ(start(vm1, handle, 0), failed(tee_bad_parameters));
}

TEST(TeeAccess, ARegionThatMayOnlyBeReadIsNotUsed) {
  auto personality = TeeWorld::personality();
  personality.permissions.reset();
  World world(personality, TeeWorld::sps({}));
  world.boot();
  EXPECT_EQ(world.vm_message(4, tee_id, vm1).x[3], 0U);
  Descriptor descriptor;
  descriptor.borrowers = {{tee_id, 1}};
  const uint64_t handle = handle_of(world.share(descriptor));
  world.memory.put(0x49000000, TeeCall{.command = 2}.bytes());
  const Regs out = world.call({fid32(Fid::msg_send_direct_req), uint64_t{vm1} << 16 | tee_id, 0,
                               0x80000000, handle & 0xffffffff, handle >> 32});
  EXPECT_EQ(out.x[3], tee_bad_parameters);
}

TEST_F(TeeCalls, AnIncompleteRegionIsNotUsed) {
  Descriptor descriptor;
  descriptor.borrowers = {{tee_id}};
  const auto bytes = descriptor.bytes();
  memory.put(tx_page, bytes);
  const Regs out = call({fid64(Fid::mem_share), bytes.size(), bytes.size() - 16});
  ASSERT_EQ(out.x[0], frag_rx);
  EXPECT_EQ(start(vm1, out.x[1] | out.x[2] << 32, 0), failed(tee_bad_parameters));
}

TEST_F(TeeCalls, ParametersAreCounted) {
  const uint64_t two = share_pages(vm1, {{argument_page + 0x10000, 2}});
  const auto counted = [&](uint32_t count) {
    memory.put(argument_page + 0x10000, TeeCall{.command = 1, .count = count}.bytes());
    return start(vm1, two, 0);
  };
  EXPECT_EQ(counted(127), finished());
  EXPECT_EQ(counted(128), failed(tee_bad_parameters));
  EXPECT_EQ(counted(~1U), failed(tee_bad_parameters));
}

TEST_F(TeeCalls, UnknownCommandsAreNotImplemented) {
  for (const uint32_t command : {4U, 5U, 8U, 0xffffffffU}) {
    EXPECT_EQ(send(vm1, {.command = command}), failed(tee_not_implemented)) << command;
    EXPECT_EQ(result(), untouched);
  }
}

TEST_F(TeeCalls, OpeningNamesATrustedApplication) {
  const auto refused = [&](const TeeCall& call) {
    EXPECT_EQ(send(vm1, call), finished());
    EXPECT_EQ(field(vm1, 8, 4), 0U);
    return Said{result(), origin()};
  };
  ffa::Uuid nobody = optee::data_ta;
  nobody.bytes[15] ^= 1;
  EXPECT_EQ(refused(opening(nobody)), (Said{tee_item_not_found, from_tee}));
  TeeCall call = opening(optee::data_ta);
  call.params[0].attributes = 0x1;
  EXPECT_EQ(refused(call), (Said{tee_bad_parameters, from_tee}));
  call = opening(optee::data_ta);
  call.params[1].attributes = 0x103;
  EXPECT_EQ(refused(call), (Said{tee_bad_parameters, from_tee}));
  call = opening(optee::data_ta);
  call.params.pop_back();
  EXPECT_EQ(refused(call), (Said{tee_bad_parameters, from_tee}));
  for (const uint64_t login : {3U, 7U, 0x80000001U}) {
    call = opening(optee::data_ta);
    call.params[1].c = login;
    EXPECT_EQ(refused(call), (Said{tee_bad_parameters, from_tee})) << login;
  }
  for (const uint64_t login : {0U, 1U, 2U, 4U, 5U, 6U, 0x80000000U}) {
    call = opening(optee::data_ta);
    call.params[1].c = login;
    EXPECT_EQ(send(vm1, call), finished());
    EXPECT_EQ(result(), 0U) << login;
  }
}

TEST_F(TeeCalls, TheFullSetOfSessions) {
  for (uint32_t n = 1; n <= optee::max_sessions; ++n) EXPECT_EQ(open(vm1, optee::data_ta), n);
  EXPECT_EQ(send(vm1, opening(optee::worker_ta)), finished());
  EXPECT_EQ(result(), tee_out_of_memory);
  EXPECT_EQ(open(vm2, optee::data_ta), 1U) << "another VM's sessions are its own";
  EXPECT_EQ(close(vm1, 16), finished());
  EXPECT_EQ(open(vm1, optee::worker_ta), 16U);
  EXPECT_EQ(close(vm1, 3), finished());
  EXPECT_EQ(open(vm1, optee::data_ta), 17U);
}

TEST_F(TeeCalls, SessionsThatAreNotThere) {
  EXPECT_EQ(say(1, DataCommand::values, {}), (Said{tee_bad_parameters, from_tee}));
  EXPECT_EQ(close(vm1, 1), finished());
  EXPECT_EQ(result(), tee_item_not_found);
  EXPECT_EQ(send(vm1, {.command = 3, .session = 1}), finished());
  EXPECT_EQ(result(), tee_bad_parameters);
  const uint32_t session = open(vm1, optee::data_ta);
  EXPECT_EQ(send(vm1, {.command = 2, .session = session, .params = {{}}}), finished());
  EXPECT_EQ(result(), tee_bad_parameters) << "closing takes no parameters";
  EXPECT_EQ(send(vm1, {.command = 3, .session = session, .params = {{}}}), finished());
  EXPECT_EQ(result(), tee_bad_parameters);
}

TEST_F(TeeCalls, ParameterTypes) {
  const uint32_t session = open(vm1, optee::data_ta);
  for (const uint64_t type : {4U, 8U, 9U, 10U, 11U, 12U, 0x100U, 0x101U, 0xffU}) {
    EXPECT_EQ(say(session, DataCommand::values, {{type, 1, 2, 3}}),
              (Said{tee_bad_parameters, from_tee}))
        << type;
  }
  for (const uint64_t type : {0U, 1U, 2U, 3U, 0x203U}) {
    EXPECT_EQ(say(session, DataCommand::values, {{type, 1, 2, 3}}), (Said{0, from_ta})) << type;
  }
  EXPECT_EQ(say(session, DataCommand::values, {{}, {}, {}, {}}), (Said{0, from_ta}));
  EXPECT_EQ(say(session, DataCommand::values, {{}, {}, {}, {}, {}}),
            (Said{tee_bad_parameters, from_tee}));
}

TEST_F(TeeCalls, MemoryHasToLieInItsRegion) {
  const uint64_t handle = share_pages(vm1, {{buffer, 1}, {buffer + 0x8000, 1}});
  const uint32_t session = open(vm1, optee::data_ta);
  const auto sum = [&](const TeeParam& param) {
    return say(session, DataCommand::checksum, {param, value_out()});
  };
  EXPECT_EQ(sum(memref(5, handle, 0, 0x2000)), (Said{0, from_ta}));
  EXPECT_EQ(sum(memref(5, handle, 0x2000, 0)), (Said{0, from_ta}));
  EXPECT_EQ(sum(memref(5, handle, 0, 0x2001)), (Said{tee_security, from_tee}));
  EXPECT_EQ(sum(memref(5, handle, 0x1fff, 2)), (Said{tee_security, from_tee}));
  EXPECT_EQ(sum(memref(5, handle, 1, ~uint64_t{0})), (Said{tee_security, from_tee}));
  EXPECT_EQ(sum(memref(5, handle, 1ULL << 32, 1)), (Said{tee_security, from_tee}));
  EXPECT_EQ(sum(memref(5, handle, 0, 0x1001, 0xfff)), (Said{0, from_ta}));
  EXPECT_EQ(sum(memref(5, handle, 0, 0x1002, 0xfff)), (Said{tee_security, from_tee}));
  EXPECT_EQ(sum(memref(5, handle, 0, 1, 0x1000)), (Said{tee_bad_parameters, from_tee}));
  EXPECT_EQ(sum(memref(5, shm[vm2], 0, 1)), (Said{tee_bad_parameters, from_tee}));
  EXPECT_EQ(sum(memref(5, ~uint64_t{0}, 0, 0)), (Said{0, from_ta})) << "no memory";
  EXPECT_EQ(sum(memref(5, ~uint64_t{0}, 0, 1)), (Said{tee_bad_parameters, from_tee}));
}

TEST_F(TeeCalls, DataOverTheSeamOfTwoRanges) {
  const uint64_t handle = share_pages(vm1, {{buffer + 0x8000, 1}, {buffer, 1}});
  const uint32_t session = open(vm1, optee::data_ta);
  memory.put(buffer + 0x8ffe, {1, 2});
  memory.put(buffer, {3, 4});
  EXPECT_EQ(say(session, DataCommand::checksum, {memref(7, handle, 0xffe, 4), value_out()}),
            (Said{0, from_ta}));
  EXPECT_EQ(param(1, 1), 10U);
  EXPECT_EQ(param(1, 2), 1U + 3 + 6 + 10);
  EXPECT_EQ(say(session, DataCommand::xor_with, {memref(7, handle, 0xfff, 2), value_in(0x1f0)}),
            (Said{0, from_ta}));
  EXPECT_EQ(memory.get(buffer + 0x8ffe, 2), (std::vector<uint8_t>{1, 0xf2}));
  EXPECT_EQ(memory.get(buffer, 2), (std::vector<uint8_t>{0xf3, 4}));
  EXPECT_EQ(say(session, DataCommand::copy, {memref(5, handle, 0xffe, 4), memref(6, handle, 8, 9)}),
            (Said{0, from_ta}));
  EXPECT_EQ(param(1, 2), 4U) << "the size that was written";
  EXPECT_EQ(memory.get(buffer + 0x8008, 5), (std::vector<uint8_t>{1, 0xf2, 0xf3, 4, 0xa5}));
}

TEST_F(TeeCalls, ABufferThatIsTooShort) {
  const uint64_t handle = share_pages(vm1, {{buffer, 1}});
  const uint32_t session = open(vm1, optee::data_ta);
  EXPECT_EQ(say(session, DataCommand::fill, {memref(6, handle, 4, 3), value_in(0x77, 4)}),
            (Said{tee_short_buffer, from_ta}));
  EXPECT_EQ(param(0, 2), 4U);
  EXPECT_EQ(memory.get(buffer + 4, 4), std::vector<uint8_t>(4, 0xa5));
  EXPECT_EQ(say(session, DataCommand::fill, {memref(6, handle, 4, 9), value_in(0x77, 4)}),
            (Said{0, from_ta}));
  EXPECT_EQ(param(0, 2), 4U);
  EXPECT_EQ(memory.get(buffer + 4, 5), (std::vector<uint8_t>{0x77, 0x77, 0x77, 0x77, 0xa5}));
}

TEST_F(TeeCalls, MemoryThatIsGoneIsAnErrorOfTheTa) {
  const uint64_t handle = share_pages(vm1, {{buffer, 1}});
  const uint32_t session = open(vm1, optee::data_ta);
  memory.broken_page = buffer;
  EXPECT_EQ(say(session, DataCommand::checksum, {memref(5, handle, 0, 8), value_out()}),
            (Said{tee_generic, from_ta}));
  EXPECT_EQ(say(session, DataCommand::xor_with, {memref(7, handle, 0, 8), value_in(1)}),
            (Said{tee_generic, from_ta}));
}

TEST_F(TeeCalls, TheSingleSessionOfAVm) {
  const uint32_t session = open(vm1, optee::single_ta);
  EXPECT_EQ(send(vm1, opening(optee::single_ta)), finished());
  EXPECT_EQ(result(), tee_busy);
  EXPECT_EQ(open(vm2, optee::single_ta), 1U);
  EXPECT_EQ(say(session, SingleCommand::count, {value_out()}), (Said{0, from_ta}));
  EXPECT_EQ(say(session, SingleCommand::count, {value_out()}), (Said{0, from_ta}));
  EXPECT_EQ(param(0, 1), 2U);
  EXPECT_EQ(param(0, 3), 0x3333U) << "the third word is nobody's";
  EXPECT_EQ(say(session, SingleCommand::panic, {}), (Said{tee_target_dead, from_tee}));
  EXPECT_EQ(say(session, SingleCommand::count, {value_out()}), (Said{tee_target_dead, from_tee}));
  EXPECT_EQ(close(vm1, session), finished());
  EXPECT_EQ(result(), 0U);
  EXPECT_EQ(send(vm1, opening(optee::single_ta, {value_in(0xabcd)})), finished());
  EXPECT_EQ(result(), 0xabcdU);
  EXPECT_EQ(origin(), from_ta);
  EXPECT_EQ(open(vm1, optee::single_ta), 1U) << "a refused session is none";
}

}  // namespace
}  // namespace spmc_test
