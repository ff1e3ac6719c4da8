// SPDX-License-Identifier: BSD-3-Clause
// Option values that have a form of their own. All throw InputError(option, reason).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cli/options.hpp"
#include "sim/unicorn/monitoring.hpp"

namespace sim::cli {

/// From `first` on, below `end`.
struct SeedRange {
  uint64_t first = 0;
  uint64_t end = 1;
};

/// A decimal number, a hexadecimal one with 0x, or other hexadecimal digits (a git hash), hashed to
/// 64 bits.
uint64_t parse_seed(const std::string& text, const std::string& option = "--seed");

/// "5:100": 5 and those below 100. "5:+95" are the same, "5" is one. The first is as of
/// parse_seed().
SeedRange parse_seeds(const std::string& text, const std::string& place = "--seeds");

/// "random", …
/// "pin,smc", "all", or "lawful": those that a sound SPMC and a sound platform know.
std::vector<std::string> parse_faults(const std::string& text);
explore::Strategy parse_strategy(const std::string& text);
const char* strategy_name(explore::Strategy strategy);

/// The options of `explore` that only some strategies take.
std::vector<std::string> strategy_options();
/// Throws InputError: an option among `given` is none of `strategy`.
void check_strategy_options(explore::Strategy strategy, const std::vector<std::string>& given);

/// "none", "cheap", "all".
unicorn::Monitoring parse_monitoring(const std::string& text);

/// A file as it is, up to 1 MiB.
std::vector<uint8_t> read_bytes(const std::string& file);

/// "90", "90s", "15m", "500ms".
std::chrono::milliseconds parse_time(const std::string& text);

/// "95.6": the sixth yield point of call 95; "95": its beginning.
Breakpoint parse_breakpoint(const std::string& text);

/// "2/8": the second of eight parts.
report::Shard parse_shard(const std::string& text);

/// "guest=1.0,1.1": a variable and its values, as strings.
scenario::Axis parse_vary(const std::string& text);

/// "A,B" without empty parts. `option` names who asks.
std::vector<std::string> parse_list(const std::string& text, const std::string& option);

/// The text as a POSIX shell takes it back: in single quotes if it has to be.
std::string shell_quoted(const std::string& text);
/// The words of a command line as a shell reads it, without anything but single quotes and
/// backslashes.
/// Throws InputError(place, reason) for a quote that does not end.
std::vector<std::string> shell_words(const std::string& line, const std::string& place);

}  // namespace sim::cli
