// SPDX-License-Identifier: BSD-3-Clause
// Rows of TF-A's SPMD: what it prints itself at LOG_LEVEL=50, and what a hand patch at its entry
// and exit prints. The head of a row is taken to the letter: a row whose head is damaged is given
// up.
#include <array>
#include <utility>

#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

constexpr sim::trace::RegisterSet eight_registers = 0xff;

/// `VERBOSE: ` and its kin with the blanks behind it, if it stands there.
void skip_level(Cursor& at) {
  static constexpr std::array<std::string_view, 5> levels = {
      "VERBOSE:", "INFO:", "NOTICE:", "WARNING:", "ERROR:"};
  for (const std::string_view level : levels) {
    if (at.skip(level)) break;
  }
  at.skip_blanks();
}

/// The registers that end a row; SPMD prints at least eight.
Reading finish_row(Cursor& at, Row row, bool ended) {
  const std::optional<uint16_t> cpu = row.cpu;
  if (!take_registers(at, row) || (row.known & eight_registers) != eight_registers) {
    return Reading::broken(cpu);
  }
  drop_if_cut(row, ended);
  return Reading::of(std::move(row));
}

bool has_number(std::string_view text) { return text.find("0x") != std::string_view::npos; }

/// `VERBOSE: SPM(cpu): x0 … x7`
class SpmdVerbose : public Format {
 public:
  Reading take(const LogLine& line) override {
    Cursor at(without_stamps(line.text));
    skip_level(at);
    if (at.skip("SPM(")) {
      Row row;
      row.cpu = cpu_number(at.decimal());
      if (row.cpu && at.skip("):")) return finish_row(at, std::move(row), line.ended);
    }
    const bool part = line.text.find("SPM(") != std::string_view::npos && has_number(line.text);
    return part || looks_like_registers(line.text) ? Reading::broken() : Reading{};
  }
};

/// `NOTICE:  SPMD: x0 … x7` at entry, `NOTICE:  SPMD ret: x0 … x7` at exit
class SpmdRows : public Format {
 public:
  Reading take(const LogLine& line) override {
    Cursor at(without_stamps(line.text));
    skip_level(at);
    if (at.skip("SPMD")) {
      Row row;
      row.direction = at.skip(" ret") ? Direction::answer : Direction::call;
      if (at.skip(":")) return finish_row(at, std::move(row), line.ended);
    }
    const bool part = line.text.find("SPMD") != std::string_view::npos && has_number(line.text);
    return part || looks_like_registers(line.text) ? Reading::broken() : Reading{};
  }
};

}  // namespace

std::unique_ptr<Format> make_spmd_verbose() { return std::make_unique<SpmdVerbose>(); }
std::unique_ptr<Format> make_spmd_rows() { return std::make_unique<SpmdRows>(); }

}  // namespace ffa_trace
