// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/transactions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/reply.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

constexpr uint32_t mem_frag_rx = 0x7a;
constexpr uint32_t mem_frag_tx = 0x7b;

void append(SentFragment& sent, const std::vector<uint8_t>& tx) {
  auto& bytes = *sent.bytes;
  if (bytes.size() > sent.offset) bytes.resize(sent.offset);
  // Bytes that a record lacks leave a hole that nothing can be appended to.
  if (bytes.size() != sent.offset) return;
  const size_t length = std::min<size_t>(sent.length, tx.size());
  bytes.insert(bytes.end(), tx.begin(), tx.begin() + static_cast<std::ptrdiff_t>(length));
}

/// The caller may send the same fragment again.
bool may_be_repeated(const ffa::Regs& out) {
  if (!ffa::is_error(out)) return false;
  const ffa::Status status = ffa::error_status(out);
  return status == ffa::Status::busy || status == ffa::Status::retry;
}

}  // namespace

bool begins_transaction(const ffa::Regs& in) {
  const uint32_t number = call_number(in);
  return number >= 0x71 && number <= 0x73;
}

std::optional<SentFragment> TransactionTracker::note(const Event& event, HeaderLayout layout) {
  if (begins_transaction(event.in)) return begin(event, layout);
  if (call_number(event.in) == mem_frag_tx) return go_on(event);
  return std::nullopt;
}

SentFragment TransactionTracker::begin(const Event& event, HeaderLayout layout) {
  SentFragment sent;
  sent.first_seq = event.seq;
  sent.send = event.in;
  sent.total = event.in.w(1);
  sent.length = event.in.w(2);
  sent.fragments = 1;
  sent.layout = layout;
  sent.bytes = std::make_shared<std::vector<uint8_t>>();
  append(sent, event.tx);
  settle(event, sent);
  return sent;
}

SentFragment TransactionTracker::go_on(const Event& event) {
  const uint64_t handle = dword(event.in, 1);
  const auto found = open_.find({event.side, event.vm, handle});
  SentFragment sent;
  if (found == open_.end()) {
    sent.unknown = true;
    sent.handle = handle;
    sent.first_seq = event.seq;
    sent.length = event.in.w(3);
    sent.fragments = 1;
    return sent;
  }
  sent = found->second;
  open_.erase(found);
  sent.open = false;
  sent.length = event.in.w(3);
  ++sent.fragments;
  append(sent, event.tx);
  settle(event, sent);
  return sent;
}

/// What the callee made of it. It may ask for the next fragment from an earlier place than the end
/// of this one, where it took only part of it.
void TransactionTracker::settle(const Event& event, SentFragment& sent) {
  if (!event.returned()) return;
  if (ffa::is_success(event.out)) {
    sent.complete = true;
    sent.handle = dword(event.out, 2);
    return;
  }
  sent.refused = call_number(event.out) != mem_frag_rx;
  if (sent.refused && (sent.handle == 0 || !may_be_repeated(event.out))) return;
  sent.open = true;
  SentFragment next = sent;
  next.refused = false;
  next.length = 0;
  if (!sent.refused) {
    sent.handle = next.handle = dword(event.out, 1);
    next.offset = std::min<uint64_t>(event.out.w(3), sent.offset + sent.length);
  }
  open_[{event.side, event.vm, sent.handle}] = std::move(next);
}

std::string place_words(const SentFragment& sent) {
  if (sent.length == 0) return fmt::format("no byte at {} of {}", sent.offset, sent.total);
  return fmt::format("bytes {} to {} of {}", sent.offset, sent.offset + sent.length - 1,
                     sent.total);
}

Descriptor whole_descriptor(const SentFragment& sent) {
  return parse_descriptor(*sent.bytes, sent.total, sent.layout);
}

}  // namespace ffa_trace
