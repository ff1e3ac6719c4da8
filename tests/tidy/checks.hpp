// SPDX-License-Identifier: BSD-3-Clause
// The checks of the style test, as functions on text, so that each can be shown to fire.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidy {

inline constexpr size_t max_file_lines = 500;
inline constexpr size_t max_function_lines = 70;
inline constexpr size_t max_columns = 100;

/// One file of the project: `path` relative to its root, with forward slashes.
struct File {
  std::string path;
  std::vector<std::string> lines;
};

/// A finding: "path:line: what".
using Findings = std::vector<std::string>;

File make_file(std::string path, std::string_view text);

Findings check_sizes(const File& file);       ///< lines a file, lines a function, columns
Findings check_licence(const File& file);     ///< SPDX line first (or second, behind #!)
Findings check_includes(const File& file);    ///< the layering of the architecture
Findings check_words(const File& file);       ///< words that must not stand there
size_t code_lines(const File& file);          ///< lines that are neither blank nor comment only
bool is_freestanding(std::string_view path);  ///< ffa, mediator, spmc-model, guest

}  // namespace tidy
