// SPDX-License-Identifier: BSD-3-Clause
// One run once more, by its decisions, to be drawn: --diagram. In a child process, since it may end
// its process.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sim/cli/case_runner.hpp"
#include "sim/cli/suite.hpp"
#include "sim/report/outcome.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {

/// --diagram FILE: how the first case that failed came to it; where there is but one case, how it
/// went. The file is opened at once.
class DiagramFile {
 public:
  /// Empty: none is wanted.
  DiagramFile(const std::string& file, size_t cases);
  /// Why it can't be drawn goes to standard error, and the next one is taken.
  void offer(const ReadyCase& ready, const report::Outcome& outcome, CaseRunner& runner);
  /// Without a case to draw there is no file.
  void commit();

 private:
  std::string file_;
  bool one_case_;
  bool drawn_ = false;
  std::string text_;
  std::unique_ptr<trace::AtomicFile> output_;  ///< none where it goes to standard output
};

/// What is written of a run.
using Writer = std::function<std::string(const RunRecord&)>;
/// What `write` makes of the case's run under the decisions of its outcome; where the mediator ends
/// its process, of the run until then. Throws InputError(place, reason) where it can't be run so.
/// Its faults don't sweep.
std::string written_of(const ReadyCase& ready, const std::string& choices, CaseRunner& runner,
                       const std::string& place, const Writer& write);

/// How the case went under the decisions of its outcome, in the form that the end of the name asks
/// for: .mmd: for Mermaid; else aligned lines and arrows. Throws InputError where it can't be run
/// so. Its faults don't sweep.
std::string diagram_of(const ReadyCase& ready, const std::string& choices, CaseRunner& runner,
                       const std::string& file);

}  // namespace sim::cli
