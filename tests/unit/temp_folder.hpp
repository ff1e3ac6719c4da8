// SPDX-License-Identifier: BSD-3-Clause
// A folder for a test program's files: its own, whoever else runs the same tests at the same time
// or has run them before, and gone when the program ends.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace test {

class TempFolder {
 public:
  TempFolder() : path_(testing::TempDir() + "ffa-sim-test-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error(path_ + ": can't be made");
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// The folder of the running program.
inline const TempFolder& temp_folder() {
  static const TempFolder folder;
  return folder;
}

}  // namespace test
