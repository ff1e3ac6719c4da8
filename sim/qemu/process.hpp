// SPDX-License-Identifier: BSD-3-Clause
// A program that ends no later than this one.
#pragma once

#include <string>
#include <vector>

namespace sim::qemu {

class Process {
 public:
  /// Starts `words` with no input, standard output and error in these open files, in `folder`. It
  /// is killed when this process dies, however that may be. Throws std::runtime_error where no
  /// process can be started.
  Process(const std::vector<std::string>& words, const std::string& folder, int output, int error);
  /// Both in one file.
  Process(const std::vector<std::string>& words, const std::string& folder, int output)
      : Process(words, folder, output, output) {}
  /// Kills what has not ended.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Readable as soon as the program has ended.
  [[nodiscard]] int handle() const { return handle_; }
  /// Waits for the end, after a SIGKILL if `kill`: the wait status. Once.
  int wait(bool kill);
  [[nodiscard]] bool waited() const { return process_ < 0; }

 private:
  int process_ = -1;
  int handle_ = -1;
};

/// True if the program is there and tells its version.
bool can_run(const std::string& program);

}  // namespace sim::qemu
