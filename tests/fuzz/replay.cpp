// SPDX-License-Identifier: BSD-3-Clause
// A fuzz target without a fuzzer: runs it on files, and on all files of folders, in the order of
// their names. What a fuzzer once found, or came by, is a regression test so. With --rounds N all
// of it N times more, and what of the processor's time that took.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/fuzz/input_file.hpp"
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

struct Input {
  std::string name;
  std::vector<uint8_t> bytes;  ///< of just this size: a sanitizer sees what is read behind it
};

struct Arguments {
  std::vector<std::string> paths;
  uint64_t rounds = 0;  ///< behind the first one, and timed
  bool verbose = false;
};

/// Nothing: they make no sense.
std::optional<Arguments> read(const std::vector<std::string>& arguments) {
  Arguments read;
  for (size_t n = 0; n < arguments.size(); ++n) {
    if (arguments[n] == "--verbose") {
      read.verbose = true;
    } else if (arguments[n] == "--rounds" && n + 1 < arguments.size()) {
      const std::string& text = arguments[++n];
      const auto [end, error] =
          std::from_chars(text.data(), text.data() + text.size(), read.rounds);
      if (error != std::errc{} || end != text.data() + text.size()) return {};
    } else if (arguments[n].starts_with("--")) {
      return {};
    } else {
      read.paths.push_back(arguments[n]);
    }
  }
  return read;
}

/// Of this process, in seconds.
double processor_time() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

void run_all(const std::vector<Input>& inputs, bool verbose) {
  for (const Input& input : inputs) {
    if (verbose) fmt::print(stderr, "{}\n", input.name);
    (void)LLVMFuzzerTestOneInput(input.bytes.data(), input.bytes.size());
  }
}

int replay(const Arguments& arguments) {
  std::vector<Input> inputs;
  for (const std::string& path : arguments.paths) {
    if (!fs::exists(path)) {
      fmt::print(stderr, "{}: no such file or folder\n", path);
      return 2;
    }
    for (const fs::path& file : files_of(path)) {
      auto bytes = fuzz::bytes_of(file);
      if (!bytes) {
        fmt::print(stderr, "{}: can't be read\n", file.string());
        return 2;
      }
      inputs.push_back({file.string(), std::move(*bytes)});
    }
  }
  if (inputs.empty()) return -1;
  run_all(inputs, arguments.verbose);  // what the first round makes, the others find
  fmt::print("{} inputs\n", inputs.size());
  if (arguments.rounds == 0) return 0;
  const double begun = processor_time();
  for (uint64_t round = 0; round < arguments.rounds; ++round) run_all(inputs, arguments.verbose);
  const double took = processor_time() - begun;
  const auto runs = static_cast<double>(inputs.size() * arguments.rounds);
  fmt::print("{:.0f} runs in {:.2f} s of processor time, {:.0f} a second\n", runs, took,
             runs / took);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto arguments = read({argv + 1, argv + argc});
    const int code = arguments ? replay(*arguments) : -1;
    if (code >= 0) return code;
    fmt::print(stderr,
               "usage: [--verbose] [--rounds N] FILE-OR-FOLDER…: at least one file to run\n");
    return 2;
  } catch (const fs::filesystem_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
