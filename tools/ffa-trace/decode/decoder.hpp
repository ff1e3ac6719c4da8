// SPDX-License-Identifier: BSD-3-Clause
// Turns events into lines of text. Remembers what a line depends on: the versions that were
// negotiated, which fix the layout of descriptors, and the guest calls that are open, which SPMC
// calls are nested in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ffa/types.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/transactions.hpp"

namespace ffa_trace {

/// One event in words.
struct Decoded {
  bool nested = false;   ///< an SPMC call inside a guest call of the same pCPU
  std::string who;       ///< "vm1.0", "spmc", "host"
  std::string function;  ///< "FFA_MEM_SHARE_64"
  std::string call;      ///< its arguments
  std::string reply;
  bool failed = false;  ///< the reply is an error
  std::vector<std::string> details;
};

class Decoder {
 public:
  /// Events of one trace, in order.
  Decoded decode(const sim::trace::Event& event);

 private:
  ffa::Version& version_of(const sim::trace::Event& event);
  bool note_nesting(const sim::trace::Event& event);
  void note_partitions(const sim::trace::Event& event);
  [[nodiscard]] bool may_be_optee(const ffa::Regs& in) const;

  std::map<uint32_t, ffa::Version> versions_;  ///< by VM; the SPMC's own key
  std::map<uint16_t, uint64_t> open_;          ///< pCPU: seq_ret of its open guest call
  std::map<uint16_t, bool> is_optee_;          ///< SPs whose UUID is known
  TransactionTracker transactions_;
};

/// One line for a terminal or a pipe, its details on lines of their own.
std::string to_text(const sim::trace::Event& event, const Decoded& decoded, bool full, bool colour);
/// One JSON object without newline.
std::string to_json(const sim::trace::Event& event, const Decoded& decoded);
/// `text` as a JSON string with its quotes.
std::string json_string(const std::string& text);

}  // namespace ffa_trace
