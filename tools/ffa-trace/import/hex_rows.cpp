// SPDX-License-Identifier: BSD-3-Clause
// What people paste into bug reports: any words, then registers as hex numbers to the end of the
// line, x0 first: `Atf_Debug(55): 0x84000070 0x80010000 0x0`.
#include <array>
#include <set>
#include <string>
#include <utility>

#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

constexpr size_t most_shapes = 1024;  ///< a log has a few; a hostile one has no end of them

/// The head with its numbers masked: rows of one kind have the same.
std::string shape_of(std::string_view head) {
  std::string shape;
  for (const char c : head) {
    const bool digit = c >= '0' && c <= '9';
    if (digit && !shape.empty() && shape.back() == '#') continue;
    shape += digit ? '#' : c;
  }
  return shape;
}

std::optional<uint16_t> cpu_of(std::string_view head) {
  static constexpr std::array<std::string_view, 4> words = {"cpu", "CPU", "core", "Core"};
  for (const std::string_view word : words) {
    const size_t begin = head.find(word);
    if (begin == std::string_view::npos) continue;
    Cursor at(head.substr(begin + word.size()));
    while (at.skip(" ") || at.skip(":") || at.skip("=") || at.skip("(") || at.skip("[")) {
    }
    if (const auto number = cpu_number(at.decimal())) return number;
  }
  return {};
}

/// Where the registers begin: the first word that is a hex number, with 0x or of eight digits.
size_t registers_begin(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (i != 0 && std::string_view(" \t:[({").find(text[i - 1]) == std::string_view::npos) continue;
    Cursor at(text.substr(i));
    const bool marked = at.rest().starts_with("0x");
    const size_t before = at.rest().size();
    if (!at.hex()) continue;
    const bool bracket =
        i != 0 && std::string_view("[({").find(text[i - 1]) != std::string_view::npos;
    if (marked || before - at.rest().size() == 8) return bracket ? i - 1 : i;
  }
  return std::string_view::npos;
}

class HexRows : public Format {
 public:
  Reading take(const LogLine& line) override {
    const std::string_view text = without_stamps(line.text);
    const size_t begin = registers_begin(text);
    if (begin == std::string_view::npos) return damaged(text);
    const std::string_view head = text.substr(0, begin);
    Row row;
    Cursor at(text.substr(begin));
    if (!take_registers(at, row) || (row.known & 3U) != 3U || !is_head(head)) return damaged(text);
    const bool function = ffa::FunctionId{row.regs.x[0]}.in_ffa_range();
    if (function) {
      if (shapes_.size() < most_shapes) shapes_.insert(shape_of(head));
    } else if (!shapes_.contains(shape_of(head))) {
      return {};
    }
    row.cpu = cpu_of(head);
    row.direction = direction_of(head);
    drop_if_cut(row, line.ended);
    return Reading::of(std::move(row));
  }

 private:
  static Reading damaged(std::string_view text) {
    const size_t first = text.find("0x");
    const bool several =
        first != std::string_view::npos && text.find("0x", first + 2) != std::string_view::npos;
    const bool part = names_function(text) && several;
    return part || looks_like_registers(text) ? Reading::broken() : Reading{};
  }

  std::set<std::string> shapes_;  ///< heads of rows whose x0 is an FF-A function
};

}  // namespace

std::unique_ptr<Format> make_hex_rows() { return std::make_unique<HexRows>(); }

}  // namespace ffa_trace
