// SPDX-License-Identifier: BSD-3-Clause
// `ffa-sim doctor`: what this machine has of what building, testing and running need, and which
// package brings the rest.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/cli/commands.hpp"
#include "sim/qemu/bl33.hpp"
#include "sim/qemu/tools.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim::cli {
namespace {

/// What a thing is needed for, gravest first.
enum class Need : uint8_t { build, test, optional };

/// A program, looked for in PATH; or, if the name has a slash, a header or library below the usual
/// places.
struct Thing {
  const char* name;
  const char* package;
  Need need;
  const char* use;
};

constexpr Thing things[] = {
    {"cmake", "cmake", Need::build, "configures the build (3.25 or later)"},
    {"ninja", "ninja-build", Need::build, "builds"},
    {"gcc", "gcc", Need::build, "is the C compiler beside it"},
    {"g++", "g++", Need::build, "compiles (12 or later)"},
    {"include/fmt/format.h", "libfmt-dev", Need::build, "text"},
    {"include/nlohmann/json.hpp", "nlohmann-json3-dev", Need::build, "scenarios and traces"},
    {"include/valijson/validator.hpp", "libvalijson-dev", Need::build, "JSON Schema"},
    {"include/CLI/CLI.hpp", "libcli11-dev", Need::build, "command line"},
    {"include/boost/context/fiber.hpp", "libboost-context1.81-dev", Need::build, "vCPUs as fibers"},
    {"include/xxhash.h", "libxxhash-dev", Need::build, "trace hash"},
    {"include/pugixml.hpp", "libpugixml-dev", Need::build, "JUnit reports"},
    {"include/dtl/dtl.hpp", "libdtl-dev", Need::build, "differences between traces"},
    {"include/pcre2.h", "libpcre2-dev", Need::build, "patterns for rows of logs"},
    {"include/gtest/gtest.h", "libgtest-dev", Need::test, "unit tests"},
    {"include/gmock/gmock.h", "libgmock-dev", Need::test, "unit tests"},
    {"include/rapidcheck.h", "librapidcheck-dev", Need::test, "property tests"},
    {"include/benchmark/benchmark.h", "libbenchmark-dev", Need::test, "benchmarks"},
    {"clang++-19", "clang-19", Need::test, "second compiler and sanitizers"},
    {"lib/llvm-19/lib/clang/19/include/sanitizer/asan_interface.h", "libclang-rt-19-dev",
     Need::test, "sanitizers"},
    {"llvm-cov-19", "llvm-19", Need::test, "coverage of the sources"},
    {"clang-format-19", "clang-format-19", Need::test, "style test"},
    {"include/unicorn/unicorn.h", "libunicorn-dev", Need::test, "back end unicorn"},
    {"include/gelf.h", "libelf-dev", Need::test, "back end unicorn"},
    {"qemu-system-aarch64", "qemu-system-arm", Need::test, "back end qemu"},
    {"aarch64-linux-gnu-g++", "g++-aarch64-linux-gnu", Need::test, "AArch64 images"},
    {"aarch64-linux-gnu-nm", "binutils-aarch64-linux-gnu", Need::test, "AArch64 link test"},
    {"ld.lld-19", "lld-19", Need::test, "AArch64 images of clang"},
    {"patch", "patch", Need::test, "mutant runner"},
    {"make", "make", Need::test, "Linux's FF-A driver"},
    {"xz", "xz-utils", Need::test, "Linux's source"},
    {"valgrind", "valgrind", Need::test, "memory that was never written, counts of instructions"},
    {"parallel", "parallel", Need::test, "campaigns of several processes"},
    {"sbatch", "slurm-client", Need::optional, "campaigns on a Slurm cluster"},
    {"git", "git", Need::optional, "fetches the sources"},
    {"ccache", "ccache", Need::optional, "faster rebuilds"},
    {"gdb-multiarch", "gdb-multiarch", Need::test, "debugs what runs on the back end qemu"},
    {"dtc", "device-tree-compiler", Need::test, "test of changed device trees"},
    {"afl-fuzz", "afl++", Need::optional, "fuzzing with AFL++"},
    {"zip", "zip", Need::optional, "archives of seeds for OSS-Fuzz"},
    {"unzip", "unzip", Need::optional, "their test"},
    {"clang-tidy-19", "clang-tidy-19", Need::optional, "static analysis"},
};

bool is_file(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// Full path of a thing, or "".
std::string find_thing(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    for (const char* prefix : {"/usr/", "/usr/local/"}) {
      if (is_file(prefix + name)) return prefix + name;
    }
    return {};
  }
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const size_t colon = rest.find(':');
    const std::string candidate = rest.substr(0, colon) + "/" + name;
    if (is_file(candidate) && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return {};
}

/// The first line that a command prints, or "".
std::string first_line(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 256> line{};
  if (!pipe || std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) == nullptr)
    return {};
  std::string text = line.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string version_of(const Thing& thing) {
  const std::string name = thing.name;
  if (name.find('/') == std::string::npos) return first_line(name + " --version 2>/dev/null");
  return first_line(
      fmt::format("dpkg-query -W -f='${{Package}} ${{Version}}\\n' {} 2>/dev/null", thing.package));
}

const char* need_text(Need need) {
  switch (need) {
    case Need::build:
      return "needed to build";
    case Need::test:
      return "needed by ./test";
    case Need::optional:
      return "optional";
  }
  return "";
}

/// The back end `unicorn` needs more than packages: a build that has it, and its image. True if
/// both are there.
bool has_unicorn() {
  try {
    const std::string image = find_unicorn_image();
    (void)unicorn_mediator(image);
    fmt::print("ok       {:<32} {}\n", "back end unicorn", image);
    return true;
  } catch (const std::exception& error) {
    fmt::print("missing  {:<32} {}\n", "back end unicorn", error.what());
    return false;
  }
}

/// The back end `qemu`: the emulator and the images of the machine.
bool has_qemu() {
  try {
    fmt::print("ok       {:<32} {}\n", "back end qemu", qemu::find_tools().firmware);
    fmt::print("ok       {:<32} {}\n", "BL33 payload", qemu::find_bl33().file);
    return true;
  } catch (const std::exception& error) {
    fmt::print("missing  {:<32} {}\n", "back end qemu", error.what());
    return false;
  }
}

}  // namespace

int doctor_command() {
  std::set<std::string> missing;
  size_t needed = 0;
  for (const Thing& thing : things) {
    const std::string place = find_thing(thing.name);
    if (!place.empty()) {
      fmt::print("ok       {:<32} {}\n", thing.name, version_of(thing));
      continue;
    }
    fmt::print("missing  {:<32} package {} ({}: {})\n", thing.name, thing.package,
               need_text(thing.need), thing.use);
    if (thing.need == Need::optional) continue;
    ++needed;
    missing.insert(thing.package);
  }
  const bool unicorn = has_unicorn();
  const bool qemu = has_qemu();
  fmt::print("processors online: {}\n", sysconf(_SC_NPROCESSORS_ONLN));
  if (needed != 0) {
    fmt::print("install with: apt-get install --no-install-recommends {}\n",
               fmt::join(missing, " "));
  }
  if (needed == 0 && unicorn && qemu) {
    fmt::print("nothing that is needed is missing\n");
    return 0;
  }
  if (!unicorn || !qemu) fmt::print("a back end can't be used: see its line\n");
  return 1;
}

}  // namespace sim::cli
