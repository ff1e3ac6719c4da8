// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/values.hpp"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <limits>
#include <optional>

#include "sim/engine/input_error.hpp"
#include "sim/platform/fault_kinds.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/scenario/loader_vary.hpp"

namespace sim::cli {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

bool is_hex(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

uint64_t parse_seed(const std::string& text, const std::string& option) {
  if (text.starts_with("0x")) {
    if (const auto value = parse_number<uint64_t>(std::string_view(text).substr(2), 16))
      return *value;
    throw InputError(option, fmt::format("'{}' is no hexadecimal number of 64 bits", text));
  }
  if (const auto value = parse_number<uint64_t>(text, 10)) return *value;
  if (!is_hex(text)) {
    throw InputError(option, fmt::format("'{}' is neither a number nor hexadecimal digits", text));
  }
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
  return XXH3_64bits(lower.data(), lower.size());
}

SeedRange parse_seeds(const std::string& text, const std::string& place) {
  const size_t colon = text.find(':');
  SeedRange range;
  range.first = parse_seed(text.substr(0, colon), place);
  range.end = range.first + 1;
  if (colon != std::string::npos) {
    const bool relative = text.substr(colon + 1).starts_with("+");
    range.end = parse_seed(text.substr(colon + (relative ? 2 : 1)), place);
    if (relative) range.end += range.first;
  }
  if (range.end <= range.first) {
    throw InputError(place, fmt::format("'{}' holds no seed: A:B are A and those below B", text));
  }
  return range;
}

namespace {
constexpr std::pair<const char*, explore::Strategy> strategies[] = {
    {"random", explore::Strategy::random}, {"exhaustive", explore::Strategy::exhaustive},
    {"pct", explore::Strategy::pct},       {"hostile", explore::Strategy::hostile},
    {"swarm", explore::Strategy::swarm},   {"bytes", explore::Strategy::bytes},
    {"sweep", explore::Strategy::sweep}};

constexpr uint32_t set_of(std::same_as<explore::Strategy> auto... strategy) {
  return ((1U << static_cast<uint32_t>(strategy)) | ...);
}

/// Options, and which strategies they go with.
constexpr std::pair<const char*, uint32_t> takers[] = {
    {"--seeds", set_of(explore::Strategy::random, explore::Strategy::pct,
                       explore::Strategy::hostile, explore::Strategy::swarm)},
    {"--preemptions", set_of(explore::Strategy::exhaustive, explore::Strategy::sweep)},
    {"--max-faults", set_of(explore::Strategy::exhaustive)},
    {"--no-reduction", set_of(explore::Strategy::exhaustive, explore::Strategy::sweep)},
    {"--depth", set_of(explore::Strategy::pct)},
    {"--bytes", set_of(explore::Strategy::bytes)}};
}  // namespace

explore::Strategy parse_strategy(const std::string& text) {
  std::string known;
  for (const auto& [name, strategy] : strategies) {
    if (text == name) return strategy;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw InputError("--strategy", fmt::format("'{}' is not one of {}", text, known));
}

unicorn::Monitoring parse_monitoring(const std::string& text) {
  if (text == "none") return unicorn::Monitoring::none;
  if (text == "cheap") return unicorn::Monitoring::cheap;
  if (text == "all") return unicorn::Monitoring::all;
  throw InputError("--monitors", fmt::format("'{}' is not one of none, cheap, all", text));
}

const char* strategy_name(explore::Strategy strategy) {
  for (const auto& [name, known] : strategies) {
    if (known == strategy) return name;
  }
  return "";
}

std::vector<std::string> strategy_options() {
  std::vector<std::string> names;
  for (const auto& [option, taken_by] : takers) names.emplace_back(option);
  return names;
}

void check_strategy_options(explore::Strategy strategy, const std::vector<std::string>& given) {
  for (const auto& [option, taken_by] : takers) {
    const bool is_given = std::find(given.begin(), given.end(), option) != given.end();
    if (!is_given || (taken_by & set_of(strategy)) != 0) continue;
    std::string names;
    for (const auto& [name, known] : strategies) {
      if ((taken_by & set_of(known)) == 0) continue;
      names += (names.empty() ? "" : " or ") + std::string(name);
    }
    throw InputError(option, fmt::format("goes with --strategy {}, not with {}", names,
                                         strategy_name(strategy)));
  }
}

std::vector<std::string> parse_faults(const std::string& text) {
  std::vector<std::string> kinds;
  for (const std::string& part : parse_list(text, "--faults")) {
    const bool all = part == "all" || part == "lawful";
    if (!all && find_fault_kind(part) == nullptr) {
      std::string known;
      for (const FaultKind& kind : fault_kinds()) known += fmt::format("{}, ", kind.op);
      throw InputError("--faults", fmt::format("'{}' is not one of {}lawful, all", part, known));
    }
    for (const FaultKind& kind : fault_kinds()) {
      if (part == kind.op || part == "all" || (part == "lawful" && kind.lawful)) {
        kinds.emplace_back(kind.op);
      }
    }
  }
  std::ranges::sort(kinds);
  const auto twice = std::ranges::unique(kinds);
  kinds.erase(twice.begin(), twice.end());
  return kinds;
}

std::vector<uint8_t> read_bytes(const std::string& file) {
  const std::string text = scenario::read_text_file(file, size_t{1} << 20);
  return {text.begin(), text.end()};
}

std::chrono::milliseconds parse_time(const std::string& text) {
  const size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string unit = text.substr(end);
  const auto number = parse_number<uint32_t>(std::string_view(text).substr(0, end), 10);
  const uint64_t factor = unit == "ms"                  ? 1
                          : unit.empty() || unit == "s" ? 1000
                          : unit == "m"                 ? 60000
                                                        : 0;
  if (!number || factor == 0) {
    throw InputError("--time", fmt::format("'{}' is not as 90, 90s, 15m or 500ms", text));
  }
  return std::chrono::milliseconds(*number * factor);
}

Breakpoint parse_breakpoint(const std::string& text) {
  const size_t dot = text.find('.');
  const auto event = parse_number<uint64_t>(std::string_view(text).substr(0, dot), 10);
  const auto point = dot == std::string::npos
                         ? std::optional<uint64_t>(0)
                         : parse_number<uint64_t>(std::string_view(text).substr(dot + 1), 10);
  if (!event || !point) {
    throw InputError("--break-at", fmt::format("'{}' is neither SEQ nor SEQ.POINT", text));
  }
  return {.event = *event, .point = *point, .reached = false};
}

report::Shard parse_shard(const std::string& text) {
  const size_t slash = text.find('/');
  const auto index = parse_number<unsigned>(std::string_view(text).substr(0, slash), 10);
  const auto count = slash == std::string::npos
                         ? std::nullopt
                         : parse_number<unsigned>(std::string_view(text).substr(slash + 1), 10);
  if (!index || !count || *index < 1 || *index > *count) {
    throw InputError("--shard", fmt::format("'{}' is not I/N with 1 <= I <= N", text));
  }
  return {*index, *count};
}

std::vector<std::string> parse_list(const std::string& text, const std::string& option) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (at <= text.size()) {
    const size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    if (parts.back().empty()) throw InputError(option, fmt::format("'{}' has an empty part", text));
    at = comma + 1;
  }
  return parts;
}

scenario::Axis parse_vary(const std::string& text) {
  const size_t equals = text.find('=');
  const bool named = equals != std::string::npos && equals > 0;
  if (!named) throw InputError("--vary", fmt::format("'{}' is not VARIABLE=VALUE,VALUE…", text));
  scenario::Axis axis{text.substr(0, equals), {}};
  const std::vector<std::string> known = scenario::values_of_variable(axis.name);
  for (const std::string& value : parse_list(text.substr(equals + 1), "--vary " + axis.name)) {
    if (!known.empty() && std::find(known.begin(), known.end(), value) == known.end()) {
      throw InputError("--vary " + axis.name,
                       fmt::format("'{}' is not one of {}", value, fmt::join(known, ", ")));
    }
    if (std::find(axis.values.begin(), axis.values.end(), value) != axis.values.end()) {
      throw InputError("--vary " + axis.name, fmt::format("'{}' stands there twice", value));
    }
    axis.values.emplace_back(value);
  }
  return axis;
}

std::vector<std::string> shell_words(const std::string& line, const std::string& place) {
  std::vector<std::string> words;
  bool inside = false;
  for (size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    if (c == ' ' || c == '\t' || c == '\r') {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == '\'') {
      const size_t end = line.find('\'', at + 1);
      if (end == std::string::npos) throw InputError(place, "a quote does not end");
      words.back() += line.substr(at + 1, end - at - 1);
      at = end;
    } else if (c == '\\' && at + 1 < line.size()) {
      words.back() += line[++at];
    } else {
      words.back() += c;
    }
  }
  return words;
}

std::string shell_quoted(const std::string& text) {
  const bool plain =
      !text.empty() && text.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "_-+./:=,@%") == std::string::npos;
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace sim::cli
