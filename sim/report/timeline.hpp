// SPDX-License-Identifier: BSD-3-Clause
// One run as what took place, in order, between the vCPUs, the host, the mediator and the SPMC,
// with the places where one gave way to another. Written as aligned lines, as a sequence diagram in
// plain text, and as one for Mermaid. Needs nothing but the record of the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/engine/run_record.hpp"
#include "sim/scenario/judge.hpp"

namespace sim::report {

/// Something to be said where the counter of events had this number: behind all that was before it.
struct Remark {
  uint64_t seq = 0;
  std::string text;
};

/// What was wrong with a run, each where it was seen: invariants where they broke, expectations
/// behind the call that they are about.
std::vector<Remark> remarks_of(const scenario::CompiledCase& compiled, const RunRecord& record,
                               const std::vector<scenario::Failure>& failures);

struct Timeline {
  enum class Kind : uint8_t {
    call,    ///< `from` asks `to`
    answer,  ///< `from` answers `to`
    turn,    ///< `from` stops, `to` goes on
    remark
  };
  struct Row {
    Kind kind = Kind::remark;
    uint64_t seq = 0;  ///< as in the trace; 0: it has none
    size_t from = 0;   ///< lanes
    size_t to = 0;
    size_t who = 0;  ///< the vCPU, or the host, whose call it is part of
    std::string text{};
    std::optional<uint64_t> choice{};  ///< the decision that led here: its position
  };

  /// Host and vCPUs, by VM and number; then mediator and SPMC.
  std::vector<std::string> lanes;
  std::vector<Row> rows;

  [[nodiscard]] size_t mediator() const { return lanes.size() - 2; }
  [[nodiscard]] size_t spmc() const { return lanes.size() - 1; }
};

/// By id. One that is not among them is "vm" and its id.
using VmNames = std::map<uint16_t, std::string>;
/// As the scenario calls those that do something in it.
VmNames names_of(const scenario::CompiledCase& compiled);

/// The SMCs of the mediator's probe are only counted.
Timeline timeline_of(const RunRecord& record, const std::vector<Remark>& remarks,
                     const VmNames& names = {});

/// A line for each row, a column for the host and for each vCPU.
std::string aligned_lines(const Timeline& timeline);
/// Arrows between lifelines.
std::string sequence_text(const Timeline& timeline);
/// The source of a sequence diagram for Mermaid.
std::string sequence_mermaid(const Timeline& timeline);

}  // namespace sim::report
