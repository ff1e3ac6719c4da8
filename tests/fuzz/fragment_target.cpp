// SPDX-License-Identifier: BSD-3-Clause
// A memory transaction in fragments: however it is cut, and whatever another VM sends meanwhile, it
// comes to the same, for the sender and for the SP. No invariant may break.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "ffa/reply.hpp"
#include "spmc-model/personality.hpp"
#include "tests/fuzz/call_world.hpp"
#include "tests/fuzz/fragment_plan.hpp"
#include "tests/fuzz/target.hpp"

namespace {

struct Came {
  int32_t status = 0;            ///< of the piece that was refused, or 0
  std::string rule;              ///< of the mediator's, by which it was
  std::vector<ffa::Regs> found;  ///< answers to what was asked behind an accepted transaction

  [[nodiscard]] bool by_spmc() const { return status != 0 && rule.empty(); }
};

Came run(const fuzz::FragmentPlan& plan) {
  const fuzz::PlanRun run = fuzz::run_plan(plan.plan);
  if (!run.violated.empty()) fuzz::fail(run.violated);
  std::vector<sim::trace::Event> answers;
  for (const sim::trace::Event& event : run.events) {
    if (event.side != sim::trace::Side::guest || event.vm != fuzz::vm1_id) continue;
    answers.push_back(event);
  }
  fuzz::must(answers.size() >= plan.pieces + plan.looks, "each step is one call");
  const auto found = answers.end() - static_cast<long>(plan.looks);
  Came came;
  for (auto look = found; look != answers.end(); ++look) came.found.push_back(look->out);
  for (auto piece = found - static_cast<long>(plan.pieces); piece != found; ++piece) {
    if (!ffa::is_error(piece->out)) continue;
    came.status = static_cast<int32_t>(ffa::error_status(piece->out));
    came.rule = piece->rule;
    break;
  }
  return came;
}

/// Some SPMCs take a transaction in so many fragments and no more, which no other cut tells of.
bool too_many(const fuzz::FragmentPlan& plan, const Came& came) {
  const auto spmc = spmc_model::find_personality(fuzz::setting_of(plan.plan.world).personality);
  const uint32_t most = spmc->max_fragments;
  return most != 0 && plan.pieces > most && came.by_spmc() &&
         came.status == static_cast<int32_t>(ffa::Status::no_memory);
}

/// All in front of the ranges is in the first fragment, which a damaged length or place denies.
bool head_is_cut(const Came& came) {
  return came.rule == "mem_header_complete" || came.rule == "mem_access_complete" ||
         came.rule == "mem_composite_complete";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const fuzz::FragmentPlans plans = fuzz::read_fragments({data, size});
  const Came one = run(plans.first);
  const Came other = run(plans.second);
  if (!plans.comparable || too_many(plans.first, one) || too_many(plans.second, other)) return 0;
  if (plans.damaged && (head_is_cut(one) || head_is_cut(other))) return 0;
  // What both have reason to refuse meets the mediator's first, or the SPMC's in an earlier piece.
  const bool both_refused = one.status != 0 && other.status != 0;
  if (both_refused && one.by_spmc() != other.by_spmc()) return 0;
  if (one.status != other.status) {
    fuzz::fail(fmt::format("in {} pieces it comes to {}, in {} pieces to {}", plans.first.pieces,
                           one.status, plans.second.pieces, other.status));
  }
  if (one.status != 0) return 0;
  for (size_t n = 0; n < one.found.size(); ++n) {
    if (one.found[n] == other.found[n]) continue;
    fuzz::fail(fmt::format("behind it, call {} is answered with {:x} or with {:x}", n,
                           fmt::join(one.found[n].x, " "), fmt::join(other.found[n].x, " ")));
  }
  return 0;
}
