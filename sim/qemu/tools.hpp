// SPDX-License-Identifier: BSD-3-Clause
// What a run on QEMU needs beside the case, and where it is found.
#pragma once

#include <string>

namespace sim::qemu {

struct Tools {
  std::string qemu;      ///< FFASIM_QEMU, else "qemu-system-aarch64"
  std::string firmware;  ///< ffa-qemu-firmware.bin
  std::string el2;       ///< ffa-qemu-el2.elf
  bool boots = false;    ///< a guest of its own: the UART is standard error
  int time_limit_s = 0;  ///< of a case: FFASIM_QEMU_TIMEOUT, else two minutes
};

/// The images lie in FFASIM_QEMU_IMAGES, else in aarch64/bin of the build tree that this program is
/// in. Throws MissingTool where one of the three is not there, InputError for a bad
/// FFASIM_QEMU_TIMEOUT.
Tools find_tools();

/// An image of that name, found as theirs. Throws MissingTool.
std::string find_image(const char* name);

/// The value of an environment variable, empty if it is not set.
std::string from_environment(const char* name);

}  // namespace sim::qemu
