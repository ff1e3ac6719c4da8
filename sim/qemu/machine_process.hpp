// SPDX-License-Identifier: BSD-3-Clause
// Starts QEMU with this project's images in a folder of its own and waits for its end.
#pragma once

#include <string>
#include <vector>

namespace sim::qemu {

/// What a run needs beside the case.
struct Tools {
  std::string qemu;        ///< FFASIM_QEMU, else "qemu-system-aarch64"
  std::string firmware;    ///< ffa-qemu-firmware.bin
  std::string el2;         ///< ffa-qemu-el2.elf
  std::string time_limit;  ///< seconds that a boot may take: FFASIM_QEMU_TIMEOUT, else two minutes
};

/// The images lie in FFASIM_QEMU_IMAGES, else in aarch64/bin of the build tree that this program is
/// in. Throws MissingTool where one of the three is not there, InputError for a bad
/// FFASIM_QEMU_TIMEOUT.
Tools find_tools();

/// A folder that is removed with everything in it at the end, or kept below FFASIM_QEMU_KEEP. One
/// that a killed program left behind goes when the next is made.
class RunFolder {
 public:
  /// `name` is the case's. Throws InputError where the folder can't be made.
  explicit RunFolder(const std::string& name);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool kept_ = false;
  int lock_ = -1;  ///< tells others that the folder is in use
};

/// How the machine ended.
struct MachineEnd {
  int status = 0;       ///< the exit status that the machine gave, or QEMU's own
  bool hung = false;    ///< it had not ended after the time limit
  std::string message;  ///< what the machine and QEMU wrote, for people
};

/// Boots the machine with `folder` as current directory, where it reads case.package and writes
/// case.record. Throws std::runtime_error where no process can be started.
MachineEnd boot(const Tools& tools, const RunFolder& folder);
/// The same with a command line of QEMU of another's making.
MachineEnd boot(const Tools& tools, const RunFolder& folder,
                const std::vector<std::string>& options);

/// An image of that name, found as those of find_tools(). Throws MissingTool.
std::string find_image(const char* name);

}  // namespace sim::qemu
