// SPDX-License-Identifier: BSD-3-Clause
// Linux kernel probes on the SMC: the text of /sys/kernel/tracing/trace, and trace-cmd report.
// Names of events and arguments are the user's; which probe is the call is told by its place, then
// by its name, else left to the pairing.
#include <algorithm>
#include <array>
#include <utility>

#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/text.hpp"

namespace ffa_trace {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `  comm-pid  [001] d.h2.  0.568493: event: info`
struct EventLine {
  std::string task;
  uint16_t cpu = 0;
  std::string_view flags;
  std::string_view event;
  std::string_view info;
};

/// "comm-pid" of what stands before the CPU, which may end in a thread group `(  123)`.
std::optional<std::string> task_of(std::string_view head) {
  while (!head.empty() && head.back() == ' ') head.remove_suffix(1);
  if (head.ends_with(")")) {
    const size_t open = head.rfind('(');
    if (open == std::string_view::npos) return {};
    head = head.substr(0, open);
    while (!head.empty() && head.back() == ' ') head.remove_suffix(1);
  }
  while (!head.empty() && head.front() == ' ') head.remove_prefix(1);
  const size_t dash = head.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == head.size()) return {};
  if (!std::all_of(head.begin() + static_cast<ptrdiff_t>(dash) + 1, head.end(), is_digit)) {
    return {};
  }
  return std::string(head);
}

bool is_event_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == ':' || c == '.' || c == '/' || c == '-';
  });
}

/// Takes `flags time: event: info` apart; flags may be missing.
bool take_event(Cursor at, EventLine& line) {
  at.skip_blanks();
  std::string_view word = at.word();
  if (!word.ends_with(":")) {
    line.flags = word;
    at.skip_blanks();
    word = at.word();
  }
  Cursor time(word);
  if (!time.decimal() || !time.skip(".") || !time.decimal() || time.rest() != ":") return false;
  at.skip_blanks();
  std::string_view event = at.word();
  if (!event.ends_with(":")) return false;
  event.remove_suffix(1);
  at.skip_blanks();
  line.event = event;
  line.info = at.rest();
  return is_event_name(event);
}

std::optional<EventLine> parse_event_line(std::string_view text) {
  for (size_t i = text.find('['); i != std::string_view::npos; i = text.find('[', i + 1)) {
    Cursor at(text.substr(i + 1));
    const auto cpu = cpu_number(at.decimal());
    if (!cpu || !at.skip("]")) continue;
    EventLine line;
    const auto task = task_of(text.substr(0, i));
    if (!task || !take_event(at, line)) continue;
    line.task = *task;
    line.cpu = *cpu;
    return line;
  }
  return {};
}

/// `CPU:1 [LOST 12 EVENTS]`, `CPU:1 [12 EVENTS DROPPED]`, `CPU:1 [EVENTS DROPPED]`
std::optional<Reading> lost_mark(std::string_view text) {
  Cursor at(text);
  at.skip_blanks();
  if (!at.skip("CPU:")) return {};
  Reading reading;
  reading.cpu = cpu_number(at.decimal());
  at.skip_blanks();
  if (!reading.cpu || !at.skip("[")) return {};
  const bool marked = at.rest().find("LOST") != std::string_view::npos ||
                      at.rest().find("DROPPED") != std::string_view::npos;
  if (!marked) return {};
  at.skip("LOST ");
  reading.what = Reading::What::lost;
  reading.lost = std::max<uint64_t>(at.decimal().value_or(1), 1);
  return reading;
}

/// A register by the name that its argument has: x0, a0, arg1 (the first one of `argN` is arg1).
struct Argument {
  unsigned index = 0;
  bool counts_from_one = false;
};

std::optional<Argument> argument(std::string_view name) {
  if (name == "fid" || name == "func" || name == "function_id") return Argument{};
  static constexpr std::array<std::string_view, 6> stems = {"x", "a", "w", "r", "reg", "arg"};
  for (const std::string_view stem : stems) {
    if (!name.starts_with(stem) || name.size() == stem.size()) continue;
    Cursor at(name.substr(stem.size()));
    const auto index = at.decimal();
    if (!index || !at.at_end() || *index > 18) continue;
    return Argument{static_cast<unsigned>(*index), stem == "arg"};
  }
  return {};
}

enum class Parse : uint8_t { none, whole, damaged };

/// `a0=0x84000063 a1=0x10001 …`; values of other names are left alone.
Parse take_arguments(Cursor at, Row& row) {
  std::array<std::optional<uint64_t>, 19> values;
  bool from_one = true;
  bool damaged = false;
  bool any = false;
  for (at.skip_blanks(); !at.at_end(); at.skip_blanks()) {
    const std::string_view word = at.word();
    const size_t equals = word.find('=');
    const auto named =
        equals == std::string_view::npos ? std::nullopt : argument(word.substr(0, equals));
    if (!named) {
      damaged = damaged || equals == std::string_view::npos ||
                !is_event_name(word.substr(0, equals)) || names_function(word.substr(equals));
      continue;
    }
    any = true;
    Cursor value(word.substr(equals + 1));
    const auto number = value.number();
    damaged = damaged || !number || !value.at_end() || values[named->index].has_value();
    if (number) values[named->index] = number;
    from_one = from_one && named->counts_from_one;
  }
  from_one = from_one && !values[0];
  for (unsigned i = 0; i < values.size(); ++i) {
    const unsigned n = from_one ? i - 1 : i;
    if (values[i] && n < row.regs.x.size()) row.set(n, *values[i]);
  }
  if (!any) return Parse::none;
  if (damaged) return Parse::damaged;
  return (row.known & 1U) != 0 ? Parse::whole : Parse::none;
}

/// By the probe's place: its function's first instruction, or `caller <- function`; then by name.
Direction direction_of_probe(std::string_view place, std::string_view event) {
  if (place.find("<-") != std::string_view::npos) return Direction::answer;
  if (place.find("+0x0/") != std::string_view::npos) return Direction::call;
  const Direction by_name = direction_of(event);
  if (by_name != Direction::unknown) return by_name;
  if (event.starts_with("r_")) return Direction::answer;
  return Direction::unknown;
}

class KernelTrace : public Format {
 public:
  explicit KernelTrace(bool report) : report_(report) {}

  Reading take(const LogLine& line) override {
    if (line.text.starts_with("cpus=")) report_seen_ = true;
    if (line.text.starts_with("# ")) return header(line.text);
    if (const auto lost = lost_mark(line.text)) return *lost;
    const auto event = parse_event_line(line.text);
    if (!event) return damaged(line.text);
    if (report_ != (report_seen_ || event->flags.empty())) return {};
    Cursor at(event->info);
    std::string_view place;
    if (at.skip("(")) {
      const size_t close = at.rest().find(')');
      if (close == std::string_view::npos) return damaged(line.text);
      place = at.rest().substr(0, close);
      at = Cursor(at.rest().substr(close + 1));
    }
    Row row;
    const Parse parse = take_arguments(at, row);
    if (parse == Parse::damaged) return Reading::broken();
    if (parse == Parse::none) return {};
    row.direction = direction_of_probe(place, event->event);
    row.cpu = event->cpu;
    row.task = event->task + context(event->flags);
    drop_if_cut(row, line.ended);
    return Reading::of(std::move(row));
  }

 private:
  /// `# entries-in-buffer/entries-written: 568/600   #P:2`: the older ones are gone.
  static Reading header(std::string_view text) {
    Cursor at(text);
    if (!at.skip("# entries-in-buffer/entries-written: ")) return {};
    const auto kept = at.decimal();
    if (!kept || !at.skip("/")) return {};
    const auto written = at.decimal();
    if (!written || *written <= *kept) return {};
    Reading reading;
    reading.what = Reading::What::lost;
    reading.lost = *written - *kept;
    return reading;
  }

  static Reading damaged(std::string_view text) {
    size_t values = 0;
    for (size_t i = text.find("=0x"); i != std::string_view::npos; i = text.find("=0x", i + 1)) {
      ++values;
    }
    return names_function(text) || values >= 4 ? Reading::broken() : Reading{};
  }

  /// An interrupt may make calls of its own while the task's call is open.
  static std::string context(std::string_view flags) {
    if (flags.size() < 3) return {};
    return std::string_view("hHszZ").find(flags[2]) != std::string_view::npos
               ? std::string("/") + flags[2]
               : std::string();
  }

  bool report_;  ///< trace-cmd report: no flags, or `cpus=` before the events
  bool report_seen_ = false;
};

}  // namespace

std::unique_ptr<Format> make_ftrace() { return std::make_unique<KernelTrace>(false); }
std::unique_ptr<Format> make_trace_cmd() { return std::make_unique<KernelTrace>(true); }

}  // namespace ffa_trace
