// SPDX-License-Identifier: BSD-3-Clause
// Writes seed corpora: fuzz_seeds SOURCE-FOLDER OUT. The same each time.
#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/seeds.hpp"

namespace {

void write(const std::filesystem::path& out, const fuzz::Seeds& seeds) {
  for (const auto& [target, inputs] : seeds) {
    std::filesystem::create_directories(out / target);
    size_t number = 0;
    for (const fuzz::Bytes& input : inputs) {
      std::ofstream file(out / target / fmt::format("seed-{:05}", number++), std::ios::binary);
      file.write(reinterpret_cast<const char*>(input.data()),
                 static_cast<std::streamsize>(input.size()));
      if (!file.flush())
        throw std::runtime_error(fmt::format("{}: can't be written", out.string()));
    }
    fmt::print("{}: {} inputs\n", target, inputs.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: fuzz_seeds SOURCE-FOLDER OUT\n");
    return 2;
  }
  try {
    const std::string source = argv[1];
    fuzz::Seeds seeds;
    fuzz::add_vectors(source + "/tests/data/ffa-vectors.json", seeds);
    fuzz::add_scenarios(source + "/scenarios", seeds);
    fuzz::add_traces(source + "/scenarios/captured", seeds);
    fuzz::add_logs(source + "/tests/data/logs", seeds);
    fuzz::add_calls(seeds);
    fuzz::add_fragments(seeds);
    fuzz::add_spmc_calls(seeds);
    write(argv[2], seeds);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "fuzz_seeds: {}\n", error.what());
    return 2;
  }
}
