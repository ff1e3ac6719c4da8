// SPDX-License-Identifier: BSD-3-Clause
// Rows that the user describes: --pattern, a Perl-compatible regular expression. Named groups say
// what a piece is; without any, the groups are x0, x1, … in order.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <array>
#include <map>
#include <utility>

#include "sim/engine/input_error.hpp"
#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

std::string error_text(int error) {
  std::array<unsigned char, 256> buffer{};
  (void)pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

/// What a named group stands for.
bool is_known_group(const std::string& name) {
  for (const char* const known : {"regs", "cpu", "task", "world", "call", "ret", "dir"}) {
    if (name == known) return true;
  }
  Cursor at(name);
  if (!at.skip("x")) return false;
  const auto n = at.decimal();
  return n && at.at_end() && *n < 18;
}

class PatternRows : public Format {
 public:
  explicit PatternRows(const std::string& pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), 0,
                              &error, &offset, nullptr));
    if (!code_) {
      throw sim::InputError("--pattern",
                            fmt::format("{} at character {}", error_text(error), offset + 1));
    }
    match_.reset(pcre2_match_data_create_from_pattern(code_.get(), nullptr));
    read_groups();
  }

  Reading take(const LogLine& line) override {
    const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(line.text.data()),
                                  line.text.size(), 0, 0, match_.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH) {
      const bool part = names_function(line.text) && looks_like_registers(line.text);
      return part ? Reading::broken() : Reading{};
    }
    if (found < 0) throw sim::InputError("--pattern", error_text(found));
    Row row;
    const auto cpu = group(line.text, "cpu");
    if (cpu) row.cpu = cpu_number(Cursor(*cpu).decimal());
    if (!take_values(line.text, row) || (row.known & 1U) == 0 || (cpu && !row.cpu)) {
      return Reading::broken(row.cpu);
    }
    row.task = group(line.text, "task").value_or("");
    row.direction = direction(line.text);
    const auto world = group(line.text, "world");
    if (world && !world->empty()) {
      const bool secure = world->front() == 'S' || world->front() == 's';
      row.world = secure ? World::secure : World::normal;
    }
    drop_if_cut(row, line.ended);
    return Reading::of(std::move(row));
  }

 private:
  void read_groups() {
    uint32_t names = 0;
    uint32_t entry_size = 0;
    PCRE2_SPTR table = nullptr;
    (void)pcre2_pattern_info(code_.get(), PCRE2_INFO_NAMECOUNT, &names);
    (void)pcre2_pattern_info(code_.get(), PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    (void)pcre2_pattern_info(code_.get(), PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < names; ++i, table += entry_size) {
      const std::string name = reinterpret_cast<const char*>(table + 2);
      if (!is_known_group(name)) {
        throw sim::InputError("--pattern",
                              fmt::format("group \"{}\" is none of regs, x0 to x17, cpu, task, "
                                          "world, call, ret, dir",
                                          name));
      }
      groups_[name] = static_cast<uint32_t>(table[0]) << 8 | table[1];
    }
    uint32_t all = 0;
    (void)pcre2_pattern_info(code_.get(), PCRE2_INFO_CAPTURECOUNT, &all);
    if (names == 0) {
      for (uint32_t n = 0; n < all && n < 18; ++n) groups_[fmt::format("x{}", n)] = n + 1;
    }
    if (!groups_.contains("regs") && !groups_.contains("x0")) {
      throw sim::InputError("--pattern", "no group in it is a register: name one regs or x0");
    }
  }

  /// The text of a group that took part in the match.
  [[nodiscard]] std::optional<std::string_view> group(std::string_view text,
                                                      const std::string& name) const {
    const auto found = groups_.find(name);
    if (found == groups_.end()) return {};
    const PCRE2_SIZE* const range = pcre2_get_ovector_pointer(match_.get()) + 2 * found->second;
    if (range[0] == PCRE2_UNSET || range[1] < range[0]) return {};
    return text.substr(range[0], range[1] - range[0]);
  }

  [[nodiscard]] bool take_values(std::string_view text, Row& row) const {
    if (const auto regs = group(text, "regs")) {
      Cursor at(*regs);
      if (!take_registers(at, row)) return false;
    }
    for (unsigned n = 0; n < row.regs.x.size(); ++n) {
      const auto value = group(text, fmt::format("x{}", n));
      if (!value || value->empty()) continue;
      Cursor at(*value);
      const auto number = at.hex();
      if (!number || !at.at_end()) return false;
      row.set(n, *number);
    }
    return true;
  }

  [[nodiscard]] Direction direction(std::string_view text) const {
    const auto takes_part = [&](const char* name) {
      const auto found = group(text, name);
      return found && !found->empty();
    };
    if (takes_part("ret")) return Direction::answer;
    if (takes_part("call")) return Direction::call;
    if (groups_.contains("ret") && !groups_.contains("call")) return Direction::call;
    if (groups_.contains("call") && !groups_.contains("ret")) return Direction::answer;
    const auto words = group(text, "dir");
    return words ? direction_of(*words) : Direction::unknown;
  }

  std::unique_ptr<pcre2_code, FreeCode> code_;
  std::unique_ptr<pcre2_match_data, FreeMatch> match_;
  std::map<std::string, uint32_t> groups_;
};

}  // namespace

std::unique_ptr<Format> make_pattern_rows(const std::string& pattern) {
  return std::make_unique<PatternRows>(pattern);
}

}  // namespace ffa_trace
