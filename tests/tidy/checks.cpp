// SPDX-License-Identifier: BSD-3-Clause
#include "tests/tidy/checks.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <regex>

namespace tidy {
namespace {

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  for (const auto prefix : prefixes) {
    if (text.starts_with(prefix)) return true;
  }
  return false;
}

bool is_code(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".hpp") || path.ends_with(".h");
}

std::string found(const File& file, size_t index, std::string_view what) {
  return fmt::format("{}:{}: {}", file.path, index + 1, what);
}

/// A file's lines without comments and without string and character literals. `literal`: the line
/// lies in a raw string, where the project does not choose the layout.
struct Code {
  std::vector<std::string> lines;
  std::vector<bool> literal;
};

/// Reads one line; `raw_end` is what closes the raw string that it begins or ends in, or empty.
std::string code_of(const std::string& line, std::string& raw_end) {
  std::string out;
  size_t i = 0;
  while (i < line.size()) {
    if (!raw_end.empty()) {
      const size_t end = line.find(raw_end, i);
      if (end == std::string::npos) return out;
      i = end + raw_end.size();
      raw_end.clear();
      continue;
    }
    const char c = line[i];
    if (line.compare(i, 2, "//") == 0) break;
    if (line.compare(i, 2, "R\"") == 0) {
      const size_t open = line.find('(', i);
      if (open == std::string::npos) break;
      raw_end = ")" + line.substr(i + 2, open - i - 2) + "\"";
      i = open + 1;
      continue;
    }
    const bool digit_separator =
        c == '\'' && i > 0 && std::isalnum(static_cast<unsigned char>(line[i - 1])) != 0;
    if ((c == '"' || c == '\'') && !digit_separator) {
      for (++i; i < line.size() && line[i] != c; ++i) i += line[i] == '\\' ? 1 : 0;
    } else {
      out.push_back(c);
    }
    ++i;
  }
  return out;
}

Code code_of(const File& file) {
  Code code;
  std::string raw_end;
  for (const auto& line : file.lines) {
    const bool inside = !raw_end.empty();
    code.lines.push_back(code_of(line, raw_end));
    code.literal.push_back(inside || !raw_end.empty());
  }
  return code;
}

/// True if what stands before an opening brace is the head of a function.
bool is_function_head(std::string head) {
  while (!head.empty() && std::isspace(static_cast<unsigned char>(head.front())) != 0) {
    head.erase(head.begin());
  }
  static const std::regex control(
      R"(^(\} )?(if|for|while|switch|do|else|try|catch|return|extern)\b|)"
      R"(^(namespace|class|struct|enum|union)\b)");
  if (std::regex_search(head, control) || head.find('(') == std::string::npos) return false;
  static const std::regex tail(
      R"(\)\s*(const|noexcept|override|final|->[^;{]*|:[^;]*|FFA_\w+\([^)]*\)|\s)*$)");
  return std::regex_search(head, tail) && head.find(" = ") == std::string::npos;
}

/// The layer of a file and what its quoted includes may begin with.
struct Layer {
  std::string_view prefix;
  std::vector<std::string_view> allowed;
};

const std::vector<Layer>& layers() {
  static const std::vector<Layer> table = {
      {"ffa/", {"ffa/"}},
      {"mediator/", {"ffa/", "mediator/", "core/", "handlers/"}},
      {"spmc-model/",
       {"ffa/types.hpp", "ffa/status.hpp", "ffa/result.hpp", "ffa/regs.hpp", "ffa/fid.hpp",
        "ffa/names.hpp", "spmc-model/", "src/"}},
      {"guest/", {"ffa/", "guest/"}},
      {"sim/scenario/descriptor",
       {"ffa/types.hpp", "ffa/status.hpp", "ffa/result.hpp", "ffa/regs.hpp", "ffa/fid.hpp",
        "ffa/names.hpp", "sim/"}},
      {"sim/scenario/optee_message", {"sim/"}},
      {"sim/unicorn/",
       {"ffa/", "mediator/", "spmc-model/", "guest/", "sim/", "ports/unicorn/image_abi.hpp"}},
      {"sim/engine/image_vm",
       {"ffa/", "mediator/", "spmc-model/", "guest/", "sim/", "ports/qemu-virt/memory_map.h"}},
      {"sim/qemu/",
       {"ffa/", "mediator/", "spmc-model/", "guest/", "sim/", "ports/qemu-virt/memory_map.h"}},
      {"sim/", {"ffa/", "mediator/", "spmc-model/", "guest/", "sim/"}},
      {"tools/", {"ffa/", "mediator/", "spmc-model/", "guest/", "sim/", "tools/"}},
      {"ports/", {"ffa/", "mediator/", "spmc-model/", "guest/", "ports/"}},
  };
  return table;
}

struct Word {
  std::string_view pattern;
  std::string_view why;
};

Findings search(const File& file, const std::vector<Word>& words, bool code_only) {
  Findings findings;
  const std::vector<std::string> lines = code_only ? code_of(file).lines : file.lines;
  for (const auto& word : words) {
    const std::regex pattern{std::string(word.pattern)};
    for (size_t i = 0; i < lines.size(); ++i) {
      if (std::regex_search(lines[i], pattern)) findings.push_back(found(file, i, word.why));
    }
  }
  return findings;
}

void append(Findings& to, Findings from) { to.insert(to.end(), from.begin(), from.end()); }

Findings check_functions(const File& file, const Code& code) {
  Findings findings;
  int depth = 0;
  int function_depth = -1;
  size_t function_start = 0;
  std::string head;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    if (file.lines[i].starts_with("#")) continue;
    for (const char c : code.lines[i]) {
      if (c == '{') {
        if (function_depth < 0 && is_function_head(head)) {
          function_depth = depth;
          function_start = i;
        }
        ++depth;
        head.clear();
      } else if (c == '}') {
        --depth;
        if (depth == function_depth) {
          const size_t length = i - function_start + 1;
          if (length > max_function_lines) {
            findings.push_back(
                found(file, function_start, fmt::format("function of {} lines", length)));
          }
          function_depth = -1;
        }
        head.clear();
      } else if (c == ';') {
        head.clear();
      } else {
        head.push_back(c);
      }
    }
    head.push_back(' ');
  }
  return findings;
}

}  // namespace

File make_file(std::string path, std::string_view text) {
  File file{std::move(path), {}};
  while (!text.empty()) {
    const size_t end = text.find('\n');
    file.lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return file;
}

size_t code_lines(const File& file) {
  size_t count = 0;
  for (const auto& line : code_of(file).lines) {
    count += line.find_first_not_of(" \t") != std::string::npos ? 1 : 0;
  }
  return count;
}

bool is_freestanding(std::string_view path) {
  return starts_with_any(path, {"ffa/", "mediator/", "spmc-model/", "guest/", "ports/"});
}

Findings check_sizes(const File& file) {
  if (!is_code(file.path)) return {};
  Findings findings;
  const Code code = code_of(file);
  if (file.lines.size() > max_file_lines) {
    findings.push_back(found(file, max_file_lines, fmt::format("{} lines", file.lines.size())));
  }
  for (size_t i = 0; i < file.lines.size(); ++i) {
    size_t columns = 0;
    for (const char c : file.lines[i]) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    if (columns > max_columns && !code.literal[i])
      findings.push_back(found(file, i, fmt::format("{} columns", columns)));
  }
  append(findings, check_functions(file, code));
  return findings;
}

Findings check_licence(const File& file) {
  const std::string_view tag = "SPDX-License-Identifier: BSD-3-Clause";
  for (size_t i = 0; i < file.lines.size() && i < 2; ++i) {
    if (file.lines[i].find(tag) != std::string::npos) return {};
  }
  return {found(file, 0, "no SPDX line")};
}

Findings check_includes(const File& file) {
  Findings findings;
  static const std::regex quoted(R"(^#include \"([^\"]+)\")");
  const Layer* layer = nullptr;
  for (const auto& candidate : layers()) {
    if (file.path.starts_with(candidate.prefix)) {
      layer = &candidate;
      break;
    }
  }
  for (size_t i = 0; i < file.lines.size(); ++i) {
    std::smatch match;
    if (!std::regex_search(file.lines[i], match, quoted)) continue;
    const std::string include = match[1];
    if (include.find("..") != std::string::npos)
      findings.push_back(found(file, i, "include by .."));
    if (layer != nullptr && !starts_with_any(include, layer->allowed)) {
      findings.push_back(
          found(file, i, fmt::format("{} may not include {}", layer->prefix, include)));
    }
    const bool instance = file.path == "sim/platform/instance.cpp" ||
                          file.path == "bench/instance.cpp" || file.path.starts_with("tests/") ||
                          file.path.starts_with("mediator/") ||
                          (file.path.starts_with("ports/") && file.path.ends_with("/instance.cpp"));
    if (include == "mediator/instantiate.hpp" && !instance) {
      findings.push_back(found(file, i, "only a product's instance.cpp instantiates the mediator"));
    }
    if (file.path.starts_with("mediator/src/core/") && include == "mediator/platform.hpp") {
      findings.push_back(found(file, i, "core knows nothing of the platform"));
    }
  }
  return findings;
}

Findings check_words(const File& file) {
  Findings findings = search(file,
                             {{R"(\b(TO)DO\b|\bFIX(ME)\b|\bXX(X)\b|\bHA(CK)\b)", "left to do"},
                              {R"(/(wo)rk/|\.\./(sha)red|\.(lib)rary/|\bissue #?[0-9])",
                               "names a place outside the project"}},
                             false);
  if (!is_code(file.path)) return findings;
  append(findings, search(file,
                          {{R"(\bgoto\b)", "goto"},
                           {R"(#include <iostream>)", "iostream"},
                           {R"(\brand\(|random_device|\bmt19937)",
                            "a source of chance that is not the choice stream"}},
                          true));
  if (is_freestanding(file.path)) {
    append(findings, search(file,
                            {{R"(\b(float|double)\b)", "floating point in freestanding code"},
                             {R"(\bthrow\b|\bcatch\b|\bdynamic_cast\b|\btypeid\b)",
                              "exceptions or RTTI in freestanding code"},
                             {R"(std::(string|vector|map|set|function|unique_ptr|shared_ptr)\b)",
                              "heap types in freestanding code"},
                             {R"(\bmalloc\b|\bfree\(|\bdelete\b [^;=]*;|[=(,] ?new [A-Z])",
                              "heap in freestanding code"}},
                            true));
  } else if (file.path.starts_with("sim/") && !file.path.starts_with("sim/cli/")) {
    append(findings,
           search(file,
                  {{R"(unordered_(map|set))", "hash order must not reach a decision or a trace"},
                   {R"(std::chrono|\btime\(|gettimeofday|clock_gettime)", "clock"}},
                  true));
  }
  return findings;
}

}  // namespace tidy
