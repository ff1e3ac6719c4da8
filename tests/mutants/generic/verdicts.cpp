// SPDX-License-Identifier: BSD-3-Clause
#include "verdicts.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>

namespace generic {
namespace {

constexpr unsigned seconds_a_test = 3;
constexpr size_t name_bytes = 512;
constexpr rlim_t most_memory = rlim_t{8} << 30;

/// Where the child writes which test it runs.
char* running = nullptr;

struct Child {
  size_t index;
  char* name;
};

[[noreturn]] void run_child(char* name, const std::vector<std::string>& tests, const Fails& fails) {
  running = name;
  const rlimit memory{most_memory, most_memory};
  setrlimit(RLIMIT_AS, &memory);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // What a mutant says on its way is of no use.
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
  for (const std::string& test : tests) {
    begin_test(test, seconds_a_test);
    if (fails(test)) _exit(1);
  }
  _exit(0);
}

std::string line_of(uint32_t mutant, int status, const char* test) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return fmt::format(R"({{"mutant":{},"result":"survived"}})", mutant);
  }
  std::string how = "failed";
  if (WIFSIGNALED(status)) {
    how = WTERMSIG(status) == SIGXCPU ? "timeout" : fmt::format("signal {}", WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 1) {
    how = fmt::format("exit code {}", WEXITSTATUS(status));
  }
  return fmt::format(R"({{"mutant":{},"result":"killed","by":"{}","how":"{}"}})", mutant, test, how);
}

}  // namespace

void Reach::add(std::string test, const uint8_t* reached, uint32_t count) {
  Row row{std::move(test), 0, std::vector<bool>(count + 1)};
  for (uint32_t n = 1; n <= count; ++n) {
    if (reached[n] == 0) continue;
    row.bits[n] = true;
    ++row.reached;
  }
  rows_.push_back(std::move(row));
}

std::vector<std::string> Reach::tests_of(uint32_t mutant) const {
  std::vector<const Row*> rows;
  for (const Row& row : rows_) {
    if (row.bits[mutant]) rows.push_back(&row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row* a, const Row* b) { return a->reached < b->reached; });
  std::vector<std::string> names;
  for (const Row* row : rows) names.push_back(row->test);
  return names;
}

void begin_test(const std::string& name, unsigned seconds) {
  std::strncpy(running, name.c_str(), name_bytes - 1);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto until = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + seconds;
  const rlimit limit{until, RLIM_INFINITY};
  setrlimit(RLIMIT_CPU, &limit);
}

std::vector<uint32_t> read_numbers(const std::string& file, uint32_t count) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + ": can't be read");
  std::vector<uint32_t> numbers;
  std::string line;
  for (size_t at = 1; std::getline(in, line); ++at) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(line.c_str(), &end, 10);
    if (line.empty() || *end != '\0' || number == 0 || number > count) {
      throw std::runtime_error(fmt::format("{}:{}: no mutant from 1 to {}", file, at, count));
    }
    numbers.push_back(static_cast<uint32_t>(number));
  }
  return numbers;
}

void judge(const std::vector<uint32_t>& mutants, const Reach& reach, uint32_t& alive, unsigned jobs,
           const Fails& fails) {
  std::vector<std::string> lines(mutants.size());
  std::map<pid_t, Child> children;
  auto* const names = static_cast<char*>(mmap(nullptr, jobs * name_bytes, PROT_READ | PROT_WRITE,
                                              MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (names == MAP_FAILED) throw std::runtime_error("no memory to share with children");
  std::vector<char*> free_names;
  for (unsigned n = 0; n < jobs; ++n) free_names.push_back(names + n * name_bytes);
  const auto await_one = [&] {
    int status = 0;
    const pid_t pid = wait(&status);
    if (pid < 0) throw std::runtime_error("a child is lost");
    const Child child = children.at(pid);
    children.erase(pid);
    lines[child.index] = line_of(mutants[child.index], status, child.name);
    free_names.push_back(child.name);
  };
  std::fflush(stdout);
  for (size_t index = 0; index < mutants.size(); ++index) {
    const std::vector<std::string> tests = reach.tests_of(mutants[index]);
    if (tests.empty()) {
      lines[index] = fmt::format(R"({{"mutant":{},"result":"unreached"}})", mutants[index]);
      continue;
    }
    if (free_names.empty()) await_one();
    char* const name = free_names.back();
    free_names.pop_back();
    std::memset(name, 0, name_bytes);
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid == 0) {
      alive = mutants[index];
      run_child(name, tests, fails);
    }
    children.emplace(pid, Child{index, name});
  }
  while (!children.empty()) await_one();
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

}  // namespace generic
