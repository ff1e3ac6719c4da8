// SPDX-License-Identifier: BSD-3-Clause
// Runs the checks over the project, and shows that each check can fire.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/tidy/checks.hpp"

namespace {

namespace fs = std::filesystem;
using tidy::File;
using tidy::Findings;

std::vector<File> project_files() {
  std::vector<File> files;
  const fs::path root = SOURCE_DIR;
  for (const char* folder : {"ffa", "mediator", "spmc-model", "guest", "sim", "tools", "ports",
                             "tests", "bench", "cmake", "docs", ".ci"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file()) continue;
      const std::string path = fs::relative(entry.path(), root).generic_string();
      if (path.ends_with(".json") || path.ends_with(".jsonl") || path.ends_with(".png") ||
          path.starts_with("tests/data/"))
        continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(stream), {}};
      files.push_back(tidy::make_file(path, text));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

void expect_clean(Findings (*check)(const File&), bool (*applies)(const File&)) {
  size_t checked = 0;
  for (const auto& file : project_files()) {
    if (!applies(file)) continue;
    ++checked;
    for (const auto& finding : check(file)) ADD_FAILURE() << finding;
  }
  EXPECT_GT(checked, 50U) << "hardly any file was looked at";
}

bool all(const File&) { return true; }
bool has_licence_line(const File& file) {
  static const char* const without[] = {".md", ".txt", ".in", ".patch", ".golden", ".rc"};
  return std::none_of(std::begin(without), std::end(without),
                      [&](const char* ending) { return file.path.ends_with(ending); }) &&
         !file.path.starts_with("tests/cli/") && !file.path.starts_with("tests/golden/") &&
         !file.path.starts_with("tests/fuzz/corpus/") && !file.path.starts_with("tests/fuzz/open/");
}

TEST(Project, SizesAreWithinLimits) { expect_clean(tidy::check_sizes, all); }
TEST(Project, EveryFileHasItsLicenceLine) { expect_clean(tidy::check_licence, has_licence_line); }
TEST(Project, IncludesFollowTheLayers) { expect_clean(tidy::check_includes, all); }
TEST(Project, NoBannedWords) { expect_clean(tidy::check_words, all); }

// Lines of code: what explains it is free.
TEST(Project, TheMediatorStaysSmall) {
  size_t lines = 0;
  for (const auto& file : project_files()) {
    const bool code = file.path.ends_with(".hpp") || file.path.ends_with(".cpp");
    if (file.path.starts_with("mediator/") && code) lines += tidy::code_lines(file);
  }
  EXPECT_GT(lines, 1000U);
  EXPECT_LE(lines, 7500U);
}

std::string lines(size_t count, const std::string& line) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += line + "\n";
  return text;
}

TEST(Checks, CodeLinesAreNeitherBlankNorComment) {
  EXPECT_EQ(tidy::code_lines(tidy::make_file(
                "mediator/a.hpp", "// why\n\n  \nint x;  // unit\n  /// row\n}\nint y;\n")),
            3U);
}

TEST(Checks, SizesFire) {
  EXPECT_TRUE(tidy::check_sizes(tidy::make_file("sim/a.cpp", lines(500, "int x;"))).empty());
  EXPECT_FALSE(tidy::check_sizes(tidy::make_file("sim/a.cpp", lines(501, "int x;"))).empty());
  EXPECT_TRUE(tidy::check_sizes(tidy::make_file("sim/a.cpp", std::string(100, 'x'))).empty());
  EXPECT_FALSE(tidy::check_sizes(tidy::make_file("sim/a.cpp", std::string(101, 'x'))).empty());
  const auto function = [](size_t body) {
    return "int f(int a) const {\n" + lines(body, "  ++a;") + "}\n";
  };
  EXPECT_TRUE(tidy::check_sizes(tidy::make_file("sim/a.cpp", function(68))).empty());
  EXPECT_FALSE(tidy::check_sizes(tidy::make_file("sim/a.cpp", function(69))).empty());
}

TEST(Checks, LicenceFires) {
  EXPECT_TRUE(tidy::check_licence(
                  tidy::make_file("a", "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause"))
                  .empty());
  EXPECT_FALSE(tidy::check_licence(tidy::make_file("a", "int x;\n")).empty());
}

TEST(Checks, IncludesFire) {
  const auto findings = [](const char* path, const char* include) {
    return tidy::check_includes(tidy::make_file(path, fmt::format("#include \"{}\"\n", include)))
        .size();
  };
  EXPECT_EQ(findings("mediator/src/core/a.cpp", "sim/machine/machine.hpp"), 1U);
  EXPECT_EQ(findings("spmc-model/src/a.cpp", "mediator/limits.hpp"), 1U);
  EXPECT_EQ(findings("spmc-model/src/a.cpp", "ffa/wire/memory.hpp"), 1U);
  EXPECT_EQ(findings("spmc-model/src/a.cpp", "ffa/fid.hpp"), 0U);
  EXPECT_EQ(findings("ports/qemu-virt/a.cpp", "sim/machine/machine.hpp"), 1U);
  EXPECT_EQ(findings("sim/qemu/a.cpp", "ports/qemu-virt/memory_map.h"), 0U);
  EXPECT_EQ(findings("sim/qemu/a.cpp", "ports/qemu-virt/el2/world.hpp"), 1U);
  EXPECT_EQ(findings("sim/engine/a.cpp", "mediator/instantiate.hpp"), 1U);
  EXPECT_EQ(findings("sim/platform/instance.cpp", "mediator/instantiate.hpp"), 0U);
  EXPECT_EQ(findings("bench/instance.cpp", "mediator/instantiate.hpp"), 0U);
  EXPECT_EQ(findings("mediator/src/core/a.hpp", "mediator/platform.hpp"), 1U);
  EXPECT_EQ(findings("sim/scenario/descriptor.cpp", "ffa/wire/memory.hpp"), 1U);
}

TEST(Checks, WordsFire) {
  const auto findings = [](const char* path, const std::string& text) {
    return tidy::check_words(tidy::make_file(path, text)).size();
  };
  EXPECT_EQ(findings("sim/a.cpp", std::string("// TO") + "DO later"), 1U);
  EXPECT_EQ(findings("docs/a.md", std::string("see ../sha") + "red/x"), 1U);
  EXPECT_EQ(findings("ffa/a.hpp", "double x;"), 1U);
  EXPECT_EQ(findings("guest/a.cpp", "std::vector<int> x;"), 1U);
  EXPECT_EQ(findings("sim/trace/a.cpp", "std::unordered_map<int, int> m;"), 1U);
  EXPECT_EQ(findings("sim/trace/a.cpp", "// no unordered_map here"), 0U);
}

}  // namespace
