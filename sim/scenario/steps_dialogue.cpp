// SPDX-License-Identifier: BSD-3-Clause
// Steps of a VM as server, of 1.2 direct messages and of indirect messages. [DEN0077A 1.2 §7.3,
// chapters 14 and 15]
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "ffa/fid.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/steps.hpp"

namespace sim::scenario {
namespace {

using ffa::Fid;
using ffa::fid32;

constexpr unsigned first_extended_payload = 4;  // x4
constexpr size_t header_bytes_v1_1 = 20;
constexpr size_t header_bytes_v1_2 = 40;
constexpr size_t uuid_offset = 24;

/// A value that differs in every register.
uint64_t silent_payload(unsigned reg) { return 0x51f1'5e00'51f1'5e00ULL + 0x11ULL * reg; }

void set_payload(const GuestStep& step, CallWriter& call, unsigned first, unsigned last) {
  const auto payload = step.node.find("payload");
  unsigned reg = first;
  if (!payload) {
    for (; reg <= last; ++reg) call.set(reg, silent_payload(reg));
    return;
  }
  for (const Node& word : payload->elements()) {
    if (reg > last) payload->fail(fmt::format("at most {} words", last - first + 1));
    call.set(reg++, operand_of(word, step.values));
  }
}

uint16_t receiver(const GuestStep& step) {
  return step.node.has("to") ? step.endpoint("to", 0) : step.world.first_sp(step.node).id;
}

void put_word(std::vector<uint8_t>& bytes, size_t at, uint64_t value) {
  for (size_t n = 0; n < 4; ++n) bytes[at + n] = static_cast<uint8_t>(value >> (8 * n));
}

}  // namespace

void compile_direct2(const GuestStep& step) {
  step.step.success = SuccessForm::direct;
  ffa::Uuid uuid{};
  if (const auto given = step.node.find("uuid")) uuid = uuid_of(*given);
  CallWriter call{fid32(Fid::msg_send_direct_req2)};
  call.set(1, ids(step.endpoint("sender", step.guest.id), receiver(step)));
  call.set(2, uuid.dword(0)).set(3, uuid.dword(1));
  set_payload(step, call, first_extended_payload, 17);
  call.emit(step);
}

void compile_respond(const GuestStep& step) {
  step.step.judged_by_default = false;
  CallWriter call{function_by_width(step, fid32(Fid::msg_send_direct_resp), 32)};
  call.set(1, ids(step.endpoint("sender", step.guest.id), step.endpoint("to", 0)));
  call.set(2, step.operand("w2", 0));
  set_payload(step, call, first_payload, 7);
  call.emit(step);
}

void compile_respond2(const GuestStep& step) {
  step.step.judged_by_default = false;
  CallWriter call{fid32(Fid::msg_send_direct_resp2)};
  call.set(1, ids(step.endpoint("sender", step.guest.id), step.endpoint("to", 0)));
  call.set(2, step.operand("x2", 0)).set(3, uint64_t{0});
  set_payload(step, call, first_extended_payload, 17);
  call.emit(step);
}

void compile_wait(const GuestStep& step) {
  step.step.judged_by_default = false;
  CallWriter call{fid32(Fid::msg_wait)};
  call.set(1, step.operand("w1", 0)).set(2, step.operand("w2", 0)).emit(step);
}

void compile_yield(const GuestStep& step) {
  step.step.judged_by_default = false;
  CallWriter call{fid32(Fid::yield)};
  const auto timeout = step.node.find("timeout");
  call.set(1, step.operand("w1", 0));
  call.set_pair(2, step.operand("timeout", 0), timeout ? *timeout : step.node);
  call.set(4, step.operand("w4", 0)).emit(step);
}

/// The header goes to the beginning of TX, the message to its offset if it fits there.
void compile_send2(const GuestStep& step) {
  const auto layout = step.node.find("layout");
  const ffa::Version version = layout ? version_of(*layout) : step.guest.layout();
  const size_t header_bytes = version >= ffa::v1_2 ? header_bytes_v1_2 : header_bytes_v1_1;
  const auto given = step.node.find("message");
  const std::vector<uint8_t> message = given ? given->bytes() : std::vector<uint8_t>{};
  const uint64_t offset = step.constant("offset", header_bytes, 0xffffffff);
  std::vector<uint8_t> header(header_bytes);
  put_word(header, 0, step.constant("flags", 0, 0xffffffff));
  put_word(header, 8, offset);
  put_word(header, 12, ids(step.endpoint("sender", step.guest.id), receiver(step)));
  put_word(header, 16, step.constant("size", message.size(), 0xffffffff));
  const auto uuid = step.node.find("uuid");
  if (uuid && version < ffa::v1_2) uuid->fail("the header of 1.1 has no UUID");
  if (uuid) {
    const ffa::Uuid value = uuid_of(*uuid);
    std::copy(std::begin(value.bytes), std::end(value.bytes), header.begin() + uuid_offset);
  }
  if (step.guest.setup == GuestSetup::all) {
    step.program.write(step.guest.tx, header);
    const uint64_t room = step.guest.buffer_pages * ffa::page_size;
    const bool fits = offset <= room && message.size() <= room - offset;
    if (fits && !message.empty()) step.program.write(step.guest.tx + offset, message);
  }
  CallWriter call{fid32(Fid::msg_send2)};
  call.set(1, step.operand("w1", 0)).set(2, step.operand("w2", 0)).emit(step);
}

}  // namespace sim::scenario
