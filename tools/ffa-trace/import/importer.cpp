// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/importer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sim/engine/input_error.hpp"
#include "tools/ffa-trace/import/answers.hpp"
#include "tools/ffa-trace/import/guess.hpp"
#include "tools/ffa-trace/import/pairing.hpp"
#include "tools/ffa-trace/import/text.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

/// What the rows are read and paired by.
struct Choice {
  std::unique_ptr<Format> format;
  Pairs pairs = Pairs::as_they_come;
  std::string name;
};

Choice chosen(const FormatInfo& info) {
  return {.format = info.make(), .pairs = info.pairs, .name = info.name};
}

Pairs pairs_of_pattern(const std::string& pattern) {
  const auto has = [&](const std::string& group) {
    return pattern.find('<' + group + '>') != std::string::npos ||
           pattern.find('\'' + group + '\'') != std::string::npos;
  };
  if (has("task")) return Pairs::by_task;
  return has("world") ? Pairs::at_monitor : Pairs::as_they_come;
}

/// What the settings ask for; no format where it is to be guessed.
Choice asked_for(const ImportSettings& settings) {
  if (!settings.pattern.empty()) {
    return {.format = make_pattern_rows(settings.pattern),
            .pairs = pairs_of_pattern(settings.pattern),
            .name = "pattern"};
  }
  if (settings.format.empty()) return {};
  const FormatInfo* const info = find_format(settings.format);
  if (info == nullptr) {
    throw sim::InputError("--format",
                          fmt::format("\"{}\" is none of {}", settings.format, format_names()));
  }
  return chosen(*info);
}

class Importer {
 public:
  Importer(Choice choice, const CallLog::Sink& sink)
      : choice_(std::move(choice)),
        log_(sink),
        pairing_(make_pairing(choice_.pairs, log_, counts_)) {
    counts_.format = choice_.name;
    static constexpr std::array stateless = {"spmd-verbose", "spmd-rows", "named-rows",
                                             "optee-rows"};
    for (const char* const name : stateless) {
      if (choice_.name != name) others_.push_back(find_format(name)->make());
    }
  }

  void take(const LogPiece& piece) { take(piece, choice_.format->take(piece.view())); }

  ImportCounts finish(uint64_t lines) {
    LogPiece end;
    end.number = counts_.lines = lines;
    take(end, choice_.format->finish());
    log_.finish();
    counts_.calls = log_.calls();
    counts_.pairs = log_.pairs();
    return counts_;
  }

 private:
  void take(const LogPiece& piece, Reading reading) {
    using What = Reading::What;
    const bool usable = piece.clean && (reading.row.known & 1U) != 0;
    if (reading.what == What::row && !usable) reading = Reading::broken();
    if (reading.what == What::broken && is_row_of_another(piece)) {
      ++counts_.foreign;
      return;
    }
    switch (reading.what) {
      case What::nothing:
        return;
      case What::row:
        ++counts_.rows;
        if (counts_.first_answer.empty() && is_only_answer(reading.row)) {
          counts_.first_answer =
              fmt::format("line {}: {}", piece.number, function_name(reading.row.regs.x[0]));
        }
        pairing_->take(reading.row);
        return;
      case What::broken:
        counts_.give_up(piece.number);
        pairing_->restart(reading.cpu);
        return;
      case What::lost:
        counts_.lost += reading.lost;
        pairing_->restart(reading.cpu);
        return;
    }
  }

  [[nodiscard]] bool is_row_of_another(const LogPiece& piece) const {
    return piece.clean && std::any_of(others_.begin(), others_.end(), [&](const auto& format) {
             return format->take(piece.view()).what == Reading::What::row;
           });
  }

  Choice choice_;
  ImportCounts counts_;
  CallLog log_;
  std::unique_ptr<Pairing> pairing_;
  std::vector<std::unique_ptr<Format>> others_;
};

[[noreturn]] void no_format(const LogLines& log, const Guess& guess, bool or_trace) {
  std::string reason = "no FF-A call in it";
  if (guess.suspect != 0) {
    reason = fmt::format("line {} names an FF-A function, but no format fits", guess.suspect);
  }
  if (!guess.held.empty() && guess.held.front().text.starts_with("{\"")) {
    throw sim::InputError(log.name(), "JSON is no log; a trace needs no import");
  }
  throw sim::InputError(
      log.name(),
      fmt::format("{}{}; import knows {}, and any row by --pattern",
                  or_trace ? "no trace, which begins with {, and " : "", reason, format_names()));
}

}  // namespace

ImportCounts import_log(LogLines& log, const ImportSettings& settings, const CallLog::Sink& sink) {
  Choice choice = asked_for(settings);
  Guess guess;
  const bool guessed = choice.format == nullptr;
  if (guessed) {
    guess = guess_format(log);
    if (guess.format == nullptr) no_format(log, guess, settings.or_trace);
    choice = chosen(*guess.format);
  }
  Importer importer(std::move(choice), sink);
  for (const LogPiece& piece : guess.held) importer.take(piece);
  guess.held.clear();
  LogPiece piece;
  while (log.next(piece)) importer.take(piece);
  ImportCounts counts = importer.finish(log.lines());
  counts.guessed = guessed;
  if (counts.calls == 0) {
    throw sim::InputError(
        log.name(),
        fmt::format("no FF-A call in it: format {}, rows {}, answers without a call {}, lines "
                    "given up {}{}",
                    counts.format, counts.rows, counts.orphans, counts.given_up,
                    counts.orphans == 0 || counts.first_answer.empty()
                        ? ""
                        : "; the first answer is in " + counts.first_answer));
  }
  return counts;
}

}  // namespace ffa_trace
