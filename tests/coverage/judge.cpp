// SPDX-License-Identifier: BSD-3-Clause
#include "tests/coverage/judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string_view>

namespace coverage {
namespace {

constexpr std::string_view marker = "// uncovered:";

struct Exception {
  uint64_t stands_at = 0;
  bool used = false;
};

/// By the line that each is about.
using Exceptions = std::map<uint64_t, Exception>;

std::string_view without_indent(std::string_view line) {
  const size_t first = line.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : line.substr(first);
}

Exceptions read_exceptions(const std::string& file, const std::vector<std::string>& lines) {
  Exceptions exceptions;
  for (size_t n = 0; n < lines.size(); ++n) {
    const size_t at = lines[n].find(marker);
    if (at == std::string::npos) continue;
    if (without_indent(std::string_view{lines[n]}.substr(at + marker.size())).empty())
      throw BadInput(fmt::format("{}:{}: an exception without a reason", file, n + 1));
    size_t about = n;
    while (about < lines.size() && without_indent(lines[about]).starts_with("//")) ++about;
    exceptions[about + 1] = {.stands_at = n + 1};
  }
  return exceptions;
}

class FileJudge {
 public:
  FileJudge(const std::string& root, const std::string& file, std::vector<std::string>& findings)
      : findings_(findings),
        text_(read_lines(root + "/" + file)),
        exceptions_(read_exceptions(file, text_)) {
    result_.file = file;
  }

  void called(const Place& place, uint64_t calls) {
    if (calls == 0) miss(place, "never called");
  }
  void branch(const Site& site, const Branch& branch) {
    if (!branch.never_taken) side(site, branch.taken, "never true");
    side(site, branch.not_taken, branch.never_taken ? "never reached" : "never false");
  }
  void condition(const Site& site, bool decides) {
    count(result_.conditions, site, decides, "never decided by itself");
  }
  void constant(const Site& site) {
    miss(site.used, "a decision with a constant condition: take it out, by if constexpr");
  }
  /// Lines that the preprocessor takes away are none, whatever counts the compiler gives them.
  void lines(const std::map<uint64_t, uint64_t>& lines) {
    for (const auto& [line, times] : lines) {
      if (line <= text_.size() && without_indent(text_[line - 1]).starts_with("#")) continue;
      ++result_.lines.total;
      if (times != 0) {
        ++result_.lines.covered;
      } else {
        idle_lines_.push_back(line);
      }
    }
  }
  FileResult finish(const Bar& bar) {
    result_.exceptions = exceptions_.size();
    if (bar.decisions) findings_.insert(findings_.end(), misses_.begin(), misses_.end());
    if (!bar.decisions) judge_lines(bar.lines_percent);
    for (const auto& [line, exception] : exceptions_) {
      if (!exception.used) find(exception.stands_at, "an exception for what is covered");
    }
    return result_;
  }

 private:
  void judge_lines(double percent) {
    for (auto& [line, exception] : exceptions_) {
      exception.used = std::find(idle_lines_.begin(), idle_lines_.end(), line) != idle_lines_.end();
      result_.lines.total -= exception.used ? 1 : 0;
    }
    const auto covered = static_cast<double>(result_.lines.covered);
    if (covered * 100 >= percent * static_cast<double>(result_.lines.total)) return;
    for (const uint64_t line : idle_lines_) {
      if (!exceptions_.contains(line)) find(line, "never ran");
    }
  }
  void side(const Site& site, uint64_t times, std::string_view otherwise) {
    count(result_.branches, site, times != 0, otherwise);
  }
  void count(Count& count, const Site& site, bool covered, std::string_view otherwise) {
    ++count.total;
    count.covered += covered ? 1 : 0;
    if (covered) return;
    const bool in_macro = site.used != site.spelled;
    miss(site.used, in_macro
                        ? fmt::format("condition {} in this macro was {}", site.nth + 1, otherwise)
                        : std::string{otherwise});
  }
  void miss(const Place& place, const std::string& what) {
    const auto exception = exceptions_.find(place.line);
    if (exception != exceptions_.end()) {
      exception->second.used = true;
      return;
    }
    misses_.push_back(fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, what));
  }
  void find(uint64_t line, std::string_view what) {
    findings_.push_back(fmt::format("{}:{}: {}", result_.file, line, what));
  }

  std::vector<std::string>& findings_;
  std::vector<std::string> text_;
  Exceptions exceptions_;
  std::vector<std::string> misses_;
  std::vector<uint64_t> idle_lines_;
  FileResult result_;
};

const Bar* bar_of(const std::vector<Bar>& bars, const std::string& file) {
  const auto found = std::find_if(bars.begin(), bars.end(),
                                  [&](const Bar& bar) { return file.starts_with(bar.folder); });
  return found == bars.end() ? nullptr : &*found;
}

}  // namespace

std::vector<Bar> read_bars(const std::string& file) {
  std::vector<Bar> bars;
  size_t row = 0;
  for (const std::string& line : read_lines(file)) {
    ++row;
    std::istringstream words{line.substr(0, line.find('#'))};
    Bar bar;
    std::string kind;
    if (!(words >> bar.folder)) continue;
    words >> kind;
    bar.decisions = kind == "decisions";
    if (kind == "lines") words >> bar.lines_percent;
    const bool known = bar.decisions || (kind == "lines" && !words.fail());
    if (!known || !(words >> std::ws).eof() || bar.lines_percent < 0 || bar.lines_percent > 100)
      throw BadInput(
          fmt::format("{}:{}: neither FOLDER decisions nor FOLDER lines PERCENT", file, row));
    bars.push_back(bar);
  }
  return bars;
}

Result judge(const Measured& measured, const std::vector<Bar>& bars, const std::string& root) {
  Result result;
  std::set<std::string> seen;
  std::map<std::string, FileJudge> files;
  for (const auto& [file, lines] : measured.lines) {
    const Bar* bar = bar_of(bars, file);
    if (bar == nullptr) continue;
    seen.insert(bar->folder);
    files.try_emplace(file, root, file, result.findings).first->second.lines(lines);
  }
  const auto of = [&](const Place& place) {
    const auto found = files.find(place.file);
    return found == files.end() ? nullptr : &found->second;
  };
  for (const auto& [place, calls] : measured.functions) {
    if (FileJudge* file = of(place)) file->called(place, calls);
  }
  for (const auto& [site, branch] : measured.branches) {
    if (FileJudge* file = of(site.used)) file->branch(site, branch);
  }
  for (const auto& [site, decides] : measured.conditions) {
    if (FileJudge* file = of(site.used)) file->condition(site, decides);
  }
  for (const Site& site : measured.constant_conditions) {
    if (FileJudge* file = of(site.used)) file->constant(site);
  }
  for (auto& [name, file] : files) {
    result.files.push_back(file.finish(*bar_of(bars, name)));
  }
  for (const Bar& bar : bars) {
    if (seen.count(bar.folder) == 0)
      result.findings.push_back(fmt::format("{}: nothing of it was measured", bar.folder));
  }
  return result;
}

}  // namespace coverage
