// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "sim/scenario/loader.hpp"

namespace sim::scenario {
namespace {

namespace fs = std::filesystem;

/// All *.json below a directory, in the order of their paths.
std::vector<std::string> files_below(const std::string& directory,
                                     std::vector<std::string>& errors) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator at(directory, error);
  const fs::recursive_directory_iterator end;
  while (!error && at != end) {
    const fs::path& path = at->path();
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      if (path.filename() == "schema") at.disable_recursion_pending();
    } else if (path.extension() == ".json") {
      files.push_back(path.string());
    }
    at.increment(error);
  }
  if (error) errors.push_back(directory + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

std::vector<std::string> find_scenarios(const std::vector<std::string>& paths,
                                        std::vector<std::string>& errors) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  const auto add = [&](const std::string& file) {
    std::error_code error;
    const std::string known_as = fs::weakly_canonical(file, error).string();
    if (seen.insert(error ? file : known_as).second) files.push_back(file);
  };
  for (const std::string& path : paths) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (!fs::exists(status)) {
      errors.push_back(path + ": " + (error ? error.message() : "No such file or directory"));
    } else if (fs::is_directory(status)) {
      const auto found = files_below(path, errors);
      if (found.empty()) errors.push_back(path + ": no scenario in it");
      for (const auto& file : found) add(file);
    } else {
      add(path);
    }
  }
  return files;
}

}  // namespace sim::scenario
