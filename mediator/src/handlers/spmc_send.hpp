// SPDX-License-Identifier: BSD-3-Clause
// The way of a send to the SPMC: a descriptor of our own making, in as many fragments as it needs.
// The claim of the SPMC-facing TX page is dropped between them. What the SPMC answers is input: a
// handle, an offset or a function id that can't be right ends the send, and what the SPMC may then
// hold is taken back or, where that is not certain, quarantined. [DEN0077A 1.0 §11.1-11.3, §12.2]
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "core/memory_send.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls/memory.hpp"
#include "handlers/buffers.hpp"
#include "handlers/memory_pages.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// What the SPMC holds of a send that failed.
enum class SpmcHolds : uint8_t {
  nothing,
  half,    ///< some fragments: it waits for more
  all,     ///< the whole send
  unknown  ///< it may hold the pages under a handle that nobody knows
};
struct SendFailure {
  ffa::Status why;
  SpmcHolds holds = SpmcHolds::nothing;
};
using SendResult = ffa::Result<void, SendFailure>;

constexpr ffa::Fid send_fid(MemorySend kind) {
  switch (kind) {
    case MemorySend::share:
      return ffa::Fid::mem_share;
    case MemorySend::lend:
      return ffa::Fid::mem_lend;
    case MemorySend::donate:
      break;
  }
  return ffa::Fid::mem_donate;
}

/// True if a live share of another VM has this handle.
template <Platform P>
bool handle_is_foreign(MediatorState<P>& mediator, const VmContext<P>& owner, ffa::Handle handle) {
  bool foreign = false;
  mediator.vms.for_each([&](const VmSlot<P>& vm) {
    if (vm.context == nullptr || vm.context == &owner) return;
    const Guard guard(vm.context->memory_lock);
    foreign = foreign || vm.context->memory.shares.is_live(handle);
  });
  return foreign;
}

/// True if another live share than that in `slot`, of any VM, has this handle.
template <Platform P>
bool handle_is_live(MediatorState<P>& mediator, VmContext<P>& owner, ShareSlot slot,
                    ffa::Handle handle) {
  {
    const Guard guard(owner.memory_lock);
    if (owner.memory.shares.is_live(handle, slot)) return true;
  }
  return handle_is_foreign(mediator, owner, handle);
}

/// Counts the handle that the share in `slot` was just named by. False: another live share has it,
/// of any VM. Named before it looks: of two sends that got the same handle at once, at least one
/// sees it.
template <Platform P>
bool is_only_handle(MediatorState<P>& mediator, VmContext<P>& owner, ShareSlot slot,
                    ffa::Handle handle) {
  return mediator.handles.add(handle) || !handle_is_live(mediator, owner, slot, handle);
}

/// Sends part of one send: what `cursor` walks over. Its steps are inlined into each other: a short
/// send is one fragment, and would be mostly calls and copied results.
template <Platform P>
class SpmcSender {
 public:
  SpmcSender(CallContext<P>& call, IncomingSend& send, RunCursor<P> cursor)
      : call_(call),
        send_(send),
        cursor_(cursor),
        layout_(
            DescriptorLayout::make(call.mediator.spmc.version, send.transaction.receiver_count)),
        part_begin_(send.spmc.sent_bytes),
        cursor_at_(part_begin_) {}

  /// The descriptor will have `ranges` ranges. Rules: mem_descriptor_fits.
  [[gnu::always_inline]] Outcome<void> open(uint64_t ranges) {
    const SpmcLink<P>& spmc = call_.mediator.spmc;
    const uint64_t length = layout_.total_bytes(ranges);
    const bool one = length <= spmc.buffer_bytes;
    const bool fits = one || (length >> 32 == 0 && spmc.features.has(ffa::Fid::mem_frag_tx));
    FFA_CHECK(call_.rules.require(Rule::mem_descriptor_fits, fits));
    send_.spmc.ranges = static_cast<uint32_t>(ranges);
    send_.spmc.length_bytes = static_cast<uint32_t>(length);
    return {};
  }

  /// Sends everything up to where `ranges` more ranges end: exactly those that the cursor gives.
  [[gnu::always_inline]] SendResult send(uint32_t ranges) {
    SpmcSend& spmc = send_.spmc;
    const auto end = static_cast<uint32_t>(std::max(part_begin_, layout_.ranges_offset) +
                                           ranges * sizeof(ffa::wire::Constituent));
    part_end_ = end;
    while (spmc.sent_bytes < end) {  // bound: the fragments, and fragment_retries
      const uint32_t begin = spmc.sent_bytes;
      const uint32_t stop = std::min(end, begin + call_.mediator.spmc.buffer_bytes);
      Outcome<void> written;
      const ffa::Regs answer = send_fragment(begin, stop, written);
      if (!written.ok()) {
        return failure(written.error(), begin == 0 ? SpmcHolds::nothing : SpmcHolds::half);
      }
      FFA_CHECK(judge(answer, begin, stop));
    }
    return {};
  }

 private:
  static ffa::Error<SendFailure> failure(ffa::Status why, SpmcHolds holds) {
    return ffa::Error{SendFailure{why, holds}};
  }
  [[gnu::always_inline]] SendResult require(Rule rule, bool condition, SpmcHolds holds) {
    const auto checked = call_.rules.require(rule, condition);
    if (!checked.ok()) return failure(checked.error(), holds);
    return {};
  }

  /// Bytes [begin, stop) of the descriptor, and the call that they go with: its answer. Nothing was
  /// sent where `written` is not ok.
  [[gnu::always_inline]] ffa::Regs send_fragment(uint32_t begin, uint32_t stop,
                                                 Outcome<void>& written) {
    SpmcTx<P> tx{call_.mediator};
    written = write_fragment(tx, begin, stop);
    if (!written.ok()) [[unlikely]]
      return {};
    return call_.smc(begin == 0 ? first_call(stop) : next_call(stop - begin));
  }
  [[gnu::always_inline]] Outcome<void> write_fragment(SpmcTx<P>& tx, uint32_t begin,
                                                      uint32_t stop) {
    const uint32_t first = std::max(begin, layout_.ranges_offset);
    if (cursor_at_ != begin) {
      const uint32_t origin = std::max(part_begin_, layout_.ranges_offset);
      FFA_CHECK(cursor_.seek((first - origin) / sizeof(ffa::wire::Constituent)));
    }
    cursor_at_ = stop;
    DescriptorPart part;
    if (begin == 0) {
      part.add_head(send_.transaction, call_.mediator.spmc.version, send_.spmc.ranges,
                    send_.spmc.handle == ffa::invalid_handle ? ffa::Handle{} : send_.spmc.handle);
    }
    FFA_CHECK(write_part(tx, part, stop - begin));
    if (stop != part_end_) return {};
    std::array<ffa::wire::Constituent, 1> behind{};
    FFA_TRY(const size_t more, cursor_.next(behind));
    return call_.rules.require(Rule::mem_pages_pinned, more == 0);
  }
  /// What is in `part`, and ranges behind it up to `length`.
  [[gnu::always_inline]] Outcome<void> write_part(SpmcTx<P>& tx, DescriptorPart& part,
                                                  uint32_t length) {
    uint32_t offset = 0;
    do {  // bound: the ranges
      const uint32_t left = length - offset - part.size();
      const size_t count =
          std::min<size_t>(DescriptorPart::max_ranges, left / sizeof(ffa::wire::Constituent));
      FFA_TRY(const size_t filled, cursor_.next(part.add_ranges(count)));
      FFA_CHECK(call_.rules.require(Rule::mem_pages_pinned, filled == count));
      tx.write(offset, part.bytes());
      offset += part.size();
      part.clear();
    } while (offset < length);
    return {};
  }
  [[gnu::always_inline]] ffa::Regs first_call(uint32_t fragment) const {
    const ffa::Fid fid = send_fid(send_.kind);
    const bool has_64 = call_.mediator.spmc.features.has(ffa::fid64(fid));
    ffa::Regs regs = ffa::MemShare{.total_length_bytes = send_.spmc.length_bytes,
                                   .fragment_length_bytes = fragment}
                         .encode();
    regs.x[0] = has_64 ? ffa::fid64(fid) : ffa::fid32(fid);  // the three differ in nothing else
    return regs;
  }
  ffa::Regs next_call(uint32_t fragment) const {
    return ffa::MemFragTx{send_.spmc.handle, fragment, call_.vm.id()}.encode();
  }

  [[gnu::always_inline]] SendResult judge(const ffa::Regs& answer, uint32_t begin, uint32_t stop) {
    const SpmcHolds before = begin == 0 ? SpmcHolds::unknown : SpmcHolds::half;
    switch (kind_of(answer)) {
      case AnswerKind::error:
        return judge_error(ffa::error_status(answer), begin);
      case AnswerKind::success:
        return judge_success(ffa::MemSendSuccess::decode(answer)->handle, stop);
      case AnswerKind::mem_frag_rx:
        return judge_request(answer, begin, stop);
      default:
        return require(Rule::mem_answer_expected, false, before);
    }
  }
  /// BUSY and RETRY in the middle: the same fragment again.
  SendResult judge_error(ffa::Status status, uint32_t begin) {
    const bool later = status == ffa::Status::busy || status == ffa::Status::retry;
    if (begin == 0) return failure(status, SpmcHolds::nothing);
    if (later && may_retry()) return {};
    const bool ended = !later && call_.mediator.config.refused_fragment_ends_send;
    return failure(status, ended ? SpmcHolds::nothing : SpmcHolds::half);
  }
  [[gnu::always_inline]] SendResult judge_success(ffa::Handle handle, uint32_t stop) {
    FFA_CHECK(
        require(Rule::mem_answer_handle_valid, handle != ffa::invalid_handle, SpmcHolds::unknown));
    const bool same = send_.spmc.handle == ffa::invalid_handle || send_.spmc.handle == handle;
    FFA_CHECK(require(Rule::mem_answer_same_handle, same,
                      same ? SpmcHolds::all : adopt(handle, SpmcHolds::all)));
    FFA_CHECK(learn(handle, SpmcHolds::all));
    FFA_CHECK(require(Rule::mem_answer_complete, stop == send_.spmc.length_bytes, SpmcHolds::all));
    send_.spmc.sent_bytes = stop;
    return {};
  }
  SendResult judge_request(const ffa::Regs& answer, uint32_t begin, uint32_t stop) {
    const SpmcHolds before = begin == 0 ? SpmcHolds::unknown : SpmcHolds::half;
    const auto request = ffa::MemFragRx::decode(answer);
    FFA_CHECK(require(Rule::mem_answer_expected, request.ok(), before));
    FFA_CHECK(
        require(Rule::mem_answer_handle_valid, request->handle != ffa::invalid_handle, before));
    if (begin == 0) send_.spmc.sent_bytes = stop;
    const bool same =
        send_.spmc.handle == ffa::invalid_handle || send_.spmc.handle == request->handle;
    FFA_CHECK(require(Rule::mem_answer_same_handle, same,
                      begin == 0 && !same ? adopt(request->handle, SpmcHolds::half) : before));
    FFA_CHECK(learn(request->handle, SpmcHolds::unknown));
    const bool named =
        request->endpoint == ffa::hypervisor_id || request->endpoint == call_.vm.id();
    FFA_CHECK(require(Rule::mem_answer_sender, named, SpmcHolds::half));
    return judge_offset(request->fragment_offset_bytes, begin, stop);
  }
  /// A handle that is not the one that it should be: what the SPMC holds under it is to be taken
  /// back, unless another share has it.
  SpmcHolds adopt(ffa::Handle handle, SpmcHolds holds) {
    if (handle_is_live(call_.mediator, call_.vm, send_.slot, handle)) return SpmcHolds::unknown;
    send_.spmc.handle = handle;
    return holds;
  }
  /// Onward, or back to a range of the part at hand: an SPMC may take less than it was sent.
  SendResult judge_offset(uint32_t wanted, uint32_t begin, uint32_t stop) {
    const uint32_t lowest = std::max(part_begin_, layout_.ranges_offset);
    const bool onward = wanted == stop && stop < send_.spmc.length_bytes;
    const bool back = wanted >= lowest && wanted < stop && wanted % 16 == 0;
    const bool allowed = onward || (back && (wanted > std::max(begin, lowest) || may_retry()));
    FFA_CHECK(require(Rule::mem_answer_offset, allowed, SpmcHolds::half));
    send_.spmc.sent_bytes = wanted;
    return {};
  }
  bool may_retry() {
    cursor_at_ = 0;  // what was written is to be written again
    return ++send_.spmc.retries <= call_.mediator.config.fragment_retries;
  }
  /// Names the share by its handle.
  [[gnu::always_inline]] SendResult learn(ffa::Handle handle, SpmcHolds holds) {
    if (send_.spmc.handle == handle) return {};
    send_.spmc.handle = handle;
    {
      const Guard guard(call_.vm.memory_lock);
      call_.vm.memory.shares.name(send_.slot, handle);
    }
    const bool only = is_only_handle(call_.mediator, call_.vm, send_.slot, handle);
    return require(Rule::mem_answer_handle_unused, only, holds);
  }

  CallContext<P>& call_;
  IncomingSend& send_;
  RunCursor<P> cursor_;
  DescriptorLayout layout_;
  uint32_t part_begin_;  ///< where the part at hand begins in the descriptor
  uint32_t part_end_ = 0;
  uint32_t cursor_at_;  ///< where the cursor stands
};

/// What one SMC has made of a send that the SPMC has half. `later`: it asks for patience; `kept`:
/// it may still be there.
enum class HalfSend : uint8_t { again, later, gone, kept };

template <Platform P>
void begin_drop(VmContext<P>& vm, ShareSlot slot) {
  const Guard guard(vm.memory_lock);
  vm.memory.shares.begin_drop(slot);
}

/// Makes the SPMC drop a send that it has half, one SMC a step. No SPMC lets a hypervisor reclaim
/// one, but each drops it when its ranges turn out wrong: the rest is sent as ranges without a
/// page, which can't add up and give nothing away. Bound: each step takes from what is left or from
/// the retries.
template <Platform P>
HalfSend step_half_send(MediatorState<P>& mediator, VmContext<P>& vm, ShareSlot slot,
                        SpmcSend& send) {
  constexpr uint32_t range_bytes = sizeof(ffa::wire::Constituent);
  if (!std::exchange(send.ending, true)) {
    begin_drop(vm, slot);
    send.retries = 0;
    send.sent_bytes = std::min(send.sent_bytes, send.length_bytes - range_bytes);
  }
  const uint32_t left = send.length_bytes - send.sent_bytes;
  const uint32_t length = std::min(left, mediator.spmc.buffer_bytes);
  ffa::Regs answer;
  {
    SpmcTx<P> tx{mediator};
    tx.clear(length);
    answer = mediator.smc(vm.id(), ffa::MemFragTx{send.handle, length, vm.id()}.encode());
  }
  const AnswerKind kind = kind_of(answer);
  const ffa::Status status = status_of(answer);
  const bool later = status == ffa::Status::busy || status == ffa::Status::retry;
  if (kind == AnswerKind::error && !later) return HalfSend::gone;
  if (kind != AnswerKind::error && kind != AnswerKind::mem_frag_rx) return HalfSend::kept;
  const bool taken = kind == AnswerKind::mem_frag_rx && left > length;
  if (taken) send.sent_bytes += length;
  if (!taken && send.retries++ >= mediator.config.fragment_retries) return HalfSend::kept;
  return later ? HalfSend::later : HalfSend::again;
}

/// Nothing of a send remains here; or, if something may remain at the SPMC, the share is
/// quarantined: its pages stay pinned and it counts against the VM's quota for good.
template <Platform P>
void settle_send(MediatorState<P>& mediator, VmContext<P>& vm, ShareSlot slot, bool gone) {
  if (gone) return release_share(mediator, vm, slot);
  quarantine_share(mediator, vm, slot);
  mediator.platform.log(LogLevel::warning, "ffa: the SPMC may keep the pages of a failed send");
}

/// Ends a send that failed, also at the SPMC.
template <Platform P>
[[gnu::noinline]] void drop_send(MediatorState<P>& mediator, VmContext<P>& vm,
                                 const IncomingSend& send, SpmcHolds holds) {
  bool gone = holds == SpmcHolds::nothing;
  const bool ended_there = gone && send.spmc.sent_bytes != 0;
  if (holds == SpmcHolds::half) {
    SpmcSend half = send.spmc;
    HalfSend step = HalfSend::again;
    while (step == HalfSend::again || step == HalfSend::later) {
      step = step_half_send(mediator, vm, send.slot, half);
    }
    gone = step == HalfSend::gone;
  }
  if (holds == SpmcHolds::all || ended_there) begin_drop(vm, send.slot);
  if (holds == SpmcHolds::all) {
    const ffa::Regs request = ffa::MemReclaim{.handle = send.spmc.handle}.encode();
    gone = kind_of(mediator.smc(vm.id(), request)) == AnswerKind::success;
  }
  settle_send(mediator, vm, send.slot, gone);
}

}  // namespace mediator
