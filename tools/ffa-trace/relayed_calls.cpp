// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/relayed_calls.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tools/ffa-trace/records.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;
using sim::trace::Event;

uint32_t number_of(const ffa::Regs& in) { return ffa::FunctionId{in.x[0]}.number(); }

void extra(Comparison& comparison, const Subject& subject, const Asked& asked) {
  comparison.diverge(subject, "spmc-extra", "spmc call", "nothing", call_text(asked.in));
}

void compare_other(Comparison& comparison, const Subject& inner, const Event& captured,
                   const Window& window) {
  size_t times = 0;
  for (const Asked& asked : window.asked) {
    const bool same = number_of(asked.in) == number_of(captured.in);
    if (same) {
      compare_spmc(comparison, inner, captured, asked, window.layout());
      ++times;
    }
    if (is_passed_on(asked.in) && (!same || times > 1)) extra(comparison, inner, asked);
  }
  if (times == 0 && is_passed_on(captured.in) && !ffa::is_error(captured.out)) {
    comparison.diverge(inner, "spmc-missing", "spmc call", call_text(captured.in), "nothing");
  }
}

bool in_one_piece(const SentFragment& sent) {
  return sent.fragments == 1 && sent.length == sent.total;
}

/// FFA_MEM_FRAG_TX as the relayer of VM `vm` sends it: with the handle that the SPMC gave, the
/// length of what is in TX, the sender. [DEN0077A 1.0 §12.2.3]
ffa::Regs expected_fragment(uint64_t handle, uint64_t length, uint16_t vm) {
  ffa::Regs in;
  in.x[0] = ffa::fid32(Fid::mem_frag_tx);
  in.x[1] = handle & 0xffffffff;
  in.x[2] = handle >> 32;
  in.x[3] = length;
  in.x[4] = uint64_t{vm} << 16;
  return in;
}

uint64_t count_pages(const std::vector<PageRun>& runs) {
  uint64_t pages = 0;
  for (const PageRun& run : runs) pages += run.pages;
  return pages;
}

/// The first `pages` pages; ranges without any go.
std::vector<PageRun> first_pages(const std::vector<PageRun>& runs, uint64_t pages) {
  std::vector<PageRun> first;
  for (const PageRun& run : runs) {
    const uint64_t some = std::min(run.pages, pages);
    if (some != 0) first.push_back({run.address, some});
    pages -= some;
  }
  return first;
}

/// Of two sends that are not both complete: what both have told so far.
void cut_to_common(Descriptor& a, Descriptor& b) {
  const uint64_t pages = std::min(count_pages(a.ranges), count_pages(b.ranges));
  for (Descriptor* const one : {&a, &b}) {
    one->ranges = first_pages(one->ranges, pages);
    one->problems.clear();
  }
}

}  // namespace

void RelayedCalls::compare(Comparison& comparison, const Subject& subject, const Event& captured,
                           const Window& window) {
  const Subject inner = of_record(subject, captured);
  const auto sent = captured_.note(captured, header_layout(subject.guest_version));
  if (!sent) return compare_other(comparison, inner, captured, window);
  const auto [at, begins] = sends_.try_emplace(sent->first_seq);
  Send& send = at->second;
  if (begins) {
    send.subject = inner;
    send.vm = captured.vm;
    send.call = captured.in;
  }
  send.captured = *sent;
  for (const Asked& asked : window.asked) {
    if (is_memory_send(asked.in) || is(asked.in, Fid::mem_frag_tx)) {
      compare_part(comparison, inner, send, asked, window.layout());
    } else if (is_passed_on(asked.in)) {
      extra(comparison, inner, asked);
    }
  }
  if (sent->open) return;
  compare_whole(comparison, send);
  sends_.erase(at);
}

/// One call of ours that a send, or a part of it, goes to the SPMC with.
void RelayedCalls::compare_part(Comparison& comparison, const Subject& subject, Send& send,
                                const Asked& asked, HeaderLayout layout) {
  const bool begins = is_memory_send(asked.in);
  Event event;
  event.side = sim::trace::Side::spmc;
  event.seq = send.subject.event;
  event.in = asked.in;
  event.out = asked.out;
  event.tx = asked.tx;
  const auto ours = ours_.note(event, layout);
  const bool belongs = begins ? !send.ours && number_of(asked.in) == number_of(send.call)
                              : !ours->unknown && ours->first_seq == send.subject.event;
  if (!belongs) return extra(comparison, subject, asked);
  send.ours = ours;
  ffa::Regs expected = expected_fragment(dword(asked.in, 1), asked.tx.size(), send.vm);
  if (begins) {
    expected = send.call;
    // Of which width a memory send is, is a matter of what the SPMC has.
    expected.x[0] = asked.in.x[0];
  }
  for (unsigned i = 0; i < expected.x.size(); ++i) {
    if (begins && (i == 1 || i == 2)) continue;
    comparison.number(subject, "spmc-in", fmt::format("in.x{}", i), expected.x[i], asked.in.x[i],
                      subject.call.x[i] != asked.in.x[i]);
  }
  if (begins && !in_one_piece(*ours)) {
    comparison.number(subject, "spmc-in", "in.x2", asked.tx.size(), asked.in.x[2], true);
  }
}

/// Nothing more comes from the guest: both must have sent the same.
void RelayedCalls::compare_whole(Comparison& comparison, const Send& send) {
  const SentFragment& captured = send.captured;
  if (!send.ours) {
    if (!captured.complete) return;
    comparison.diverge(send.subject, "spmc-missing", "spmc call", call_text(send.call), "nothing");
    return;
  }
  const SentFragment& ours = *send.ours;
  if (captured.complete && !ours.complete && !ours.refused) {
    comparison.diverge(send.subject, "spmc-missing", "spmc call",
                       fmt::format("all {} bytes of it", ours.total),
                       fmt::format("{} bytes", ours.offset + ours.length));
  }
  auto expected = whole_descriptor(captured);
  auto actual = whole_descriptor(ours);
  if (in_one_piece(captured) && in_one_piece(ours)) {
    compare_lengths(comparison, send.subject, {captured.send, *captured.bytes},
                    {ours.send, *ours.bytes});
  } else if (captured.complete && ours.complete) {
    comparison.number(send.subject, "spmc-in", "in.x1", ours.bytes->size(), ours.send.x[1], true);
  } else {
    cut_to_common(expected, actual);
  }
  compare_descriptors(comparison, send.subject, expected, actual);
}

void RelayedCalls::finish(Comparison& comparison) {
  for (const auto& [seq, send] : sends_) compare_whole(comparison, send);
  sends_.clear();
}

}  // namespace ffa_trace
