// SPDX-License-Identifier: BSD-3-Clause
// Without a hypervisor a call is at once what the SPMC was asked: the mediator must ask the same
// where it asks the same function, and pass on once what only the SPMC can do. What else it asks
// has no counterpart. A memory send is one, in however many calls its descriptor comes: the
// mediator may cut it elsewhere, and send its parts in other calls of the guest's. Holds the sends
// that are under way. docs/replay.md, "Without a hypervisor".
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "tools/ffa-trace/compare.hpp"
#include "tools/ffa-trace/transactions.hpp"

namespace ffa_trace {

class RelayedCalls {
 public:
  /// A guest call that is over, in the order in which they end. `captured`: with our handles.
  void compare(Comparison& comparison, const Subject& subject, const sim::trace::Event& captured,
               const Window& window);
  /// No more calls come.
  void finish(Comparison& comparison);

 private:
  /// A send, as far as both sides are.
  struct Send {
    Subject subject;  ///< of the call that began it
    uint16_t vm = 0;  ///< whose it is
    ffa::Regs call;   ///< with which the guest began it
    SentFragment captured;
    std::optional<SentFragment> ours;
  };

  void compare_part(Comparison& comparison, const Subject& subject, Send& send, const Asked& asked,
                    HeaderLayout layout);
  static void compare_whole(Comparison& comparison, const Send& send);

  TransactionTracker captured_;
  TransactionTracker ours_;
  std::map<uint64_t, Send> sends_;  ///< by the `seq` of the call that began it
};

}  // namespace ffa_trace
