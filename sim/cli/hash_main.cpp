// SPDX-License-Identifier: BSD-3-Clause
// ffa-hash PACK [0]: runs the cases that `ffa-sim pack` wrote and prints "hash name" for each.
// ffa-hash PACK SEEDS: runs those that leave something to choose under the seeds 1 to SEEDS, judges
// each run, and prints "digest seeds name" for 10, 100, 1,000, … seeds: a digest over the hashes so
// far. SHARD/SHARDS behind either: of every SHARDS cases one. Needs no JSON and no option library,
// so that a tree of another compiler or another optimisation is built in seconds.
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/engine/case_world.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/program_end.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/pack.hpp"
#include "sim/trace/hasher.hpp"

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

struct Shard {
  uint64_t index = 1;
  uint64_t count = 1;
};

void print_hashes(const std::string& file, Shard shard) {
  const auto factory = sim::built_in_mediator();
  const std::vector<std::byte> bytes = read_bytes(file);
  uint64_t number = 0;
  for (const auto& compiled : sim::scenario::unpack_cases(bytes, file)) {
    if (number++ % shard.count != shard.index - 1) continue;
    const auto choices = [&] {
      return compiled.choices.empty() ? sim::seeded_choices(0)
                                      : sim::recorded_choices(compiled.choices, compiled.name);
    };
    fmt::print("{} {}\n", sim::run_case(compiled, *factory, choices).hash, compiled.name);
  }
}

/// The hashes of many runs as one. Numbered: the seeds.
class Digest {
 public:
  void add(uint64_t seed, const std::string& hash) {
    sim::trace::Event event;
    event.seq = event.seq_ret = seed;
    event.side = sim::trace::Side::lifecycle;
    event.op = hash;
    hasher_.add(event);
  }
  [[nodiscard]] std::string so_far() const { return sim::trace::Hasher{hasher_}.finish(); }

 private:
  sim::trace::Hasher hasher_;
};

/// Nothing for a case that leaves nothing to choose.
void print_digests(const sim::scenario::CompiledCase& compiled, sim::MediatorFactory& factory,
                   uint64_t seeds) {
  sim::CaseWorld world{compiled, factory};
  Digest digest;
  uint64_t next_told = 10;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    sim::Choices choices{sim::seeded_choices(seed)};
    world.run(choices);
    if (choices.decisions() == 0) return;
    digest.add(seed, world.hash());
    if (seed != next_told) continue;
    fmt::print("{} {} {}\n", digest.so_far(), seed, compiled.name);
    next_told *= 10;
  }
}

/// What sweeps or has its choices written down is no case for seeds.
bool takes_seeds(const sim::scenario::CompiledCase& compiled) {
  return compiled.sweeps.empty() && compiled.each_status.empty() && compiled.choices.empty();
}

void run_seeds(const std::string& file, uint64_t seeds, Shard shard) {
  const auto factory = sim::built_in_mediator();
  const std::vector<std::byte> bytes = read_bytes(file);
  uint64_t number = 0;
  for (const auto& compiled : sim::scenario::unpack_cases(bytes, file)) {
    if (!takes_seeds(compiled) || number++ % shard.count != shard.index - 1) continue;
    print_digests(compiled, *factory, seeds);
  }
}

std::optional<uint64_t> to_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<Shard> to_shard(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto index = to_number(text.substr(0, slash));
  const auto count = to_number(text.substr(slash + 1));
  if (!index || !count || *index == 0 || *index > *count) return {};
  return Shard{*index, *count};
}

int usage() {
  fmt::print(stderr,
             "usage: ffa-hash PACK [SEEDS [SHARD/SHARDS]]    (a file that `ffa-sim pack` wrote)\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4 || argv[1][0] == '-') return usage();
  const auto seeds = argc > 2 ? to_number(argv[2]) : std::optional<uint64_t>{0};
  const auto shard = argc > 3 ? to_shard(argv[3]) : std::optional<Shard>{Shard{}};
  if (!seeds || !shard) return usage();
  return sim::run_program("ffa-hash", [&] {
    if (*seeds > 0) {
      run_seeds(argv[1], *seeds, *shard);
    } else {
      print_hashes(argv[1], *shard);
    }
    return 0;
  });
}
