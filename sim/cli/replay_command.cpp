// SPDX-License-Identifier: BSD-3-Clause
// ffa-sim replay: does again what a REPRO line, a report with such lines or a saved scenario says.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/cli/commands.hpp"
#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader_json.hpp"

namespace sim::cli {
namespace {

constexpr size_t max_file = size_t{64} << 20;
constexpr std::string_view mark = "REPRO: ";

/// `backend` in place of the one that the line names; empty: that one.
int run_line(const std::string& line, const std::string& place, const std::string& backend) {
  std::vector<std::string> words = shell_words(line, place);
  auto verb = std::find(words.begin(), words.end(), "run");
  if (verb == words.end() || verb - words.begin() > 1) {
    throw InputError(place, "is neither a file nor a REPRO line: 'ffa-sim run …'");
  }
  if (!backend.empty()) {
    const auto named = std::find(words.begin(), words.end(), "--backend");
    if (named != words.end()) words.erase(named, std::min(named + 2, words.end()));
    words.insert(words.end(), {"--backend", backend});
    verb = std::find(words.begin(), words.end(), "run");
  }
  std::vector<const char*> arguments{"ffa-sim"};
  for (auto word = verb; word != words.end(); ++word) arguments.push_back(word->c_str());
  const Parsed parsed = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  if (parsed.options) return run_command(*parsed.options);
  fmt::print(stderr, "{}: {}", place, parsed.text);
  return 2;
}

/// The lines of a report; each once.
std::vector<std::string> repro_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::set<std::string> seen;
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (seen.insert(line).second) lines.push_back(line);
    at = end;
  }
  return lines;
}

}  // namespace

int replay_command(const Options& options) {
  const std::string& what = options.replay;
  std::error_code error;
  if (!std::filesystem::is_regular_file(what, error)) {
    return run_line(what.starts_with(mark) ? what.substr(mark.size()) : what, "replay",
                    options.replay_backend);
  }
  if (what.ends_with(".json"))
    return run_line("run " + shell_quoted(what), what, options.replay_backend);

  const std::vector<std::string> lines = repro_lines(scenario::read_text_file(what, max_file));
  if (lines.empty()) throw InputError(what, "holds no line 'REPRO: …'");
  int gravest = 0;
  for (const std::string& line : lines) {
    const int code = run_line(line.substr(mark.size()), what, options.replay_backend);
    if (gravest == 0 || code == 2) gravest = code;
  }
  return gravest;
}

}  // namespace sim::cli
