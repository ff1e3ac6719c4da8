// SPDX-License-Identifier: BSD-3-Clause
// Outcomes as text for people: the explanation of a failure, the lines of a run, the summary.
#pragma once

#include <string>

#include "sim/report/outcome.hpp"

namespace sim::report {

/// ANSI colours, or nothing where they don't show.
struct Colours {
  bool on = false;
  [[nodiscard]] std::string red(const std::string& text) const { return paint("31", text); }
  [[nodiscard]] std::string green(const std::string& text) const { return paint("32", text); }
  [[nodiscard]] std::string yellow(const std::string& text) const { return paint("33", text); }

 private:
  [[nodiscard]] std::string paint(const char* code, const std::string& text) const {
    return on ? "\033[" + std::string(code) + "m" + text + "\033[0m" : text;
  }
};

/// Why a case failed: one paragraph a problem, indented; the last line is "REPRO: …". Ends with a
/// newline.
std::string failure_text(const Outcome& outcome);

/// "passed  mem/share/one_page", "skipped  …: reason", "FAILED  …" with its explanation. Ends with
/// a newline.
std::string outcome_text(const Outcome& outcome, const Colours& colours);

/// "rules: 120 of 270 accepted, 31 rejected; yields: a switch at 40 of 52; 812 states": of rules,
/// those of our mediator; of yields, the places that were met; "about" where states are estimated.
std::string coverage_text(const CoverageNames& covered);

/// "3 passed, 1 failed, 0 skipped, 2 not selected", and ", 4 lacking" if any are.
std::string summary_text(const Summary& summary);

}  // namespace sim::report
