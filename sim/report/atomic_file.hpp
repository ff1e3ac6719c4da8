// SPDX-License-Identifier: BSD-3-Clause
// A file that appears complete or not at all: written beside its place, then renamed. Used for
// every report.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sim::report {

class AtomicFile {
 public:
  /// Opens a temporary file beside `file`, so that a place that can't be written is found before
  /// anything runs. Throws InputError(file, reason).
  explicit AtomicFile(std::string file);
  /// Without commit() nothing is left.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Writes the content and puts the file in its place. Once. Throws InputError(file, reason).
  void commit(std::string_view content);

 private:
  std::string file_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace sim::report
