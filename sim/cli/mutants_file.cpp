// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/mutants_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader_json.hpp"

namespace sim::cli {
namespace {

using nlohmann::ordered_json;

constexpr size_t max_mutants_file = size_t{64} << 20;

/// One object of a file, and where that is.
struct Entry {
  const ordered_json& object;
  const std::string& file;
  std::string pointer;

  [[noreturn]] void fail(const std::string& below, const std::string& reason) const {
    throw InputError(scenario::place_of(file, pointer + below), reason);
  }
  [[nodiscard]] std::string text(const std::string& key) const {
    return scenario::text_at(object, key, file, pointer);
  }
  [[nodiscard]] std::string text_or_none(const std::string& key) const {
    return object.is_object() && object.contains(key) ? text(key) : "";
  }
};

class Reader {
 public:
  void read(const std::string& file) {
    const ordered_json document =
        scenario::parse_json(scenario::read_text_file(file, max_mutants_file), file);
    const Entry whole{document, file, ""};
    title_ = whole.text("title");
    below_ = whole.text_or_none("below");
    const auto mutants = document.find("mutants");
    if (mutants == document.end() || !mutants->is_array()) {
      whole.fail("/mutants", "is no list: not what a tool of tests/mutants writes");
    }
    size_t number = 0;
    for (const ordered_json& mutant : *mutants) {
      add({mutant, file, fmt::format("/mutants/{}", number++)});
    }
  }
  report::Mutants take() {
    std::vector<report::Survivor> all;
    std::vector<report::Survivor> explained;
    for (report::Survivor& survivor : mutants_.survivors) {
      (survivor.reason.empty() ? all : explained).push_back(std::move(survivor));
    }
    std::ranges::move(explained, std::back_inserter(all));
    mutants_.survivors = std::move(all);
    return std::move(mutants_);
  }

 private:
  void add(const Entry& mutant) {
    const std::string id = mutant.text("id");
    const std::string code = mutant.text_or_none("code");
    if (!seen_.insert(title_ + '\n' + id + '\n' + code).second) {
      mutant.fail("/id", fmt::format("'{}' stood there before", id));
    }
    const std::string file = below_ + mutant.text("file");
    const size_t slash = file.rfind('/');
    const std::string folder = file.substr(0, slash == std::string::npos ? 0 : slash);
    const size_t part = part_of(fmt::format("{}: {}", title_, folder));
    const std::string result = mutant.text("result");
    if (result == "killed") {
      ++mutants_.parts[part].killed;
      return;
    }
    if (!std::set<std::string>{"survived", "unreached", "broken"}.contains(result)) {
      mutant.fail("/result",
                  fmt::format("'{}' is not one of killed, survived, unreached, broken", result));
    }
    const std::string reason = mutant.text_or_none("reason");
    ++(reason.empty() ? mutants_.parts[part].unexplained : mutants_.parts[part].explained);
    mutants_.survivors.push_back({part, fmt::format("{}:{}", file, line_of(mutant)),
                                  mutant.text("operator"), code, result, reason});
  }
  static uint64_t line_of(const Entry& mutant) {
    const auto found = mutant.object.find("line");
    if (found == mutant.object.end() || !found->is_number_unsigned()) {
      mutant.fail("/line", "is no number of a line");
    }
    return found->get<uint64_t>();
  }
  size_t part_of(const std::string& name) {
    auto& parts = mutants_.parts;
    const auto same = [&](const report::MutantPart& part) { return part.name == name; };
    const auto found = std::find_if(parts.begin(), parts.end(), same);
    if (found != parts.end()) return static_cast<size_t>(found - parts.begin());
    parts.push_back({name});
    return parts.size() - 1;
  }

  report::Mutants mutants_;
  std::set<std::string> seen_;
  std::string title_;  ///< of the file
  std::string below_;  ///< folder in which its paths are
};

}  // namespace

report::Mutants read_mutants(const std::vector<std::string>& files) {
  Reader reader;
  for (const std::string& file : files) reader.read(file);
  return reader.take();
}

}  // namespace sim::cli
