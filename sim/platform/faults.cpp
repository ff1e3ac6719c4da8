// SPDX-License-Identifier: BSD-3-Clause
#include "sim/platform/faults.hpp"

#include <fmt/format.h>

#include <utility>

#include "ffa/names.hpp"
#include "ffa/regs.hpp"
#include "sim/engine/input_error.hpp"

namespace sim {

namespace {

// Of either width: which one the mediator takes towards the SPMC is its own choice.
bool same_function(uint32_t wanted, uint32_t fid) {
  constexpr uint32_t width_bit = 1U << 30;
  return (ffa::FunctionId{wanted}.raw | width_bit) == (ffa::FunctionId{fid}.raw | width_bit);
}

}  // namespace

bool Faults::is_of_the_machine(std::string_view op) {
  const FaultKind* const kind = find_fault_kind(op);
  return kind != nullptr && kind->place == FaultPlace::machine;
}

Faults::Faults(const std::vector<FaultSpec>& specs, Choose choose) : choose_(std::move(choose)) {
  for (const FaultSpec& spec : specs) {
    const std::string place = fmt::format("world: faults[{}]", entries_.size());
    const FaultKind* const kind = find_fault_kind(spec.op);
    if (kind == nullptr) {
      throw InputError(place, fmt::format("there is no operation \"{}\"", spec.op));
    }
    if (spec.regs && spec.regs->size() > ffa::Regs{}.x.size()) {
      throw InputError(place, "an answer has at most 18 registers");
    }
    entries_.push_back({spec, kind->label, {.armed = spec.armed}});
  }
}

bool Faults::strikes(Entry& entry, std::optional<uint32_t> fid) {
  const uint64_t seen = ++entry.state.seen;
  const FaultSpec& spec = entry.spec;
  if (!spec.chosen) return spec.nth == 0 || seen == spec.nth;
  // What has no legal error is left alone.
  if (spec.chosen_status && spec.op == "smc" && legal_statuses(spec.op, fid).empty()) return false;
  return choose_(2, entry.label) != 0;
}

const FaultSpec& Faults::answer(const Entry& entry, std::optional<uint32_t> fid) {
  if (!entry.spec.chosen) return entry.spec;
  answer_ = entry.spec;
  std::string& told = told_.emplace_back(answer_.op);
  if (fid) {
    const char* const name = ffa::fid_name(ffa::FunctionId{*fid}.raw);
    told += name == nullptr ? fmt::format(" {:#x}", *fid) : fmt::format(" {}", name);
  }
  told += fmt::format(" {}", entry.state.seen);
  const auto statuses = legal_statuses(answer_.op, fid);
  if (!answer_.chosen_status || statuses.empty()) return answer_;
  const ffa::Status status = statuses[choose_(static_cast<uint32_t>(statuses.size()), "status")];
  answer_.status = static_cast<int32_t>(status);
  told_.back() += fmt::format(" {}", ffa::status_name(status));
  return answer_;
}

const FaultSpec* Faults::strike(std::string_view op, std::optional<uint32_t> fid) {
  const FaultSpec* struck = nullptr;
  for (Entry& entry : entries_) {
    if (!entry.state.armed || entry.spec.op != op) continue;
    if (entry.spec.match_fid && !(fid && same_function(*entry.spec.match_fid, *fid))) continue;
    // One operation fails once: a later fault only counts.
    if (struck != nullptr && entry.spec.chosen) continue;
    if (!strikes(entry, fid) || struck != nullptr) continue;
    entry.state.fired = true;
    struck = &answer(entry, fid);
  }
  return judge_ && is_of_the_machine(op) ? judge_(op, struck) : struck;
}

void Faults::keep() {
  for (Entry& entry : entries_) entry.kept = entry.state;
}

void Faults::restore() {
  for (Entry& entry : entries_) entry.state = entry.kept;
  told_.clear();
}

}  // namespace sim
