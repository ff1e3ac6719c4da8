// SPDX-License-Identifier: BSD-3-Clause
// Where a machine's pipes and log have their names.
#pragma once

#include <string>

namespace sim::qemu {

/// A folder in TMPDIR that is removed with everything in it at the end. One that a killed program
/// left behind goes when the next is made.
class RunFolder {
 public:
  /// Throws InputError where the folder can't be made.
  RunFolder();
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  int lock_ = -1;  ///< tells others that the folder is in use
};

}  // namespace sim::qemu
