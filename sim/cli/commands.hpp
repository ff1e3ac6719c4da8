// SPDX-License-Identifier: BSD-3-Clause
// The verbs. Each gives the exit code; bad input that they throw (InputError) is told by main.
#pragma once

#include "sim/cli/options.hpp"

namespace sim::cli {

int run_command(const Options& options);
int explore_command(const Options& options);
int replay_command(const Options& options);
int shrink_command(const Options& options);
int merge_command(const Options& options);
int list_command(const Options& options);
int schema_command();
int doctor_command();
int pack_command(const Options& options);
int bundle_command(const Options& options);
int debug_command(const Options& options);

}  // namespace sim::cli
