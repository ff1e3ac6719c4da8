// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/repro.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>

#include "sim/cli/values.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader_json.hpp"

namespace sim::cli {
namespace {

constexpr size_t max_file = size_t{64} << 20;
constexpr std::string_view mark = "REPRO: ";

/// With its value, if it has one.
void remove_option(std::vector<std::string>& words, const char* name, ptrdiff_t length) {
  const auto named = std::find(words.begin(), words.end(), name);
  words.erase(named, named + std::min(length, words.end() - named));
}

void replace_in(std::vector<std::string>& words, const Instead& instead) {
  if (!instead.backend.empty()) {
    remove_option(words, "--backend", 2);
    words.insert(words.end(), {"--backend", instead.backend});
  }
  if (instead.fine || !instead.mediator.empty()) {
    remove_option(words, "--mediator", 2);
    remove_option(words, "--fine", 1);
  }
  if (!instead.mediator.empty()) words.insert(words.end(), {"--mediator", instead.mediator});
  if (instead.fine) words.emplace_back("--fine");
}

}  // namespace

std::vector<Repro> repros_of(const std::string& what, const std::string& verb) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(what, error)) {
    return {{what.starts_with(mark) ? what.substr(mark.size()) : what, verb}};
  }
  if (what.ends_with(".json")) return {{"run " + shell_quoted(what), what}};
  const std::string text = scenario::read_text_file(what, max_file);
  std::vector<Repro> repros;
  std::set<std::string> seen;
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at + mark.size(), end - at - mark.size());
    if (seen.insert(line).second) repros.push_back({line, what});
    at = end;
  }
  if (repros.empty()) throw InputError(what, "holds no line 'REPRO: …'");
  return repros;
}

Parsed parse_repro(const Repro& repro, const Instead& instead) {
  std::vector<std::string> words = shell_words(repro.line, repro.place);
  const auto verb = std::find(words.begin(), words.end(), "run");
  if (verb == words.end() || verb - words.begin() > 1) {
    throw InputError(repro.place, "is neither a file nor a REPRO line: 'ffa-sim run …'");
  }
  words.erase(words.begin(), verb);
  replace_in(words, instead);
  std::vector<const char*> arguments{"ffa-sim"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace sim::cli
