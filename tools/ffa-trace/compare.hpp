// SPDX-License-Identifier: BSD-3-Clause
// Compares what our mediator did with what was captured, field by field, and counts.
// docs/replay.md, "What is compared".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/trace/event.hpp"
#include "tools/ffa-trace/descriptor.hpp"
#include "tools/ffa-trace/profile.hpp"
#include "tools/ffa-trace/window.hpp"

namespace ffa_trace {

/// One field that differs. `event`: the `seq` of the record; 0 where there is none.
struct Divergence {
  uint64_t event = 0;
  std::string field;
  std::string expected;
  std::string actual;
  std::string rule;
};

struct Counts {
  uint64_t events = 0;
  uint64_t compared = 0;   ///< fields
  uint64_t computed = 0;   ///< of these, fields that mediator or model made, not passed on
  uint64_t stimuli = 0;    ///< what was taken from the capture: machine events and by_stimulus
  uint64_t boot = 0;       ///< requests before the first guest call that the capture never saw
  uint64_t explained = 0;  ///< fields that differ as the profile says
  uint64_t divergences = 0;
  std::map<std::string, uint64_t> by_difference;  ///< explained, per id of the profile
  std::map<std::string, uint64_t> by_stimulus;    ///< what the SPMC's side was given: "payloads"
};

/// What a comparison is about: the record and the guest's call that it belongs to.
struct Subject {
  uint64_t event = 0;
  ffa::Regs call;  ///< the guest's call; all zero outside one
  ffa::Version guest_version{};
  std::string prefix;  ///< before the names of fields: "spmc "
};

class Comparison {
 public:
  /// `keep`: how many divergences to keep; all are counted.
  Comparison(const Profile& profile, size_t keep) : profile_(profile), keep_(keep) {}

  /// One field. `computed`: the mediator made it itself.
  void field(const Subject& subject, const char* rule, const std::string& name,
             const std::string& expected, const std::string& actual, bool computed);
  void number(const Subject& subject, const char* rule, const std::string& name, uint64_t expected,
              uint64_t actual, bool computed);
  /// Something that has no counterpart.
  void diverge(const Subject& subject, const char* rule, const std::string& name,
               const std::string& expected, const std::string& actual);
  /// The SPMC call `asked[number]` of the window, which has no record of it.
  void extra(const Subject& subject, const Window& window, size_t number, const std::string& text);

  Counts& counts() { return counts_; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// The first ones.
  [[nodiscard]] const std::vector<Divergence>& divergences() const { return kept_; }

 private:
  const Profile& profile_;
  size_t keep_;
  Counts counts_;
  std::vector<Divergence> kept_;
};

/// Tags of FFA_PARTITION_INFO_GET_REGS: the callee's free choice, bound at first sight, one to one.
class TagBinding {
 public:
  /// Ours for a captured one; 0 and unbound ones stay as they are.
  [[nodiscard]] uint16_t ours(uint16_t captured) const;
  /// True if the pair agrees with all bound so far; binds it.
  bool bind(uint16_t captured, uint16_t ours);

 private:
  std::map<uint16_t, uint16_t> to_ours_;
  std::map<uint16_t, uint16_t> to_captured_;
};

/// What our mediator gave the guest.
struct GuestAnswer {
  ffa::Regs out;
  std::vector<uint8_t> rx;
};

/// A guest call's answer. `last`: the last SPMC call inside, nullptr if there was none.
void compare_guest(Comparison& comparison, const Subject& subject,
                   const sim::trace::Event& captured, const GuestAnswer& ours, const Asked* last,
                   TagBinding& tags);

/// True if x<n> of this answer was taken from the capture, not computed.
bool is_given(const Asked& asked, unsigned n);

/// What the model answered against what the captured SPMC did, stimuli apart: every register.
void compare_reply(Comparison& comparison, const Subject& subject,
                   const sim::trace::Event& captured, const Asked& ours);
/// Likewise the partitions in RX.
void compare_listed(Comparison& comparison, const Subject& subject,
                    const sim::trace::Event& captured, const Asked& ours);

/// One SPMC call: every register, and what its descriptor means. `layout`: of descriptors towards
/// the SPMC.
void compare_spmc(Comparison& comparison, const Subject& subject, const sim::trace::Event& captured,
                  const Asked& ours, HeaderLayout layout);

/// What two descriptors mean.
void compare_descriptors(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                         const Descriptor& actual);

/// What two later fragments mean: pages.
void compare_fragments(Comparison& comparison, const Subject& subject, const Descriptor& expected,
                       const Descriptor& actual);

/// A memory send: its registers, and what it put into TX.
struct Sent {
  const ffa::Regs& in;
  const std::vector<uint8_t>& tx;
};
/// Lengths in w1 and w2: equal where the layouts are and of what is sent in part; else each must
/// agree with its own bytes.
void compare_lengths(Comparison& comparison, const Subject& subject, const Sent& captured,
                     const Sent& ours);

/// A call as divergences name it.
std::string call_text(const ffa::Regs& in);

/// The same subject, but one SPMC call in it.
Subject of_record(const Subject& subject, const sim::trace::Event& record);

/// All SPMC calls of a window against the recorded ones: pairs, what is missing, what is too much,
/// and the order.
void compare_window(Comparison& comparison, const Subject& subject, const Window& window);

}  // namespace ffa_trace
