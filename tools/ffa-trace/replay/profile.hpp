// SPDX-License-Identifier: BSD-3-Clause
// What the captured side was known to do otherwise: data, profiles/*.json, embedded at build. A
// profile holds the configuration of our mediator for the replay, and a closed list of differences.
// docs/replay.md, "Profiles".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"
#include "ffa/status.hpp"
#include "ffa/types.hpp"
#include "mediator/limits.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/replay/handle_binding.hpp"

namespace ffa_trace {

/// One field in which the capture is expected to differ, and the only value that it may have there.
struct Difference {
  std::string id;
  uint32_t function = 0;                      ///< w0 of the guest's call
  std::map<unsigned, uint64_t> when;          ///< registers of the guest's call and their values
  std::optional<ffa::Version> guest_version;  ///< negotiated, where it matters
  std::string field;                          ///< as compare names it: "out.x2"
  std::string captured;                       ///< the exact value, as compare prints it
  std::string reason;
};

/// An SPMC call that our mediator makes and the captured one did not, once, about the VM of an
/// activity in which the SPMC had answered the captured one like this.
struct ExtraCall {
  std::string id;
  std::string activity;      ///< as activity_name() has it: "destroy"
  uint32_t function = 0;     ///< w0 of our call
  unsigned vm_register = 0;  ///< whose bits 15:0 are the activity's VM
  uint32_t answered = 0;     ///< w0 of a recorded call of the same activity …
  ffa::Status status{};      ///< … and the error that it got
  std::string reason;
};

/// An SP of a captured system.
struct Partition {
  uint16_t id = 0;
  uint16_t contexts = 0;
  uint32_t properties = 0;
  ffa::Uuid uuid{};
};

struct Profile {
  std::string name;
  std::string text;
  std::vector<std::string> records;  ///< sides a capture must have to be of this profile
  mediator::MediatorConfig mediator;
  std::string personality = "op-tee";  ///< of the SPMC model
  std::vector<Partition> partitions;   ///< of the captured system; empty: as it lists them
  std::vector<PayloadHandle> payload_handles;
  mediator::VmConfig vm;  ///< limits of each VM; id and vCPUs come from the capture
  std::vector<Difference> differences;
  std::vector<ExtraCall> extra_calls;

  /// The entry that allows this SPMC call of ours in addition to those recorded, or nullptr.
  /// `about`: the VM of the activity.
  [[nodiscard]] const ExtraCall* explains_extra(
      const std::string& activity, uint16_t about, const ffa::Regs& in,
      const std::vector<sim::trace::Event>& recorded) const;
  /// The difference that allows `captured` in this field, or nullptr.
  [[nodiscard]] const Difference* explains(const ffa::Regs& call, ffa::Version guest_version,
                                           const std::string& field,
                                           const std::string& captured) const;
};

/// Defaults of our mediator, no differences.
Profile no_profile();
/// By name, "none" included. Throws InputError(place, …) for an unknown one.
Profile find_profile(const std::string& name, const std::string& place = "--profile");
/// The profile of a capture with these sides; nothing if there is none.
std::optional<Profile> profile_for(const std::vector<std::string>& sides);

/// Reads one profile's JSON. Throws InputError(place, reason).
Profile parse_profile(const std::string& text, const std::string& place);

/// The embedded files: name and text.
struct EmbeddedProfile {
  const char* file;
  const char* text;
};
const std::vector<EmbeddedProfile>& embedded_profiles();

}  // namespace ffa_trace
