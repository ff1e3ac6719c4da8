// SPDX-License-Identifier: BSD-3-Clause
// Counts a trace, event by event. Holds the figures, the live handles, the calls that are open and
// the unfinished transactions; never events.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "ffa/types.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/stat/stat_figures.hpp"
#include "tools/ffa-trace/transactions.hpp"

namespace ffa_trace {

/// Which handles are live, and what is done to them wrongly. One for each side of a trace. A share
/// counts from its return on, a reclaim from its call on: a handle that is reused at once, by
/// another vCPU, is then seen in the right order.
class HandleBook {
 public:
  static constexpr size_t remembered = 1024;  ///< reclaimed handles
  struct Live {
    uint16_t vm = 0;
    uint64_t seq = 0;
    uint64_t pages = 0;
  };
  /// All shares that returned before `seq` count from now on.
  void advance(uint64_t seq);
  void shared(uint64_t seq_ret, uint64_t handle, const Live& live);
  enum class Reclaim : uint8_t { live, twice, unknown };
  Reclaim reclaimed(uint64_t handle);
  /// As reclaimed(), by another side; false: it was not live here.
  bool forget(uint64_t handle);
  [[nodiscard]] const std::map<uint64_t, Live>& live() const { return live_; }
  /// How often a share got the number of a handle that was live: its old transaction is forgotten.
  [[nodiscard]] uint64_t given_while_live() const { return given_while_live_; }

 private:
  std::multimap<uint64_t, std::pair<uint64_t, Live>> coming_;  ///< by seq_ret
  std::map<uint64_t, Live> live_;
  uint64_t given_while_live_ = 0;
  std::deque<uint64_t> dead_;  ///< the last reclaimed ones, oldest first
};

class Statistics {
 public:
  void note(const sim::trace::Event& event);
  /// After the last event.
  Figures finish();

 private:
  using ThreadKey = std::tuple<sim::trace::Side, uint16_t, uint16_t, uint32_t>;
  void count_call(const sim::trace::Event& event, SideFigures& side);
  void note_transaction(const sim::trace::Event& event, SideFigures& side);
  void note_reclaim(const sim::trace::Event& event, SideFigures& side);
  void note_direct(const sim::trace::Event& event, SideFigures& side);
  void note_optee(const sim::trace::Event& event, SideFigures& side);
  HeaderLayout layout_of(const sim::trace::Event& event);

  Figures figures_;
  TransactionTracker transactions_;
  std::map<std::string, HandleBook> books_;
  std::map<uint32_t, ffa::Version> versions_;
  /// Preempted: by side, VM, vCPU (or partition and thread of OP-TEE).
  std::map<ThreadKey, Outstanding> requests_;
  std::map<ThreadKey, Outstanding> threads_;
};

/// A table for people.
std::string stat_text(const std::string& file, const Figures& figures);
/// One JSON object without newline.
std::string stat_json(const std::string& file, const Figures& figures);

}  // namespace ffa_trace
