// SPDX-License-Identifier: BSD-3-Clause
// Which rows make one call. Where that is not sure, the call stays without a return and the answer
// is counted: nothing is invented. The rules are docs/import.md, "Pairing".
#pragma once

#include <memory>
#include <optional>

#include "tools/ffa-trace/import/call_log.hpp"
#include "tools/ffa-trace/import/counts.hpp"
#include "tools/ffa-trace/import/format.hpp"

namespace ffa_trace {

class Pairing {
 public:
  virtual ~Pairing() = default;
  virtual void take(const Row& row) = 0;
  /// Rows may be missing here, on this CPU or on any: what is open may have been answered by them.
  virtual void restart(std::optional<uint16_t> cpu) = 0;
};

/// Both outlive the pairing.
std::unique_ptr<Pairing> make_pairing(Pairs pairs, CallLog& log, ImportCounts& counts);
std::unique_ptr<Pairing> make_task_pairing(CallLog& log, ImportCounts& counts);
std::unique_ptr<Pairing> make_monitor_pairing(Pairs pairs, CallLog& log, ImportCounts& counts);

}  // namespace ffa_trace
