// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/filter.hpp"

#include <algorithm>

#include "sim/engine/input_error.hpp"

namespace sim::scenario {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Where the exclusions begin: the first `-` that is not inside a word.
size_t exclusions(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '-') continue;
    const bool inside =
        i > 0 && i + 1 < text.size() && is_word(text[i - 1]) && is_word(text[i + 1]);
    if (!inside) return i;
  }
  return std::string_view::npos;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> patterns;
  while (!text.empty()) {
    const size_t colon = text.find(':');
    std::string_view pattern = text.substr(0, colon);
    if (pattern.starts_with('-')) pattern.remove_prefix(1);
    if (!pattern.empty()) patterns.emplace_back(pattern);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  return patterns;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return glob_matches(pattern, name); });
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;  // the last `*` seen, and how much of the text it took
  size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Filter::Filter(std::string_view text) {
  const size_t dash = exclusions(text);
  wanted_ = split(text.substr(0, dash));
  if (dash != std::string_view::npos) unwanted_ = split(text.substr(dash + 1));
  if (wanted_.empty() && unwanted_.empty()) throw InputError("--filter", "no pattern in it");
  if (wanted_.empty()) wanted_.emplace_back("*");
}

bool Filter::matches(std::string_view name) const {
  return any_matches(wanted_, name) && !any_matches(unwanted_, name);
}

}  // namespace sim::scenario
