// SPDX-License-Identifier: BSD-3-Clause
// ffa-hash PACK: runs the cases that `ffa-sim pack` wrote and prints "hash name" for each. Needs no
// JSON and no option library, so that a tree of another compiler or another optimisation is built
// in seconds.
#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "sim/engine/input_error.hpp"
#include "sim/engine/program_end.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/pack.hpp"

namespace {

std::vector<std::byte> read_bytes(const std::string& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"),
                                                               std::fclose);
  if (!stream) throw sim::InputError(file, std::strerror(errno));
  std::vector<std::byte> bytes;
  std::byte chunk[65536];
  for (size_t count = 1; count > 0;) {
    count = std::fread(chunk, 1, sizeof chunk, stream.get());
    bytes.insert(bytes.end(), chunk, chunk + count);
  }
  if (std::ferror(stream.get()) != 0) throw sim::InputError(file, std::strerror(errno));
  return bytes;
}

void print_hashes(const std::string& file) {
  const auto factory = sim::built_in_mediator();
  const std::vector<std::byte> bytes = read_bytes(file);
  for (const auto& compiled : sim::scenario::unpack_cases(bytes, file)) {
    const auto choices = [&] {
      return compiled.choices.empty() ? sim::seeded_choices(0)
                                      : sim::recorded_choices(compiled.choices, compiled.name);
    };
    fmt::print("{} {}\n", sim::run_case(compiled, *factory, choices).hash, compiled.name);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    fmt::print(stderr, "usage: ffa-hash PACK    (a file that `ffa-sim pack` wrote)\n");
    return 2;
  }
  return sim::run_program("ffa-hash", [&] {
    print_hashes(argv[1]);
    return 0;
  });
}
