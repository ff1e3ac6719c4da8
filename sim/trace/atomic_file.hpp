// SPDX-License-Identifier: BSD-3-Clause
// A file that appears complete or not at all: written beside its place, then renamed. Used for
// every report and every trace.
#pragma once

#include <string>
#include <string_view>

namespace sim::trace {

class AtomicFile {
 public:
  /// Opens a temporary file beside `file`, so that a place that can't be written is found before
  /// anything runs. What a symbolic link names is replaced, not the link. What is no regular file
  /// (a device, a pipe) is written to as it is: a rename would take its place.
  /// Throws InputError(file, reason).
  explicit AtomicFile(std::string file);
  /// Without commit() nothing is left, and a file that was there is as it was.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws InputError(file, reason).
  void write(std::string_view content);

  /// Appends and puts the file in its place. Once. Throws InputError(file, reason).
  void commit(std::string_view content = {});

 private:
  void flush();
  [[noreturn]] void fail() const;

  std::string file_;
  std::string place_;      ///< `file_` without symbolic links
  std::string temporary_;  ///< empty: `file_` itself is open
  std::string buffer_;
  int descriptor_ = -1;
};

}  // namespace sim::trace
