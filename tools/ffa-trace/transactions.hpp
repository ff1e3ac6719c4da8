// SPDX-License-Identifier: BSD-3-Clause
// Memory transactions across calls: a descriptor that comes in fragments is one descriptor. Used by
// decode, stat and diff. Holds what is unfinished, nothing else. [DEN0140 §1.12, DEN0077A §16.1]
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sim/trace/event.hpp"
#include "tools/ffa-trace/descriptor.hpp"

namespace ffa_trace {

/// What one call sent: bytes [offset, offset + length) of a descriptor of `total` bytes.
struct SentFragment {
  uint64_t handle = 0;     ///< 0: none was given yet
  uint64_t first_seq = 0;  ///< of the call that began the transaction
  ffa::Regs send;          ///< its registers
  uint64_t total = 0;
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t fragments = 0;  ///< with this one
  bool complete = false;   ///< the callee has the whole descriptor and gave the handle
  bool refused = false;    ///< the callee answered with an error
  bool open = false;       ///< the callee expects (the rest of) a fragment
  bool unknown = false;    ///< an FFA_MEM_FRAG_TX whose beginning is not in the trace
  /// All bytes so far; fewer than offset + length where the trace does not have them. Good until
  /// the next event: the fragments of a transaction share them.
  std::shared_ptr<std::vector<uint8_t>> bytes;
  HeaderLayout layout = HeaderLayout::v1_1;
  [[nodiscard]] bool has_bytes() const {
    return bytes && !bytes->empty() && bytes->size() == offset + length;
  }
};

class TransactionTracker {
 public:
  /// Events of one trace, in order. Nothing for calls that send no descriptor.
  std::optional<SentFragment> note(const sim::trace::Event& event, HeaderLayout layout);
  /// Transactions that were begun and neither completed nor refused.
  [[nodiscard]] size_t unfinished() const { return open_.size(); }

 private:
  using Key = std::tuple<sim::trace::Side, uint16_t, uint64_t>;  ///< side, VM, handle
  SentFragment begin(const sim::trace::Event& event, HeaderLayout layout);
  SentFragment go_on(const sim::trace::Event& event);
  void settle(const sim::trace::Event& event, SentFragment& sent);

  std::map<Key, SentFragment> open_;
};

/// True for FFA_MEM_DONATE, LEND and SHARE.
bool begins_transaction(const ffa::Regs& in);

/// "bytes 4096 to 8191 of 8272".
std::string place_words(const SentFragment& sent);

/// All fragments so far as one descriptor; total pages and ranges as declared.
Descriptor whole_descriptor(const SentFragment& sent);

}  // namespace ffa_trace
