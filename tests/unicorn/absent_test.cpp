// SPDX-License-Identifier: BSD-3-Clause
// A build without the emulator's libraries says so, and what to do. Linked with absent.cpp instead
// of the back end.
#include <cstdio>
#include <cstring>

#include "sim/engine/input_error.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

int main() {
  try {
    (void)sim::unicorn_mediator("image.elf");
  } catch (const sim::MissingTool& error) {
    if (std::strstr(error.what(), "install libunicorn-dev") != nullptr) return 0;
    (void)std::fprintf(stderr, "no remedy in: %s\n", error.what());
    return 1;
  }
  (void)std::fprintf(stderr, "no error\n");
  return 1;
}
