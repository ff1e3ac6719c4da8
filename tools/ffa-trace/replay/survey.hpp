// SPDX-License-Identifier: BSD-3-Clause
// The first pass over a capture: what world it was made in. VMs, vCPUs, pages and partitions are
// inferred from the records; what a replay can't handle yet is refused here, before anything runs.
// docs/replay.md, "World".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ffa/types.hpp"
#include "sim/engine/world_spec.hpp"
#include "tools/ffa-trace/event_source.hpp"
#include "tools/ffa-trace/replay/profile.hpp"

namespace ffa_trace {

/// A VM that the records speak of. `pages`: IPA page number to PA page number.
struct SurveyedVm {
  uint16_t vcpus = 1;
  std::map<uint64_t, uint64_t> pages;
};

struct OwnPages {
  uint64_t tx_pa = 0;
  uint64_t rx_pa = 0;
  uint16_t pages = 1;
};

struct Survey {
  uint64_t events = 0;
  std::set<sim::trace::Side> sides;
  std::map<uint16_t, SurveyedVm> vms;
  std::optional<OwnPages> own;            ///< the captured mediator's RX/TX pages
  std::vector<Partition> partitions;      ///< as the SPMC listed them to the mediator
  ffa::Version spmc_version = ffa::v1_1;  ///< agreed between mediator and SPMC
  std::optional<sim::WorldSpec> given;    ///< by the header; then nothing else is needed
};

/// Reads the source to its end. Throws InputError for what is no trace or not supported yet.
Survey survey(EventSource& source);

/// True if the SPs of the world are those that the records list; else header or profile has them.
bool infers_sps(const Survey& survey, const Profile& profile);

/// The world to replay in: the one that the header gives; else the mediator and its VMs configured
/// by the profile, memory as surveyed.
sim::WorldSpec world_of(const Survey& survey, const Profile& profile);

}  // namespace ffa_trace
