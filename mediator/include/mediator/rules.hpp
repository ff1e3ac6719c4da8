// SPDX-License-Identifier: BSD-3-Clause
// The rules that the mediator checks: rules.def is the list. A call collects which rules it met and
// which one rejected it, so that a suite's coverage of the rules, both ways, is measured and never
// claimed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ffa/result.hpp"
#include "ffa/status.hpp"

namespace mediator {

enum class Rule : uint16_t {
  none = 0,
#define FFA_RULE(id, section, status, text) id,
#include "mediator/rules.def"
#undef FFA_RULE
  count
};

struct RuleInfo {
  const char* id;
  const char* section;
  ffa::Status status;
  const char* text;
};

/// The rows of rules.def, by number. At namespace scope, so that it stays in read-only data: as a
/// local of rule_info() it would be copied to the stack, 4 KiB a rejection.
inline constexpr RuleInfo rule_table[] = {
    {"none", "", ffa::Status::success, ""},
#define FFA_RULE(id, section, status, text) {#id, section, ffa::Status::status, text},
#include "mediator/rules.def"
#undef FFA_RULE
};

/// The row of a rule. `rule` is not `none` and not `count`.
constexpr const RuleInfo& rule_info(Rule rule) { return rule_table[static_cast<size_t>(rule)]; }

/// What a handler or a check returns: why it refused is what the guest gets; by which rule, the
/// RuleTrace knows.
template <class T>
using Outcome = ffa::Result<T>;

/// A status that comes from elsewhere: from the SPMC or the platform.
constexpr ffa::Error<ffa::Status> relay(ffa::Status status) { return {status}; }

/// The rules that one call met. Lives on the stack of the call.
class RuleTrace {
 public:
  /// FFA_CHECK(rules.require(Rule::x, condition)): accepted if `condition`, else rejected with the
  /// rule's status.
  [[gnu::always_inline]] constexpr Outcome<void> require(Rule rule, bool condition) {
    if (!condition) [[unlikely]] {
      rejected_ = rule;
      return ffa::Error{rule_info(rule).status};
    }
    accept(rule);
    return {};
  }
  /// Rules that one comparison has shown to hold.
  template <class... Rules>
  [[gnu::always_inline]] constexpr void accept(Rules... rules) {
    ((accepted_[static_cast<size_t>(rules) / 64] |= uint64_t{1}
                                                    << (static_cast<size_t>(rules) % 64)),
     ...);
  }
  [[nodiscard]] constexpr Rule rejected() const { return rejected_; }
  [[nodiscard]] constexpr bool accepted(Rule rule) const {
    return ((accepted_[static_cast<size_t>(rule) / 64] >> (static_cast<size_t>(rule) % 64)) & 1) !=
           0;
  }
  static constexpr size_t words = (static_cast<size_t>(Rule::count) + 63) / 64;
  [[nodiscard]] constexpr const std::array<uint64_t, words>& accepted_words() const {
    return accepted_;
  }

 private:
  std::array<uint64_t, words> accepted_{};
  Rule rejected_ = Rule::none;
};

}  // namespace mediator
