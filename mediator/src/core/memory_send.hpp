// SPDX-License-Identifier: BSD-3-Clause
// A send on its way: what its descriptor says, which pages it has taken, how much of it the SPMC
// knows. Lives on the stack of the one call that carries it, or in the table of transfers of its VM
// while fragments are still to come. Core: no platform, no lock. [DEN0077A 1.0 §11.1-11.3, §12.2]
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/descriptor_writer.hpp"
#include "core/memory_transaction.hpp"
#include "core/share_table.hpp"

namespace mediator {

/// The SPMC's half of a send.
struct SpmcSend {
  /// Which handle the guest was told already, so that the SPMC's must be the same.
  ffa::Handle handle = ffa::invalid_handle;
  uint32_t ranges = 0;        ///< that the descriptor for the SPMC declares
  uint32_t length_bytes = 0;  ///< of that descriptor
  uint32_t sent_bytes = 0;    ///< of it that the SPMC has taken; 0: it was asked nothing yet
  uint32_t retries = 0;       ///< fragments that it asked for again
  bool ending = false;        ///< it is being made to drop it
};

struct IncomingSend {
  MemorySend kind = MemorySend::share;
  bool local = false;             ///< only VMs borrow: nothing goes to the SPMC
  bool writable = false;          ///< a receiver may write
  bool streamed = false;          ///< each fragment goes on to the SPMC as it comes
  MemoryTransaction transaction;  ///< as the SPMC is told: without receivers that are VMs
  ShareSlot slot = no_share;
  uint64_t pages = 0;  ///< of the ranges entered so far
  uint32_t runs = 0;   ///< physically contiguous runs that are complete
  RunMerger merger;    ///< the run that may still grow
  SpmcSend spmc;
};

/// A send whose fragments are still coming.
struct Transfer {
  enum class State : uint8_t { vacant, idle, busy };  ///< busy: a call is working on it
  State state = State::vacant;
  uint64_t last_used = 0;  ///< larger: used later
  uint32_t total_bytes = 0;
  uint32_t received_bytes = 0;
  IncomingSend send;
};

/// The transfers of one VM. Needs the VM's memory lock, but for what lies in a busy transfer: that
/// belongs to the call that made it busy.
class TransferTable {
 public:
  TransferTable() = default;
  explicit TransferTable(std::span<Transfer> places) : places_(places) {}

  /// A place to use, now busy: a vacant one, else the idle one that was used longest ago, whose
  /// send the caller gives up first. Nothing: other calls are working on all of them.
  [[nodiscard]] std::optional<uint16_t> take() {
    std::optional<uint16_t> best;
    for (uint16_t n = 0; n < places_.size(); ++n) {
      const Transfer& here = places_[n];
      if (here.state == Transfer::State::busy) continue;
      if (!best || order(here) < order(places_[*best])) best = n;
    }
    if (best) places_[*best].state = Transfer::State::busy;
    return best;
  }
  /// Makes this place busy if it is idle.
  [[nodiscard]] bool resume(uint16_t place) {
    if (places_[place].state != Transfer::State::idle) return false;
    places_[place].state = Transfer::State::busy;
    return true;
  }
  /// busy -> idle, as the one used last.
  void put_back(uint16_t place) {
    places_[place].state = Transfer::State::idle;
    places_[place].last_used = ++clock_;
  }
  /// busy -> vacant.
  void vacate(uint16_t place) { places_[place] = Transfer{}; }
  /// An idle one, now busy; nothing where none is left.
  [[nodiscard]] std::optional<uint16_t> take_idle() {
    for (uint16_t n = 0; n < places_.size(); ++n) {
      if (resume(n)) return n;
    }
    return std::nullopt;
  }
  [[nodiscard]] Transfer& operator[](uint16_t place) { return places_[place]; }

 private:
  static uint64_t order(const Transfer& transfer) {
    return transfer.state == Transfer::State::vacant ? 0 : transfer.last_used;
  }

  std::span<Transfer> places_;
  uint64_t clock_ = 0;
};

}  // namespace mediator
