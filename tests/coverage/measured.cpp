// SPDX-License-Identifier: BSD-3-Clause
#include "tests/coverage/measured.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace coverage {
namespace {

using nlohmann::json;

/// Line and column.
using Position = std::pair<uint64_t, uint64_t>;

/// One of several in a decision. `file`: number of a file, or of what a macro wrote.
struct Condition {
  Site site;
  size_t file = 0;
  Position at;
};

// Columns of what llvm-cov writes as arrays: regions, branches and decisions begin alike.
constexpr size_t line_at = 0;
constexpr size_t column_at = 1;
constexpr size_t end_line_at = 2;
constexpr size_t segment_count_at = 2;
constexpr size_t segment_code_at = 3;
constexpr size_t segment_gap_at = 5;
constexpr size_t region_file_at = 5;
constexpr size_t region_expanded_at = 6;
constexpr size_t region_kind_at = 7;
constexpr size_t branch_true_at = 4;
constexpr size_t branch_false_at = 5;
constexpr size_t branch_file_at = 6;
constexpr size_t branch_kind_at = 8;
constexpr size_t decision_conditions_at = 6;
constexpr uint64_t expansion_kind = 1;
constexpr uint64_t condition_kind = 6;

/// `name` without the root, which ends with a slash; empty for what is not the project's.
std::string relative_to(const std::string& root, const std::string& name) {
  const std::string file = std::filesystem::path(name).lexically_normal().generic_string();
  return file.starts_with(root) ? file.substr(root.size()) : std::string{};
}

class Reader {
 public:
  explicit Reader(std::string root) : root_(std::move(root) + "/") {}

  void read(const json& all, Measured& measured) {
    for (const json& data : all.at("data")) {
      for (const json& function : data.at("functions")) read_function(function, measured);
      for (const json& file : data.at("files")) read_lines_of(file, measured);
    }
  }

 private:
  /// A line ran as often as the most frequent piece of code on it. A segment goes on to the next;
  /// a gap is no code.
  void read_lines_of(const json& file, Measured& measured) {
    const std::string name = relative_to(root_, file.at("filename"));
    if (name.empty()) return;
    std::map<uint64_t, uint64_t>& lines = measured.lines[name];
    uint64_t next_line = 0;
    std::optional<uint64_t> running;
    for (const json& segment : file.at("segments")) {
      const uint64_t line = segment.at(line_at);
      for (; running && next_line < line; ++next_line) lines[next_line] = *running;
      const bool code = segment.at(segment_code_at) && !segment.at(segment_gap_at);
      const uint64_t count = segment.at(segment_count_at);
      const bool begins = !text_at({name, line, segment.at(column_at)}).empty();
      if (running) lines[line] = std::max(lines[line], *running);
      if (code && begins) lines[line] = std::max(lines[line], count);
      running = code ? std::optional{count} : std::nullopt;
      next_line = line + 1;
    }
  }

  void read_function(const json& function, Measured& measured) {
    expansions_.clear();
    files_.clear();
    for (const json& name : function.at("filenames")) files_.push_back(relative_to(root_, name));
    const json& regions = function.at("regions");
    for (const json& region : regions) {
      if (region.at(region_kind_at) != expansion_kind) continue;
      const size_t inner = region.at(region_expanded_at);
      expansions_[inner] = {place(region, region_file_at), region.at(region_file_at)};
    }
    const Site whole = site(regions.at(0), region_file_at);
    if (whole.used.file.empty() || is_defaulted(whole.used)) return;
    measured.functions[whole.used] += function.at("count").get<uint64_t>();
    std::vector<Condition> conditions;
    uint64_t nth = 0;
    Site before;
    for (const json& row : function.at("branches")) {
      Site at = site(row, branch_file_at);
      if (is_defaulted(at.used)) continue;
      nth = at == before ? nth + 1 : 0;
      before = at;
      at.nth = nth;
      Branch& branch = measured.branches[at];
      branch.taken += row.at(branch_true_at).get<uint64_t>();
      branch.not_taken += row.at(branch_false_at).get<uint64_t>();
      branch.never_taken = is_switch(at) || is_assertion(row.at(branch_file_at));
      if (row.at(branch_kind_at) == condition_kind)
        conditions.push_back({at, row.at(branch_file_at), position(row, line_at)});
    }
    read_decisions(function, conditions, measured);
  }

  /// Decisions come in the order of their conditions, none within another; which file each is in is
  /// not told, but each has conditions of one file only. Of a condition that is constant there is
  /// no branch, nor anything to show.
  static void read_decisions(const json& function, const std::vector<Condition>& conditions,
                             Measured& measured) {
    auto next = conditions.begin();
    for (const json& row : function.at("mcdc_records")) {
      const json& shown = row.at(decision_conditions_at);
      const auto first = next;
      while (next != conditions.end() && next->file == first->file &&
             static_cast<size_t>(next - first) < shown.size() &&
             next->at >= position(row, line_at) && next->at < position(row, end_line_at)) {
        ++next;
      }
      if (next == first) continue;
      const bool whole = static_cast<size_t>(next - first) == shown.size();
      if (!whole) measured.constant_conditions.insert(first->site);
      for (size_t n = 0; whole && n < shown.size(); ++n) {
        bool& decides = measured.conditions[first[static_cast<ptrdiff_t>(n)].site];
        decides = decides || shown.at(n).get<bool>();
      }
    }
    if (next != conditions.end()) throw BadInput("a condition that is in no decision");
  }

  static Position position(const json& row, size_t line) {
    return {row.at(line), row.at(line + 1)};
  }
  Place place(const json& row, size_t file_at) const {
    return {files_.at(row.at(file_at).get<size_t>()), row.at(line_at), row.at(column_at)};
  }
  Site site(const json& row, size_t file_at) const {
    Site site{.used = place(row, file_at), .spelled = {}, .nth = 0};
    site.spelled = site.used;
    auto outer = expansions_.find(row.at(file_at));
    while (outer != expansions_.end()) {
      site.used = outer->second.used;
      outer = expansions_.find(outer->second.file);
    }
    return site;
  }

  /// True if what this file of the function holds is the text of an FFA_ASSERT.
  bool is_assertion(size_t file) {
    const auto found = expansions_.find(file);
    if (found == expansions_.end()) return false;
    const Place& at = found->second.used;
    return text_at(at).starts_with("FFA_ASSERT(") || is_assertion(found->second.file);
  }
  /// True for what the compiler writes: a defaulted function, and its branches.
  bool is_defaulted(const Place& at) {
    const size_t marked = text_at({at.file, at.line, 1}).find("= default;");
    return marked != std::string_view::npos && marked < at.column;
  }
  bool is_switch(const Site& site) {
    const Place& at = site.spelled;
    constexpr std::string_view before = "switch (";
    if (at.column <= before.size()) return false;
    return text_at({at.file, at.line, at.column - before.size()}).starts_with(before);
  }
  std::string_view text_at(const Place& at) {
    if (at.file.empty()) return {};
    auto [found, added] = texts_.try_emplace(at.file);
    if (added) found->second = read_lines(root_ + at.file);
    if (at.line > found->second.size()) return {};
    const std::string_view line = found->second[at.line - 1];
    return at.column > line.size() ? std::string_view{} : line.substr(at.column - 1);
  }

  struct Expansion {
    Place used;
    size_t file = 0;
  };
  std::string root_;
  std::vector<std::string> files_;
  std::map<size_t, Expansion> expansions_;
  std::map<std::string, std::vector<std::string>> texts_;
};

}  // namespace

std::vector<std::string> read_lines(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw BadInput(file + ": can't be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  if (stream.bad()) throw BadInput(file + ": can't be read");
  return lines;
}

Measured read_export(const std::string& root, const std::string& json_file) {
  Measured measured;
  std::ifstream stream(json_file);
  if (!stream) throw BadInput(json_file + ": can't be read");
  try {
    Reader{root}.read(json::parse(stream), measured);
  } catch (const std::exception& error) {
    throw BadInput(fmt::format("{}: {}", json_file, error.what()));
  }
  return measured;
}

}  // namespace coverage
