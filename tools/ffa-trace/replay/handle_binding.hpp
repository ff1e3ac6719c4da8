// SPDX-License-Identifier: BSD-3-Clause
// Which handle of ours stands for which captured one, from a share to its reclaim, so that one
// handle that differs is one divergence and not a hundred. The guest passes handles on in registers
// that FF-A names, and in payloads where a table says so. docs/replay.md, "Handles".
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "ffa/regs.hpp"

namespace ffa_trace {

/// Payload words of direct requests that are a handle: where these registers have these values,
/// x<low> and x<low + 1> hold its halves.
struct PayloadHandle {
  std::map<unsigned, uint64_t> when;
  unsigned low = 0;
};

class HandleBinding {
 public:
  /// `payload` outlives this.
  explicit HandleBinding(const std::vector<PayloadHandle>& payload) : payload_(payload) {}

  /// Puts ours in place of captured handles in a call.
  void rewrite(ffa::Regs& in) const;
  /// Puts ours in place of the captured handle that the answer to a memory send gives.
  void rewrite_answer(const ffa::Regs& in, ffa::Regs& out) const;
  /// Learns from a call as it was made, with our handles, and the two answers: a memory send binds,
  /// with the first FFA_MEM_FRAG_RX or its success, a reclaim ends it.
  void follow(const ffa::Regs& in, const ffa::Regs& captured_out, const ffa::Regs& our_out);

 private:
  void rewrite_at(ffa::Regs& in, unsigned low) const;

  const std::vector<PayloadHandle>& payload_;
  std::map<uint64_t, uint64_t> to_ours_;  ///< those that differ
};

}  // namespace ffa_trace
