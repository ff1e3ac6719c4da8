// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/replayer.hpp"

#include "sim/engine/input_error.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/replay/bare_source.hpp"
#include "tools/ffa-trace/replay/replay_run.hpp"
#include "tools/ffa-trace/replay/survey.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Side;

bool is_own(const Survey& survey) { return survey.sides.count(Side::lifecycle) != 0; }

Profile choose_profile(const EventSource& source, const Survey& survey, const std::string& wanted) {
  if (!wanted.empty()) return find_profile(wanted);
  if (const auto& header = source.header()) {
    return header->profile.empty() ? no_profile()
                                   : find_profile(header->profile, source.name() + ": header");
  }
  std::vector<std::string> sides;
  for (const Side side : survey.sides) sides.emplace_back(sim::trace::side_name(side));
  auto profile = profile_for(sides);
  return profile ? std::move(*profile) : no_profile();
}

ReplayResult replay_surveyed(EventSource& source, sim::MediatorFactory& factory,
                             const Survey& surveyed, const ReplaySettings& settings,
                             const ReplayMode& mode) {
  const Profile profile = choose_profile(source, surveyed, settings.profile);
  ReplayRun run(source, factory, surveyed, profile, mode);
  const Comparison& comparison = run.run();
  return {source.name(), profile.name, mode.model, comparison.counts(), comparison.divergences(),
          run.held()};
}

ReplayResult replay_bare(EventSource& source, sim::MediatorFactory& factory,
                         const ReplaySettings& settings) {
  if (settings.spmc == "recorded") {
    throw sim::InputError(source.name(),
                          "a capture without a hypervisor has no answers to one: it replays "
                          "against the model (--spmc model)");
  }
  BareSource bare(source);
  Survey surveyed = survey(bare);
  surveyed.sides = {Side::linux_};
  return replay_surveyed(bare, factory, surveyed, settings,
                         {true, true, false, settings.stop_at_first, settings.keep});
}

}  // namespace

ReplayResult replay_trace(EventSource& source, sim::MediatorFactory& factory,
                          const ReplaySettings& settings) {
  if (is_bare(source)) return replay_bare(source, factory, settings);
  const Survey surveyed = survey(source);
  const bool own = is_own(surveyed);
  if (!own && (surveyed.sides.count(Side::guest) == 0 || surveyed.sides.count(Side::spmc) == 0)) {
    throw sim::InputError(source.name(), "not supported yet: a capture with one side only");
  }
  return replay_surveyed(
      source, factory, surveyed, settings,
      {settings.spmc == "model", false, own, settings.stop_at_first, settings.keep});
}

}  // namespace ffa_trace
