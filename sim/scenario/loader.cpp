// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/coverage.hpp"
#include "sim/scenario/loader_json.hpp"
#include "sim/scenario/loader_vary.hpp"
#include "sim/scenario/schema.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Keys that may hold variables or steps; the others are looked at before a matrix is expanded.
constexpr const char* body_keys[] = {"world", "setup",  "steps",  "threads",
                                     "after", "expect", "choices"};

/// One file on its way to its cases.
class FileLoader {
 public:
  FileLoader(std::string file, const LoadOptions& options, SchemaChecker& checker,
             LoadResult& result)
      : file_(std::move(file)), options_(options), checker_(checker), result_(result) {}

  /// Of a file with a mistake no case is kept.
  void load() {
    const size_t before = result_.cases.size();
    try {
      document_ = parse_scenario(read_text_file(file_, max_scenario_bytes), file_);
      if (check_head()) expand();
    } catch (const InputError& error) {
      complain(error.what());
    }
    if (!complaints_.empty()) {
      result_.cases.erase(result_.cases.begin() + static_cast<ptrdiff_t>(before),
                          result_.cases.end());
    }
  }

 private:
  /// One mistake, one line: a file's cases often share it.
  void complain(const std::string& text) {
    if (complaints_.insert(text).second) result_.errors.push_back(text);
  }
  bool complain(const std::string& pointer, const std::string& reason) {
    complain(fmt::format("{}: {}", place_of(file_, pointer), reason));
    return false;
  }

  bool check_head();
  bool check_name(const std::string& name);
  void expand();
  void add_case(const std::string& name, const Combination& combination);
  void prepare(LoadedCase& loaded, const Combination& combination);
  void check_body(const LoadedCase& loaded);
  void check_steps(const json& steps, const std::string& pointer);
  void note(const std::vector<std::string>& notes);
  std::string missing_need() const;

  std::string file_;
  const LoadOptions& options_;
  SchemaChecker& checker_;
  LoadResult& result_;
  ordered_json document_;
  std::set<std::string> complaints_;
};

bool FileLoader::check_head() {
  json head = document_;
  for (const char* key : body_keys) head.erase(key);
  if (const auto complaint = checker_.check_scenario(head)) {
    return complain(complaint->pointer, complaint->reason);
  }
  if (document_.contains("steps") == document_.contains("threads")) {
    return complain("", "needs either 'steps' or 'threads'");
  }
  if (document_.contains("setup") && !document_.contains("threads")) {
    return complain("/setup", "only goes with 'threads'");
  }
  bool good = check_name(document_.at("name"));
  const ordered_json covers = document_.value("covers", ordered_json::array());
  for (size_t i = 0; i < covers.size(); ++i) {
    const auto row = covers[i].get<std::string>();
    if (!is_matrix_row(row)) {
      good = complain(fmt::format("/covers/{}", i),
                      fmt::format("'{}' is not a row of the conformance matrix", row));
    }
  }
  return good;
}

/// The name is the path below the directory that holds `schema`, or, for files elsewhere, an end of
/// the path.
bool FileLoader::check_name(const std::string& name) {
  namespace fs = std::filesystem;
  const fs::path path = fs::absolute(file_).lexically_normal();
  const fs::path schema = path.parent_path() / document_.at("$schema").get<std::string>();
  const fs::path root = schema.lexically_normal().parent_path().parent_path();
  std::string expected = path.lexically_relative(root).replace_extension().generic_string();
  const bool below_root = !expected.empty() && !expected.starts_with("..");
  const std::string whole = fs::path(path).replace_extension().generic_string();
  if (below_root ? name == expected : whole.ends_with("/" + name)) return true;
  if (!below_root) {
    expected = fmt::format("{}/{}", path.parent_path().filename().string(), path.stem().string());
  }
  return complain("/name",
                  fmt::format("'{}' does not fit the file's path: '{}' expected", name, expected));
}

std::string FileLoader::missing_need() const {
  for (const auto& need : document_.value("needs", ordered_json::array())) {
    const auto name = need.get<std::string>();
    if (!options_.environment || !options_.environment(name)) return name;
  }
  return {};
}

void FileLoader::expand() {
  std::vector<Axis> axes;
  const ordered_json matrix = document_.value("matrix", ordered_json::object());
  for (const auto& [name, values] : matrix.items()) {
    Axis axis{name, {}};
    for (const auto& value : values) axis.values.push_back(json(value));
    axes.push_back(std::move(axis));
  }
  const json doc = document_;
  for (const Axis& axis : options_.vary) {
    if (leaves_open(doc, axis.name)) axes.push_back(axis);
  }
  const auto combinations = combine(axes);
  if (!combinations) {
    complain("/matrix", fmt::format("more than {} combinations", max_combinations));
    return;
  }
  for (const Combination& combination : *combinations) {
    add_case(document_.at("name"), combination);
  }
}

void FileLoader::add_case(const std::string& name, const Combination& combination) {
  LoadedCase loaded;
  loaded.data.name = name + combination.suffix;
  loaded.data.file = file_;
  loaded.chapter = name.substr(0, name.find('/'));
  loaded.covers = document_.value("covers", ordered_json::array()).get<std::vector<std::string>>();
  const auto backends = document_.value("backends", ordered_json::array());
  loaded.selected = backends.empty() ||
                    std::find(backends.begin(), backends.end(), options_.backend) != backends.end();
  const std::string missing = missing_need();
  if (!missing.empty()) loaded.skip = fmt::format("environment variable {} is not set", missing);
  for (const auto& [variable, value] : combination.values) {
    loaded.data.variables[variable] = text_of(value);
  }
  for (const Axis& axis : options_.vary) {
    const auto value = combination.values.find(axis.name);
    const bool own = document_.contains("matrix") && document_.at("matrix").contains(axis.name);
    if (value != combination.values.end() && !own)
      loaded.varied[axis.name] = text_of(value->second);
  }
  loaded.data.doc = document_;
  loaded.data.doc.erase("matrix");
  if (missing.empty()) prepare(loaded, combination);
  result_.cases.push_back(std::move(loaded));
}

/// Replaces the variables and checks what comes out.
void FileLoader::prepare(LoadedCase& loaded, const Combination& combination) {
  const auto lookup = [&](const std::string& name) -> std::optional<json> {
    const auto value = combination.values.find(name);
    if (value != combination.values.end()) return value->second;
    const auto text = options_.environment ? options_.environment(name) : std::nullopt;
    if (!text) return {};
    loaded.data.variables[name] = *text;
    return json(*text);
  };
  json& doc = loaded.data.doc;
  for (const char* key : body_keys) {
    if (doc.contains(key)) substitute(doc[key], lookup, file_, json::json_pointer() / key);
  }
  std::vector<std::string> notes;
  loaded.origins = add_xl_files(doc, file_, notes);
  note(notes);
  check_body(loaded);
  for (const auto& [variable, value] : loaded.varied) fill_in(doc, variable, value);
}

/// One note a guest configuration, however many cases read it.
void FileLoader::note(const std::vector<std::string>& notes) {
  for (const std::string& text : notes) {
    const auto found = std::find(result_.notes.begin(), result_.notes.end(), text);
    if (found == result_.notes.end()) result_.notes.push_back(text);
  }
}

void FileLoader::check_body(const LoadedCase& loaded) {
  const json& doc = loaded.data.doc;
  if (const auto complaint = checker_.check_scenario(doc)) {
    const std::string place = origin_of(loaded.origins, file_, complaint->pointer);
    complain(fmt::format("{}: {}", place, complaint->reason));
    return;
  }
  for (const char* key : {"setup", "steps", "after"}) {
    if (doc.contains(key)) check_steps(doc.at(key), fmt::format("/{}", key));
  }
  if (!doc.contains("threads")) return;
  for (const auto& [actor, steps] : doc.at("threads").items())
    check_steps(steps, "/threads/" + actor);
}

void FileLoader::check_steps(const json& steps, const std::string& pointer) {
  for (size_t i = 0; i < steps.size(); ++i) {
    if (const auto complaint = checker_.check_step(steps[i])) {
      complain(fmt::format("{}/{}{}", pointer, i, complaint->pointer), complaint->reason);
    }
  }
}

}  // namespace

LoadResult load_scenarios(const std::vector<std::string>& paths, const LoadOptions& options) {
  LoadResult result;
  SchemaChecker checker;
  for (const std::string& file : find_scenarios(paths, result.errors)) {
    FileLoader(file, options, checker, result).load();
  }
  std::set<std::string> names;
  for (const LoadedCase& loaded : result.cases) {
    if (!names.insert(loaded.data.name).second) {
      result.errors.push_back(fmt::format("{}:/name: another case is named '{}' too",
                                          loaded.data.file, loaded.data.name));
    }
  }
  return result;
}

}  // namespace sim::scenario
