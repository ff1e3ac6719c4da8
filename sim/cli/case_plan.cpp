// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/case_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/check/sometimes.hpp"
#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::cli {

CasePlan plan_of(const ReadyCase& ready, const Options& options) {
  const ExploreOptions& given = options.explore;
  CasePlan own{given.plan, {}, false};
  const auto& doc = ready.loaded.data.doc;
  if (!doc.contains("explore")) return own;
  const auto& says = doc.at("explore");
  const std::string place = ready.loaded.data.file + ":/explore";
  const bool strategy = says.contains("strategy") && !given.says_strategy;
  const auto is_given = [&](const char* option) {
    return std::find(given.given.begin(), given.given.end(), option) != given.given.end();
  };
  const bool seeds = says.contains("seeds") && !is_given("--seeds");
  if ((strategy || seeds) && options.run.shard.count > 1) {
    throw InputError(place,
                     "has a strategy or seeds of its own, which --shard can't split; give "
                     "--strategy and --seeds");
  }
  if (strategy) {
    own.plan.strategy = parse_strategy(says.at("strategy"));
    if (is_given("--seeds") && !explore::takes_seeds(own.plan.strategy)) {
      throw InputError(place, "has a strategy that takes no --seeds; give --strategy");
    }
  }
  if (says.contains("preemptions") && !is_given("--preemptions")) {
    own.plan.bounds.preemptions = says.at("preemptions");
  }
  if (seeds) {
    const SeedRange range = parse_seeds(says.at("seeds"), place + "/seeds");
    own.plan.first_seed = range.first;
    own.plan.end_seed = range.end;
  }
  own.chooses = strategy || seeds;
  if (!says.contains("sometimes")) return own;
  own.wanted = says.at("sometimes").get<std::vector<std::string>>();
  const auto& known = check::sometimes_names();
  for (size_t n = 0; n < own.wanted.size(); ++n) {
    if (std::find(known.begin(), known.end(), own.wanted[n]) != known.end()) continue;
    throw InputError(fmt::format("{}/sometimes/{}", place, n),
                     fmt::format("'{}' is no mark", own.wanted[n]));
  }
  return own;
}

}  // namespace sim::cli
