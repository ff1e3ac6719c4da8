// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/golden.hpp"

#include <fmt/format.h>

#include "sim/engine/input_error.hpp"

namespace sim::report {
namespace {

constexpr size_t hash_digits = 32;

/// What a case does where something is lacking is as much its behaviour as any other.
bool has_golden(const Outcome& outcome) {
  return outcome.result == Result::passed || outcome.result == Result::lacking;
}

void fail(Outcome& outcome, Problem problem) {
  outcome.result = Result::failed;
  outcome.trouble = Trouble::check;
  outcome.problems.push_back(std::move(problem));
}

}  // namespace

GoldenHashes parse_golden(const std::string& text, const std::string& file) {
  GoldenHashes hashes;
  size_t number = 0;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end == std::string::npos ? end : end - at);
    at = end == std::string::npos ? text.size() : end + 1;
    ++number;
    const std::string place = fmt::format("{}:{}", file, number);
    const bool hash_stands = line.size() > hash_digits + 1 && line[hash_digits] == ' ' &&
                             line.find_first_not_of("0123456789abcdef") == hash_digits;
    if (!hash_stands) throw InputError(place, "not a line 'hash name' with 32 hexadecimal digits");
    const bool added =
        hashes.emplace(line.substr(hash_digits + 1), line.substr(0, hash_digits)).second;
    if (!added) throw InputError(place, "the case stands there twice");
  }
  return hashes;
}

std::string golden_text(const GoldenHashes& hashes) {
  std::string text;
  for (const auto& [name, hash] : hashes) text += fmt::format("{} {}\n", hash, name);
  return text;
}

void check_golden(const GoldenHashes& hashes, const std::string& file, Outcome& outcome) {
  if (!has_golden(outcome)) return;
  const auto golden = hashes.find(outcome.name);
  if (golden == hashes.end()) {
    fail(outcome,
         {"", "a golden hash", "none", "", fmt::format("{} has no hash of this case", file)});
  } else if (golden->second != outcome.hash) {
    fail(outcome, {"", golden->second, outcome.hash, "",
                   fmt::format("the trace hash is not the one in {}", file)});
  }
}

GoldenHashes updated_golden(const GoldenHashes& old, const std::vector<Outcome>& outcomes,
                            bool whole) {
  GoldenHashes hashes = whole ? GoldenHashes{} : old;
  for (const Outcome& outcome : outcomes) {
    if (has_golden(outcome)) hashes[outcome.name] = outcome.hash;
  }
  return hashes;
}

}  // namespace sim::report
