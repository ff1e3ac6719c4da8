// SPDX-License-Identifier: BSD-3-Clause
// A refusal is excused by what the VM at hand does meanwhile, or the one that the call names; never
// by what happens to another one.
#include "sim/explore/excuses.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "ffa/reply.hpp"

namespace sim::explore {
namespace {

using ffa::Fid;
using ffa::Status;

ffa::Regs function(Fid fid) {
  ffa::Regs regs{};
  regs.x[0] = ffa::fid32(fid);
  return regs;
}

/// What a history keeps of a call with this TX.
HistoryEntry call(uint16_t vm, Fid fid, Status status, std::vector<uint8_t> tx = {}) {
  History history;
  const WatchedCall begun{.vm = vm, .in = function(fid)};
  trace::Event event;
  event.vm = vm;
  event.in = begun.in;
  event.out = status == Status::success ? ffa::success32() : ffa::reply(status);
  event.tx = std::move(tx);
  history.call_begins(begun);
  history.call_ends(WatchedCall::none, {.event = &event});
  HistoryEntry entry = history.entries().front();
  entry.begin = 1;
  entry.end = 3;
  return entry;
}

HistoryEntry end_of(uint16_t vm) {
  HistoryEntry entry;
  entry.call.vm = vm;
  entry.call.host = "destroy";
  entry.begin = 2;
  entry.end = 4;
  return entry;
}

/// The header of a message from VM 1 to this one.
std::vector<uint8_t> message_to(uint8_t vm) {
  std::vector<uint8_t> header(24);
  header[12] = vm;
  header[14] = 1;
  return header;
}

HistoryEntry send(uint8_t to, Status status = Status::success) {
  return call(1, Fid::msg_send2, status, message_to(to));
}

TEST(Excuses, RxIsFilledByAMessageToItsOwner) {
  EXPECT_TRUE(is_excused(call(2, Fid::rx_release, Status::denied), send(2)));
  EXPECT_FALSE(is_excused(call(2, Fid::rx_release, Status::denied), send(3)));
  EXPECT_FALSE(is_excused(call(1, Fid::rx_release, Status::denied), send(2)))
      << "the sender's own RX";
}

TEST(Excuses, AMessageIsNotInTheWayOfItsSendersRx) {
  EXPECT_FALSE(is_excused(call(1, Fid::partition_info_get, Status::busy), send(2)));
  EXPECT_FALSE(is_excused(send(2, Status::busy), call(1, Fid::rx_release, Status::success)));
}

TEST(Excuses, APlaceForFragmentsIsInTheHandsOfACallOfTheSameVm) {
  const HistoryEntry refused = call(1, Fid::mem_share, Status::no_memory);
  EXPECT_TRUE(is_excused(refused, call(1, Fid::mem_frag_tx, Status::success)));
  EXPECT_FALSE(is_excused(refused, call(2, Fid::mem_frag_tx, Status::success))) << "another VM's";
  EXPECT_FALSE(is_excused(refused, call(1, Fid::mem_share, Status::success)));
}

TEST(Excuses, AMessageIsRefusedByTheEndOfItsReceiver) {
  EXPECT_TRUE(is_excused(send(2, Status::busy), end_of(2)));
  EXPECT_FALSE(is_excused(send(2, Status::busy), end_of(3)));
  EXPECT_FALSE(is_excused(send(2, Status::denied), end_of(2)));
}

TEST(Excuses, ARetrievalIsRefusedByTheEndOfTheSender) {
  const HistoryEntry retrieval =
      call(2, Fid::mem_retrieve_req, Status::invalid_parameters, {1, 0, 0, 0});
  EXPECT_TRUE(is_excused(retrieval, end_of(1)));
  EXPECT_FALSE(is_excused(retrieval, end_of(3)));
}

TEST(Excuses, OnlyWhatOverlapsCounts) {
  HistoryEntry later = end_of(2);
  later.begin = 5;
  later.end = 6;
  EXPECT_FALSE(is_excused(send(2, Status::busy), later));
}

}  // namespace
}  // namespace sim::explore
