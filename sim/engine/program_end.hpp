// SPDX-License-Identifier: BSD-3-Clause
// How a program ends: what escapes from its verbs, told on standard error, becomes the exit code.
// Used by the main function of every program.
#pragma once

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <system_error>

#include "sim/engine/input_error.hpp"

namespace sim {

/// Before something is told on standard error, and at the end. Throws InputError if anything that
/// was printed is lost.
inline void flush_standard_output() {
  if (std::fflush(stdout) != 0) {
    throw InputError("standard output", std::string("cannot write: ") + std::strerror(errno));
  }
  // Of an earlier write that failed only the mark is left.
  if (std::ferror(stdout) != 0) throw InputError("standard output", "cannot write all of it");
}

/// Runs `body`, which returns the exit code, and sees to it that all it printed arrived. Bad input
/// and a standard output that can't be written are 2, a missing tool is 77, everything else that
/// escapes is our mistake, 70.
template <class Body>
int run_program(const char* name, Body body) {
  constexpr int bad_input = 2;
  constexpr int missing_tool = 77;
  constexpr int internal_error = 70;
  const auto told = [](int code, const char* who, const char* what) {
    (void)std::fflush(stdout);
    (void)std::fprintf(stderr, "%s%s\n", who, what);
    return code;
  };
  try {
    const int code = body();
    flush_standard_output();
    return code;
  } catch (const InputError& error) {
    return told(bad_input, "", error.what());
  } catch (const MissingTool& error) {
    return told(missing_tool, "", error.what());
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) != 0) {
      return told(bad_input, "standard output: cannot write: ", error.code().message().c_str());
    }
    return told(internal_error, name, (std::string(": internal error: ") + error.what()).c_str());
  } catch (const std::exception& error) {
    return told(internal_error, name, (std::string(": internal error: ") + error.what()).c_str());
  }
}

}  // namespace sim
