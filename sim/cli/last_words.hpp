// SPDX-License-Identifier: BSD-3-Clause
// What a process leaves behind that dies in the middle of a run, for the one that forked it: an
// assertion of a mediator ends its process. Used by workers and by the search for smaller cases.
#pragma once

#include <cstdint>
#include <string>

namespace sim::cli {

/// How a process ended.
struct Death {
  std::string how;      ///< "signal 6 (Aborted)", "exit code 1"
  std::string place;    ///< "abort() at 0x1234 of mediator.so": the same in every process; or empty
  std::string choices;  ///< of the run that it was at; empty where there were too many to be kept
  std::string where;    ///< which run of a sweep that was, or empty
  uint32_t preemptions = 0;  ///< among them
  uint64_t decisions = 0;    ///< all that were taken, those that were 0, too

  [[nodiscard]] std::string text() const { return place.empty() ? how : how + ", " + place; }
};

class LastWords {
 public:
  /// In the parent, before it forks. Throws std::runtime_error where there is no memory.
  LastWords();
  ~LastWords();
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;

  /// In the child: from now on its choices, and where it calls abort(), are kept.
  void listen();
  /// In the parent, when the child is gone: `status` as of waitpid().
  [[nodiscard]] Death death(int status) const;

 private:
  struct Shared;
  Shared* shared_;
};

}  // namespace sim::cli
