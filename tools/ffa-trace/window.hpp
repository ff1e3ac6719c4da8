// SPDX-License-Identifier: BSD-3-Clause
// The SPMC's side of one activity: a guest call, the creation or the end of a VM, an interrupt, the
// boot. It holds the SPMC calls that were recorded inside, as they come, and the requests that our
// mediator makes meanwhile.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/descriptor.hpp"

namespace ffa_trace {

/// A request that the mediator made, what it got, and which recorded call of the window that was;
/// none: the model's.
struct Asked {
  ffa::Regs in;
  ffa::Regs out;
  std::vector<uint8_t> tx;  ///< the mediator's own TX up to the fragment length
  std::vector<uint8_t> rx;  ///< partitions that the model listed
  std::optional<size_t> answer;
  bool from_model = false;  ///< `out` is the model's in a replay against it, stimuli apart
  uint32_t stimulus = 0;    ///< bit n: x<n> of `out` came from the capture
};

/// What makes two requests the same: all registers; of a memory send the descriptor's meaning
/// instead of its lengths, of a later fragment its pages besides.
std::string request_key(const ffa::Regs& in, const std::vector<uint8_t>& tx, HeaderLayout layout);

class Window {
 public:
  /// `layout`: of descriptors towards the SPMC.
  explicit Window(HeaderLayout layout) : layout_(layout) {}

  // Filled by the replay, as it reads.
  /// A recorded call has begun.
  void add(sim::trace::Event record);
  /// The recorded call with this `seq` has returned.
  void end(uint64_t seq);
  /// No more calls were recorded.
  void close() { closed_ = true; }
  [[nodiscard]] bool closed() const { return closed_; }
  std::string activity;  ///< what it belongs to, as activity_name() has it
  uint16_t vm = 0;       ///< whom that is about; 0: no VM
  /// Before the first guest call the model follows every request.
  bool boot = false;

  // Used by the secure world, on the activity's task.
  /// The first recorded call with this key that was not taken yet.
  [[nodiscard]] std::optional<size_t> find(const std::string& key) const;
  void take(size_t record) { keys_[record].clear(); }
  [[nodiscard]] bool has_ended(size_t record) const { return ended_[record] || closed_; }
  /// The key that the task waits for; empty: it does not wait.
  std::string wanted;
  std::vector<Asked> asked;

  [[nodiscard]] const std::vector<sim::trace::Event>& records() const { return records_; }
  [[nodiscard]] HeaderLayout layout() const { return layout_; }

 private:
  HeaderLayout layout_;
  std::vector<sim::trace::Event> records_;
  std::vector<std::string> keys_;  ///< of `records_`; empty once taken
  std::vector<bool> ended_;
  bool closed_ = false;
};

}  // namespace ffa_trace
