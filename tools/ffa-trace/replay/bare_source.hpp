// SPDX-License-Identifier: BSD-3-Clause
// A capture of a system without hypervisor, seen as if one had been there: the kernel, endpoint 0
// at the physical instance, becomes VM 1 at a virtual one, and what only a hypervisor may call
// becomes what a hypervisor did. docs/replay.md, "Without a hypervisor".
#pragma once

#include <optional>
#include <string>

#include "ffa/regs.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/event_source.hpp"

namespace ffa_trace {

/// The kernel's id behind a mediator.
inline constexpr uint16_t bare_vm = 1;

/// True if the first event is of side `linux`. Leaves the source at its start.
bool is_bare(EventSource& source);

/// Endpoint 0 and VM 1 change places wherever the call or the reply holds an endpoint id; all other
/// bits stay. One to one, so that nothing that differs becomes equal.
ffa::Regs renamed_call(const ffa::Regs& in);
/// The reply `out` to the call `in`.
ffa::Regs renamed_reply(const ffa::Regs& in, const ffa::Regs& out);

/// Gives each record of `source` as the guest call that it is, VM 1's, or, of
/// FFA_NOTIFICATION_BITMAP_CREATE and FFA_NOTIFICATION_INFO_GET, as the hypervisor's SPMC call. The
/// first BITMAP_CREATE comes first of all: a VM's bitmap is there before its first call.
class BareSource : public EventSource {
 public:
  /// Reads `source`, which outlives this, up to the first BITMAP_CREATE. Throws InputError for what
  /// is no trace.
  explicit BareSource(EventSource& source);
  [[nodiscard]] std::string name() const override { return source_.name(); }
  [[nodiscard]] const std::optional<sim::trace::Header>& header() const override {
    return source_.header();
  }
  void rewind() override;
  /// Throws InputError for a record of another side, and for what is not supported yet.
  std::optional<sim::trace::Event> next() override;
  [[nodiscard]] std::string place() const override { return source_.place(); }

 private:
  [[nodiscard]] sim::trace::Event seen_behind_mediator(sim::trace::Event event) const;

  EventSource& source_;
  std::optional<sim::trace::Event> creation_;  ///< the first BITMAP_CREATE
  bool creation_given_ = false;
};

}  // namespace ffa_trace
