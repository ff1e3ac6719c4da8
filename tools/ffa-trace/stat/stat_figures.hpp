// SPDX-License-Identifier: BSD-3-Clause
// The figures of ffa-trace stat, and the small counters that they are made of. docs/ffa-trace.md
// says what each means.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ffa_trace {

/// Values counted in buckets: below 1,024 each value has its own, above that a bucket is at most
/// 1/64 of its value wide. Of fixed size, whatever is counted.
class Distribution {
 public:
  void add(uint64_t value);
  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] uint64_t min() const { return min_; }
  [[nodiscard]] uint64_t max() const { return max_; }
  /// The smallest value that at least `percent` of all values do not exceed; a bucket's lower end.
  [[nodiscard]] uint64_t percentile(unsigned percent) const;

 private:
  std::map<uint64_t, uint64_t> buckets_;  ///< lower end: values in it
  uint64_t count_ = 0;
  uint64_t min_ = 0;
  uint64_t max_ = 0;
};

/// Values counted by powers of two: 0, 1, 2, 3-4, 5-8, …
class Histogram {
 public:
  struct Bar {
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t count = 0;
  };
  void add(uint64_t value);
  [[nodiscard]] std::vector<Bar> bars() const;  ///< that are not empty, in order

 private:
  std::map<unsigned, uint64_t> counts_;  ///< by exponent of the upper end
};

/// Who calls: a VM (0: a kernel without hypervisor), or the SPMC where EL3 was watched.
struct Caller {
  bool secure = false;
  uint16_t vm = 0;
  std::optional<uint16_t> vcpu;  ///< none where the trace does not say it
  auto operator<=>(const Caller&) const = default;
};

/// A live transaction, or one that is wrong.
struct HandleUse {
  std::string side;
  uint16_t vm = 0;
  uint64_t handle = 0;
  uint64_t seq = 0;  ///< of the send, or of the reclaim that is wrong
  uint64_t pages = 0;
  std::string what;  ///< "leaked", "reclaimed twice", "reclaimed, never shared"
};

/// A direct request, or a call of OP-TEE, that was preempted and has not come back.
struct Outstanding {
  std::string side;
  Caller caller;
  uint16_t partition = 0;
  uint64_t seq = 0;  ///< of the call that began it
  std::string what;  ///< "direct request", "OP-TEE thread 3"
};

struct SideFigures {
  uint64_t events = 0;
  std::map<std::pair<std::string, std::string>, uint64_t> calls;  ///< function, status
  std::map<std::string, Distribution> latency;                    ///< function: seq_ret - seq
  uint64_t shared = 0;                                            ///< transactions that succeeded
  uint64_t refused = 0;
  uint64_t reclaimed = 0;
  Histogram pages;  ///< of a transaction
  Histogram ranges;
  Histogram fragments;
  uint64_t total_pages = 0;
  uint64_t unread = 0;   ///< transactions whose bytes the trace does not have
  uint64_t unnamed = 0;  ///< transactions and reclaims whose handle the trace does not have
  uint64_t further_fragments = 0;
  // Calls that ended so.
  uint64_t busy = 0;
  uint64_t retry = 0;
  uint64_t interrupted = 0;               ///< FFA_INTERRUPT, or the status INTERRUPTED
  uint64_t yielded = 0;                   ///< FFA_YIELD
  uint64_t resumed = 0;                   ///< calls of FFA_RUN
  std::map<std::string, uint64_t> optee;  ///< OP-TEE's yielding calls: started, resumed, done, …
};

struct Figures {
  uint64_t events = 0;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  std::map<std::string, SideFigures> sides;
  std::map<Caller, std::map<std::string, uint64_t>> callers;  ///< function: calls; not side spmc
  uint64_t unfinished = 0;  ///< transactions begun in fragments and neither completed nor refused
  uint64_t reclaimed_for_vm = 0;  ///< VMs' handles that the hypervisor gave back
  std::vector<HandleUse> handles;
  uint64_t given_while_live = 0;  ///< shares that got the number of a live handle
  uint64_t wrong_reclaims = 0;    ///< all of them; `handles` has the first ones
  std::vector<Outstanding> outstanding;
};

}  // namespace ffa_trace
