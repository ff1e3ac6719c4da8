// SPDX-License-Identifier: BSD-3-Clause
// Rows that name their registers: `NOTICE:  [cpu] NS smc  x0=… x1=…`, or with other words in front.
#include <utility>

#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

std::optional<uint16_t> bracketed_cpu(std::string_view head) {
  for (size_t i = 0; i < head.size(); ++i) {
    Cursor at(head.substr(i));
    if (!at.skip("[")) continue;
    const auto number = at.decimal();
    if (number && at.skip("]")) return cpu_number(number);
  }
  return {};
}

World world_of(std::string_view head) {
  Cursor at(head);
  for (at.skip_blanks(); !at.at_end(); at.skip_blanks()) {
    const std::string_view word = at.word();
    if (word == "NS") return World::normal;
    if (word == "S") return World::secure;
  }
  return World::unknown;
}

/// `x0=… x1=…` to the end of the line; false for anything else.
bool take_named(Cursor& at, Row& row) {
  while (!at.at_end()) {
    if (!at.skip("x")) return false;
    const auto n = at.decimal();
    if (!n || *n >= row.regs.x.size() || !at.skip("=")) return false;
    const auto value = at.hex();
    if (!value || (row.known >> *n & 1U) != 0) return false;
    row.set(static_cast<unsigned>(*n), *value);
    at.skip(",");
    at.skip_blanks();
  }
  return (row.known & 1U) != 0;
}

/// Pieces of the form `x3=`, to tell a damaged row from any other line.
size_t count_names(std::string_view text) {
  size_t count = 0;
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == 'x' && text[i + 1] >= '0' && text[i + 1] <= '7' && text[i + 2] == '=') ++count;
  }
  return count;
}

class NamedRows : public Format {
 public:
  Reading take(const LogLine& line) override {
    const std::string_view text = without_stamps(line.text);
    const size_t begin = text.starts_with("x0=") ? 0 : text.find(" x0=");
    if (begin == std::string_view::npos) {
      return count_names(text) >= 3 ? Reading::broken() : Reading{};
    }
    const std::string_view head = text.substr(0, begin);
    if (!is_head(head)) return Reading::broken();
    Row row;
    row.cpu = bracketed_cpu(head);
    row.world = world_of(head);
    row.direction = direction_of(head);
    Cursor at(text.substr(begin));
    at.skip_blanks();
    if (!take_named(at, row)) return Reading::broken(row.cpu);
    drop_if_cut(row, line.ended);
    return Reading::of(std::move(row));
  }
};

}  // namespace

std::unique_ptr<Format> make_named_rows() { return std::make_unique<NamedRows>(); }

}  // namespace ffa_trace
