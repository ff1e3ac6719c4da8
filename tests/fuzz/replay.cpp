// SPDX-License-Identifier: BSD-3-Clause
// A fuzz target without a fuzzer: runs it on files, and on all files of folders, in the order of
// their names. What a fuzzer once found, or came by, is a regression test so.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/target.hpp"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// False: the file can't be read.
bool run_file(const fs::path& path, bool verbose) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return false;
  if (verbose) fmt::print(stderr, "{}\n", path.string());
  // Its own allocation of just this size: a sanitizer sees what is read behind it.
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return true;
}

int replay(const std::vector<std::string>& arguments) {
  size_t runs = 0;
  bool verbose = false;
  for (const std::string& argument : arguments) {
    if (argument == "--verbose") {
      verbose = true;
      continue;
    }
    if (!fs::exists(argument)) {
      fmt::print(stderr, "{}: no such file or folder\n", argument);
      return 2;
    }
    for (const fs::path& file : files_of(argument)) {
      if (!run_file(file, verbose)) {
        fmt::print(stderr, "{}: can't be read\n", file.string());
        return 2;
      }
      ++runs;
    }
  }
  if (runs == 0) {
    fmt::print(stderr, "usage: [--verbose] FILE-OR-FOLDER…: at least one file to run\n");
    return 2;
  }
  fmt::print("{} inputs\n", runs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return replay({argv + 1, argv + argc});
  } catch (const fs::filesystem_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
