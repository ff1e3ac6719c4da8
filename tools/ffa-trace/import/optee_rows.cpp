// SPDX-License-Identifier: BSD-3-Clause
// Rows that OP-TEE prints on the secure console when its SPMC's message loop is patched to: `FFA
// req` and eight registers for what it receives, `FFA resp` for what it answers. Zero prints as
// `0`.
#include <array>
#include <utility>

#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

struct Mark {
  std::string_view text;
  Direction direction;
};
constexpr std::array marks = {Mark{" FFA req ", Direction::call},
                              Mark{" FFA resp ", Direction::answer}};

/// `D/TC:0 ` and the blank or end behind the number of the CPU.
std::optional<uint16_t> optee_cpu(std::string_view head) {
  if (head.size() < 6 || std::string_view("EIDFM").find(head[0]) == std::string_view::npos) {
    return {};
  }
  Cursor at(head.substr(1));
  if (!at.skip("/TC:")) return {};
  const auto cpu = cpu_number(at.decimal());
  return at.at_end() || at.skip(" ") ? cpu : std::nullopt;
}

class OpteeRows : public Format {
 public:
  Reading take(const LogLine& line) override {
    const std::string_view text = without_stamps(line.text);
    for (const Mark& mark : marks) {
      const size_t begin = text.find(mark.text);
      if (begin == std::string_view::npos) continue;
      Row row;
      row.direction = mark.direction;
      row.cpu = optee_cpu(text.substr(0, begin + 1));
      const std::optional<uint16_t> cpu = row.cpu;
      Cursor at(text.substr(begin + mark.text.size()));
      if (!cpu || !take_registers(at, row) || (row.known & 0xff) != 0xff) {
        return Reading::broken(cpu);
      }
      drop_if_cut(row, line.ended);
      return Reading::of(std::move(row));
    }
    const bool part = text.find("FFA re") != std::string_view::npos || names_function(text);
    return part ? Reading::broken() : Reading{};
  }
};

}  // namespace

std::unique_ptr<Format> make_optee_rows() { return std::make_unique<OpteeRows>(); }

}  // namespace ffa_trace
