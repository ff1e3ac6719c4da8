// SPDX-License-Identifier: BSD-3-Clause
#include "sim/engine/swept_fault.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "ffa/names.hpp"

namespace sim {
namespace {

constexpr char between[] = ", ";

std::string one_in_words(const SweptFault& swept) {
  if (swept.nth) return fmt::format("fault {} at {}", swept.fault, *swept.nth);
  return fmt::format("fault {} answers {}", swept.fault,
                     ffa::status_name(static_cast<ffa::Status>(swept.status.value_or(0))));
}

/// Whatever is not exactly what one_in_words() says is nothing.
std::optional<SweptFault> one_of(const std::string& text) {
  std::istringstream words(text);
  SweptFault swept;
  std::string word;
  std::string value;
  words >> word >> swept.fault >> word >> value;
  if (word == "at") {
    std::istringstream(value) >> swept.nth.emplace();
  } else if (const auto status = ffa::status_from_name(value)) {
    swept.status = static_cast<int32_t>(*status);
  }
  if (one_in_words(swept) != text) return {};
  return swept;
}

}  // namespace

std::string in_words(const std::vector<SweptFault>& faults) {
  std::vector<std::string> words;
  for (const SweptFault& swept : faults) words.push_back(one_in_words(swept));
  return fmt::format("{}", fmt::join(words, between));
}

std::vector<SweptFault> swept_faults(const std::string& words) {
  std::vector<SweptFault> faults;
  for (size_t at = 0; at < words.size();) {
    const size_t end = std::min(words.find(between, at), words.size());
    const auto swept = one_of(words.substr(at, end - at));
    if (!swept) return {};
    faults.push_back(*swept);
    at = end + sizeof between - 1;
  }
  return faults;
}

}  // namespace sim
