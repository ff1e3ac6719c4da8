// SPDX-License-Identifier: BSD-3-Clause
// The machine that QEMU emulates, with this project's images: it takes one package after the other
// through a pipe and gives back a record each, every case in a fresh world. It boots when there is
// a case to run, and again after one that has ended it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/qemu/tools.hpp"

namespace sim::qemu {

/// How a case ended.
struct CaseEnd {
  std::vector<std::byte> record{};  ///< empty: the machine ended before it had written one
  int status = 0;                   ///< then: what the machine said, or QEMU's own exit status
  bool hung = false;                ///< it was stopped after the time limit
  std::string message{};            ///< what the machine and QEMU wrote for people
};

/// In what machines differ.
struct Inserted {
  std::string loaded{};  ///< "file=…" of the loader, and where it goes if the file does not say
  std::string cpu = "max";
  std::string serial = "none";
  std::string words{};  ///< ",arg=…": words to the firmware
};

/// QEMU's command line, the program first: everything but what runs on it.
std::vector<std::string> arguments(const Tools& tools, const Inserted& inserted);
/// Of the machine with our EL2.
std::vector<std::string> arguments(const Tools& tools);

class Board {
 public:
  explicit Board(Tools tools);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// Throws InputError where TMPDIR can't be used, std::runtime_error where QEMU can't be started.
  CaseEnd run(std::span<const std::byte> package);

 private:
  class Booted;

  Tools tools_;
  std::unique_ptr<Booted> booted_;
  pid_t owner_ = 0;  ///< the process that booted it: a fork's copy must let it alone
};

}  // namespace sim::qemu
