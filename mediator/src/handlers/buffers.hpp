// SPDX-License-Identifier: BSD-3-Clause
// The only ways to foreign bytes: a snapshot of a VM's TX buffer, a writer into its RX buffer, a
// claim of the page through which the mediator talks to the SPMC. [DEN0077A 1.2 chapter 7]
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/assert.hpp"
#include "core/snapshot.hpp"
#include "core/spmc_answer.hpp"
#include "ffa/calls.hpp"
#include "handlers/state.hpp"

namespace mediator {

/// The TX claim of one call, which finds it `from`; given back at the end of the scope.
template <Platform P>
class TxClaim {
 public:
  explicit TxClaim(VmBuffers<P>& buffers, TxState from = TxState::free)
      : buffers_(buffers), from_(from) {
    auto expected = static_cast<uint32_t>(from);
    if (buffers_.tx.compare_exchange(expected, static_cast<uint32_t>(TxState::claimed))) {
      expected = static_cast<uint32_t>(TxState::claimed);
      held_ = true;
    }
    found_ = static_cast<TxState>(expected);
  }
  ~TxClaim() { give_back(from_); }
  TxClaim(const TxClaim&) = delete;
  TxClaim& operator=(const TxClaim&) = delete;

  [[nodiscard]] bool mapped() const { return found_ != TxState::unmapped; }
  [[nodiscard]] bool held() const { return held_; }
  void give_back(TxState state) {
    if (held_) buffers_.tx.store(static_cast<uint32_t>(state));
    held_ = false;
  }

 private:
  VmBuffers<P>& buffers_;
  const TxState from_;
  TxState found_{};
  bool held_ = false;
};

/// A private copy of the first `length` bytes of the caller's TX buffer, made in one go into the
/// message buffer of its vCPU, valid until the call ends. Rules: `mapped` (what a missing buffer
/// means differs by call), tx_free, tx_length.
template <Platform P>
Outcome<Snapshot> snapshot_tx(CallContext<P>& call, uint32_t length, Rule mapped) {
  TxClaim<P> claim{call.vm.buffers};
  FFA_CHECK(call.rules.require(mapped, claim.mapped()));
  FFA_CHECK(call.rules.require(Rule::tx_free, claim.held()));
  FFA_CHECK(call.rules.require(Rule::tx_length, length <= call.vm.buffers.size_bytes()));
  const std::span<std::byte> copy = call.vcpu_state().message.first(length);
  call.platform().copy_in(call.vm.buffers.tx_buffer, 0, copy);
  return Snapshot{copy};
}

/// Moves RX along `event` and says from where. Nothing: the state machine refuses it.
template <Platform P>
std::optional<RxState> move_rx(VmBuffers<P>& buffers, RxEvent event) {
  uint32_t state = buffers.rx.load();
  // Bound: another vCPU's step makes the exchange fail, and then the event mostly is refused.
  for (unsigned attempt = 0; attempt < 2 * rx_states; ++attempt) {
    const auto from = static_cast<RxState>(state);
    const auto next = next_state(from, event);
    if (!next) return std::nullopt;
    if (buffers.rx.compare_exchange(state, static_cast<uint32_t>(*next))) return from;
  }
  return std::nullopt;
}

/// The VM's RX, which is `producing`, goes back to the SPMC. Where that refuses time and again, it
/// still counts RX as taken; the next call that needs it tries again first.
template <Platform P>
ffa::Status return_rx(CallContext<P>& call, VmContext<P>& vm) {
  constexpr unsigned attempts = 3;
  const auto release = [&] {
    return expect_success(call.smc(ffa::RxRelease{vm.id()}.encode())).error();
  };
  const ffa::Status first = release();
  ffa::Status status = first;
  for (unsigned attempt = 1; attempt < attempts && status != ffa::Status::success; ++attempt) {
    status = release();
    // It had taken RX back, though its answer was another one.
    const bool had = first != ffa::Status::denied && status == ffa::Status::denied;
    if (had) status = ffa::Status::success;
  }
  vm.buffers.rx_unreturned = status != ffa::Status::success;
  return status;
}

/// The caller gives its RX back, if it owns it; the SPMC has the last word where it knows the
/// buffer. DENIED: the caller does not own it; else what the SPMC answered.
template <Platform P>
ffa::Result<void> give_back_rx(CallContext<P>& call) {
  VmBuffers<P>& buffers = call.vm.buffers;
  if (!shares_buffers(call.mediator, call.vm)) {
    if (move_rx(buffers, RxEvent::release)) return {};
    return ffa::Error{ffa::Status::denied};
  }
  const auto from = move_rx(buffers, RxEvent::hand_back);
  if (!from) return ffa::Error{ffa::Status::denied};
  const bool none = buffers.rx_unreturned;  // then no SP can have filled it
  const ffa::Status status =
      none ? return_rx(call, call.vm)
           : expect_success(call.smc(ffa::RxRelease{call.vm.id()}.encode())).error();
  const bool refused = status != ffa::Status::success;
  const bool stays = refused && *from == RxState::vm_owned;
  FFA_ASSERT(move_rx(buffers, stays ? RxEvent::deliver : RxEvent::give));
  if (refused) return ffa::Error{status};
  if (none) return ffa::Error{ffa::Status::denied};
  return {};
}

/// The caller has said that it does not need its RX any more, and won't again.
template <Platform P>
void drop_rx(CallContext<P>& call) {
  VmBuffers<P>& buffers = call.vm.buffers;
  if (give_back_rx(call).ok() || !shares_buffers(call.mediator, call.vm)) return;
  const auto from = move_rx(buffers, RxEvent::hand_back);
  if (!from) return;
  if (*from == RxState::vm_owned) (void)return_rx(call, call.vm);
  FFA_ASSERT(move_rx(buffers, RxEvent::give));
}

/// Fills a VM's RX buffer: the caller's, or that of a VM that it holds a reference to. acquire(),
/// write()…, finish(); without finish() the buffer is free again. No lock may be held where it
/// acquires or ends: a buffer that the SPMC knows is taken from it and given back.
template <Platform P>
class RxWriter {
 public:
  explicit RxWriter(CallContext<P>& call) : RxWriter(call, call.vm) {}
  RxWriter(CallContext<P>& call, VmContext<P>& vm) : call_(call), vm_(vm), buffers_(vm.buffers) {}
  ~RxWriter() {
    if (!held_) return;
    if (shared_ && return_rx(call_, vm_) != ffa::Status::success) {
      call_.platform().log(LogLevel::warning, "ffa: the SPMC does not take a VM's RX buffer back");
    }
    move_rx(buffers_, shared_ ? RxEvent::give : RxEvent::abandon);
  }
  RxWriter(const RxWriter&) = delete;
  RxWriter& operator=(const RxWriter&) = delete;

  /// `rule` rejects, also where nothing is mapped.
  [[nodiscard]] Outcome<void> acquire(Rule rule = Rule::rx_free) {
    FFA_CHECK(call_.rules.require(rule, move_rx(buffers_, RxEvent::acquire).has_value()));
    shared_ = shares_buffers(call_.mediator, vm_);  // it is mapped, so its version stays
    if (shared_) {
      if (buffers_.rx_unreturned) (void)return_rx(call_, vm_);
      const auto acquired = expect_success(call_.smc(ffa::RxAcquire{vm_.id()}.encode()));
      if (!acquired.ok()) {
        move_rx(buffers_, RxEvent::give);
        // DENIED: there is a message of an SP in it.
        FFA_CHECK(call_.rules.require(rule, acquired.error() != ffa::Status::denied));
        return relay(acquired.error());
      }
      buffers_.rx_unreturned = false;
    }
    held_ = true;
    return {};
  }
  /// The buffer goes instead of being filled.
  void unmap() {
    FFA_ASSERT(held_ && move_rx(buffers_, RxEvent::unmap));
    held_ = false;
  }
  [[nodiscard]] uint32_t size_bytes() const { return buffers_.size_bytes(); }
  /// `bytes` fit: the caller compared with size_bytes().
  void write(uint32_t offset, std::span<const std::byte> bytes) {
    FFA_ASSERT(held_ && offset <= size_bytes() && bytes.size() <= size_bytes() - offset);
    call_.platform().copy_out(buffers_.rx_buffer, offset, bytes);
  }
  /// The first `length` bytes are the message; the rest is zeroed; the VM owns the buffer.
  void finish(uint32_t length) {
    FFA_ASSERT(held_ && length <= size_bytes());
    if (length < size_bytes()) {
      call_.platform().clear(buffers_.rx_buffer, length, size_bytes() - length);
    }
    held_ = false;
    FFA_ASSERT(move_rx(buffers_, RxEvent::deliver));
  }

 private:
  CallContext<P>& call_;
  VmContext<P>& vm_;
  VmBuffers<P>& buffers_;
  bool shared_ = false;  ///< with the SPMC
  bool held_ = false;
};

/// The claim of the page through which descriptors reach the SPMC. Held across the SMC that sends
/// it, dropped between fragments.
template <Platform P>
class FFA_SCOPED SpmcTx {
 public:
  explicit SpmcTx(MediatorState<P>& mediator) FFA_ACQUIRE(mediator.spmc.tx_lock)
      : mediator_(mediator) {
    mediator_.spmc.tx_lock.lock();
  }
  ~SpmcTx() FFA_RELEASE() { mediator_.spmc.tx_lock.unlock(); }
  SpmcTx(const SpmcTx&) = delete;
  SpmcTx& operator=(const SpmcTx&) = delete;

  [[nodiscard]] uint32_t size_bytes() const { return mediator_.spmc.buffer_bytes; }
  /// `bytes` fit: the caller compared with size_bytes().
  void write(uint32_t offset, std::span<const std::byte> bytes) {
    FFA_ASSERT(offset <= size_bytes() && bytes.size() <= size_bytes() - offset);
    mediator_.platform.copy_out(mediator_.spmc.buffers.tx.id, offset, bytes);
  }
  /// The first `length` bytes become zero; at most size_bytes().
  void clear(uint32_t length) { mediator_.platform.clear(mediator_.spmc.buffers.tx.id, 0, length); }

 private:
  MediatorState<P>& mediator_;
};

}  // namespace mediator
