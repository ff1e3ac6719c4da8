// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/counts.hpp"

#include <fmt/format.h>

namespace ffa_trace {
namespace {

constexpr size_t lines_told = 8;

std::string count_words(uint64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string given_up_words(const ImportCounts& counts) {
  std::string words = count_words(counts.given_up, "line", "lines") + " given up";
  for (size_t i = 0; i < counts.given_up_lines.size(); ++i) {
    words += fmt::format("{} {}", i == 0 ? ":" : ",", counts.given_up_lines[i]);
  }
  return counts.given_up > counts.given_up_lines.size() ? words + ", …" : words;
}

}  // namespace

void ImportCounts::give_up(uint64_t line) {
  if (!given_up_lines.empty() && given_up_lines.back() == line) return;
  ++given_up;
  if (given_up_lines.size() < lines_told) given_up_lines.push_back(line);
}

std::string summary(const ImportCounts& counts, const std::string& name) {
  std::string text = fmt::format(
      "import: {}: format {}{}, {}, {}\n", name, counts.format, counts.guessed ? " (guessed)" : "",
      count_words(counts.lines, "line", "lines"), count_words(counts.rows, "row", "rows"));
  text += fmt::format("import: {}, {}, {} without a return, {} without a call\n",
                      count_words(counts.calls, "call", "calls"),
                      count_words(counts.pairs, "pair", "pairs"), counts.calls - counts.pairs,
                      count_words(counts.orphans, "answer", "answers"));
  text += fmt::format("import: {}; {} lost\n", given_up_words(counts),
                      count_words(counts.lost, "entry", "entries"));
  if (counts.others != 0) {
    text +=
        fmt::format("import: {} left out that {} no FF-A call\n",
                    count_words(counts.others, "row", "rows"), counts.others == 1 ? "is" : "are");
  }
  if (counts.repeats != 0) {
    text += fmt::format("import: {} left out that only repeat{} the one before\n",
                        count_words(counts.repeats, "row", "rows"), counts.repeats == 1 ? "s" : "");
  }
  if (counts.foreign != 0) {
    text += fmt::format("import: {} of another format left out\n",
                        count_words(counts.foreign, "row", "rows"));
  }
  return text;
}

}  // namespace ffa_trace
