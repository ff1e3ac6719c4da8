// SPDX-License-Identifier: BSD-3-Clause
// ffa-sim merge: the parts of a campaign as if one process had done it.
#include "sim/cli/commands.hpp"
#include "sim/cli/console.hpp"
#include "sim/cli/merge.hpp"
#include "sim/cli/report_files.hpp"

namespace sim::cli {

int merge_command(const Options& options) {
  std::vector<Part> parts;
  for (const std::string& file : options.merge) parts.push_back(read_part(file));
  const Merged merged = merge(std::move(parts));
  ReportFiles reports(options.run);
  Console console(options.json, merged.outcomes.size());
  for (const report::Outcome& outcome : merged.outcomes) console.tell(outcome);
  if (merged.explored) console.tell_met(merged.outcomes);
  console.finish_merged(report::summarise(merged.outcomes, merged.not_selected));
  reports.commit(merged.outcomes);
  return report::exit_code(merged.outcomes);
}

}  // namespace sim::cli
