// SPDX-License-Identifier: BSD-3-Clause
// One event of a trace, in memory. Written and read by sim/trace, produced by the engine, compared
// by replay.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "sim/trace/name_list.hpp"

namespace sim::trace {

enum class Side : uint8_t { guest, spmc, lifecycle, irq, linux_ };

/// One translation that took place for an event: `pages` pages from `ipa` at `pa`.
struct P2mRun {
  uint64_t ipa = 0;
  uint64_t pa = 0;
  uint64_t pages = 0;
  friend bool operator==(const P2mRun&, const P2mRun&) = default;
};

/// A set of registers, bit n for xn.
using RegisterSet = uint32_t;
constexpr RegisterSet all_registers = (1U << 18) - 1;

/// `seq` is taken before, `seq_ret` after the call, from one counter: a guest call a..b contains
/// the spmc calls between.
struct Event {
  uint64_t seq = 0;
  uint64_t seq_ret = 0;
  Side side = Side::guest;
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  uint16_t pcpu = 0;
  std::optional<uint16_t> vcpu_ret;  ///< where the call returned, if elsewhere
  bool has_vcpu = true;              ///< linux: false where the source doesn't say which CPU
  ffa::Regs in;                      ///< calls; registers that were not captured are zero
  ffa::Regs out;
  RegisterSet in_known = all_registers;   ///< which of `in` were captured
  RegisterSet out_known = all_registers;  ///< of `out`; none: no return was seen
  std::vector<uint8_t> tx;                ///< TX buffer up to the fragment length, for memory calls
  std::vector<uint8_t> rx;                ///< what a successful call put into RX
  std::vector<P2mRun> p2m;
  std::string conduit;   ///< guest, linux: "smc", "hvc", or empty where unknown
  std::string world;     ///< linux: "secure" where the SPMC is the caller
  std::string rule;      ///< the mediator's rule that rejected the call, if any
  NameList accepted;     ///< rules met and passed; not part of the hash
  std::string op;        ///< lifecycle: probe, create, teardown, relinquish, free; irq: inject, sri
  int64_t result = 0;    ///< lifecycle: status or progress; irq: interrupt id
  std::string stimulus;  ///< what came from outside the model, if anything

  [[nodiscard]] bool returned() const { return out_known != 0; }
};

/// The first line of our own traces; absent in captures.
struct Header {
  uint32_t format = 1;
  std::string source;  ///< "ffa-sim host", …
  std::string name;    ///< scenario case
  std::string profile;
  std::string seed;
  std::string world;  ///< the scenario's `world` as JSON text, its variables replaced; may be empty
};

struct Trace {
  std::optional<Header> header;
  std::vector<Event> events;
};

/// XXH3-128 over the guest, spmc, lifecycle and irq events in canonical form: registers, tx/rx
/// bytes, rule ids; not logs, accepted rules, pcpu or timing. 32 hex digits.
std::string trace_hash(const std::vector<Event>& events);

}  // namespace sim::trace
