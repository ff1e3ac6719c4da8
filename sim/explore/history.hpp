// SPDX-License-Identifier: BSD-3-Clause
// What the calls of one run were answered, and which of them were over before others began: all
// that an explanation of the run has to agree with. Handles have names by the call that brought
// them, since the SPMC numbers them in the order in which it is asked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/engine/call_watch.hpp"
#include "sim/engine/simulation.hpp"

namespace sim::explore {

/// Digests of an answer, handles under their names.
struct AnswerDigest {
  uint64_t value = 0;  ///< registers, or what the host was told
  /// What it wrote to RX; 0: nothing, or the trace does not tell, since the call that maps RX had
  /// not returned.
  uint64_t rx = 0;
};
/// Nothing that both tell differs.
constexpr bool agree(const AnswerDigest& a, const AnswerDigest& b) {
  return a.value == b.value && (a.rx == b.rx || a.rx == 0 || b.rx == 0);
}

/// One call of a vCPU, operation of the host, or what a guest does between two calls. An operation
/// that the host tried again since it was told so is one with what it was tried again as.
struct HistoryEntry {
  WatchedCall call;
  bool between_calls = false;
  uint64_t begin = 0;  ///< from one counter, which `end` is from as well
  uint64_t end = 0;    ///< 0: it has not returned
  AnswerDigest answer{};
  bool later = false;     ///< it goes on with the thread's next call
  ffa::Regs out{};        ///< of a vCPU's call
  uint16_t named_vm = 0;  ///< in TX: FFA_MSG_SEND2's receiver, FFA_MEM_RETRIEVE_REQ's sender
  std::string text{};     ///< of the host; of a call that was not made, why
};

/// "1.0 FFA_RX_RELEASE"
std::string who_does_what(const HistoryEntry& entry);
/// "DENIED", "SUCCESS", "restart"
std::string answer_text(const HistoryEntry& entry);

/// Names handles in the order in which answers bring them.
class HandleNames {
 public:
  void clear() { names_.clear(); }
  /// Of the answer to the `number`th call of its thread.
  AnswerDigest digest(const WatchedCall& call, uint64_t number, const WatchedAnswer& answer);

 private:
  uint64_t name(uint64_t handle) const;
  std::map<uint64_t, uint64_t> names_;  // by handle
};

/// The state of a world, in parts that are each called by a name: what each VM has in the mediator,
/// its pins and stage 2, and what the SPMC keeps. Without handles.
struct StatePart {
  enum class What : uint8_t { mediator, pins, stage2, spmc_vm, spmc };
  What what;
  uint16_t vm = 0;
  uint64_t digest = 0;
  friend bool operator==(const StatePart&, const StatePart&) = default;
};
using WorldState = std::vector<StatePart>;
WorldState state_of(Simulation& simulation);
std::string name_of(const StatePart& part);

struct Phase {
  size_t first_thread = 0;
  size_t threads = 0;
  WorldState end;
};

/// A watch that writes down.
class History final : public CallWatch {
 public:
  void clear();

  void phase_begins(Simulation& simulation, size_t threads) override;
  void guest_goes_on(size_t thread) override;
  std::optional<ffa::Regs> call_begins(const WatchedCall& call) override;
  void call_ends(size_t thread, const WatchedAnswer& answer) override;
  void call_waits(size_t /*thread*/) override {}
  void call_goes_on(size_t /*thread*/) override {}
  void phase_ends(Simulation& simulation) override;

  [[nodiscard]] const std::vector<HistoryEntry>& entries() const { return entries_; }
  /// Numbers of the entries of each thread; of what runs beside no thread.
  [[nodiscard]] const std::vector<std::vector<size_t>>& threads() const { return threads_; }
  [[nodiscard]] const std::vector<size_t>& alone() const { return alone_; }
  [[nodiscard]] const std::vector<Phase>& phases() const { return phases_; }
  /// Equal for histories with the same answers and the same state at each end, whatever was over
  /// when.
  [[nodiscard]] uint64_t outcome() const;

 private:
  std::vector<size_t>& entries_of(size_t thread);

  std::vector<HistoryEntry> entries_;
  std::vector<std::vector<size_t>> threads_;
  std::vector<size_t> alone_;
  std::vector<Phase> phases_;
  HandleNames names_;
  uint64_t now_ = 0;
};

}  // namespace sim::explore
