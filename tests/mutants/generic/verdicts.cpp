// SPDX-License-Identifier: BSD-3-Clause
#include "verdicts.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace generic {
namespace {

// Ten times what it takes without a mutant, and then some: more is an endless loop.
constexpr std::clock_t times_longer = 10;
constexpr std::clock_t more_time = CLOCKS_PER_SEC / 3;
constexpr size_t name_bytes = 512;
constexpr rlim_t most_memory = rlim_t{8} << 30;

struct Child {
  size_t index;
  char* name;
};

/// SIGPROF ends a process whose test takes too long.
void limit_time(std::clock_t time) {
  static_assert(CLOCKS_PER_SEC == 1'000'000);
  const std::clock_t most = time * times_longer + more_time;
  const itimerval timer{{0, 0}, {most / CLOCKS_PER_SEC, most % CLOCKS_PER_SEC}};
  setitimer(ITIMER_PROF, &timer, nullptr);
}

/// `name`: where the parent sees which test runs.
[[noreturn]] void run_child(char* name, const std::vector<Test>& tests, const Fails& fails) {
  const rlimit memory{most_memory, most_memory};
  setrlimit(RLIMIT_AS, &memory);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // What a mutant says on its way is of no use.
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
  for (const Test& test : tests) {
    std::strncpy(name, test.name.c_str(), name_bytes - 1);
    limit_time(test.time);
    if (fails(test.name)) _exit(1);
  }
  _exit(0);
}

std::string line_of(uint32_t mutant, int status, const char* test) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return fmt::format(R"({{"mutant":{},"result":"survived"}})", mutant);
  }
  std::string how = "failed";
  if (WIFSIGNALED(status)) {
    how = WTERMSIG(status) == SIGPROF ? "timeout" : fmt::format("signal {}", WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 1) {
    how = fmt::format("exit code {}", WEXITSTATUS(status));
  }
  return fmt::format(R"({{"mutant":{},"result":"killed","by":"{}","how":"{}"}})", mutant, test,
                     how);
}

}  // namespace

void Reach::add(std::string test, const uint8_t* reached, uint32_t count) {
  Row row{{std::move(test), std::clock() - begun_}, 0, 0, std::vector<bool>(count + 1)};
  for (uint32_t n = 1; n <= count; ++n) {
    if (reached[n] == 0) continue;
    row.bits[n] = true;
    ++row.reached;
  }
  row.round = seen_[row.bits]++;
  rows_.push_back(std::move(row));
}

std::vector<Test> Reach::tests_of(uint32_t mutant, const std::string& first, size_t limit) const {
  std::vector<const Row*> rows;
  std::vector<Test> tests;
  for (const Row& row : rows_) {
    if (!row.bits[mutant]) continue;
    if (row.test.name == first) {
      tests.push_back(row.test);
    } else {
      rows.push_back(&row);
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) {
    return std::pair{a->round, a->reached} < std::pair{b->round, b->reached};
  });
  for (size_t begin = 0, end = 0; begin < rows.size() && tests.size() < limit; begin = end) {
    while (end < rows.size() && rows[end]->round == rows[begin]->round) ++end;
    for (size_t n = 0; n < end - begin && tests.size() < limit; ++n) {
      tests.push_back(rows[n % 2 == 0 ? begin + n / 2 : end - 1 - n / 2]->test);
    }
  }
  return tests;
}

std::optional<Effort> to_effort(const char* jobs, const char* tests) {
  const unsigned long at_a_time = std::strtoul(jobs, nullptr, 10);
  const unsigned long most = std::strtoul(tests, nullptr, 10);
  if (at_a_time == 0 || at_a_time > 64 || most == 0 || most > 1'000'000) return {};
  return Effort{static_cast<unsigned>(at_a_time), most};
}

std::vector<Wanted> read_wanted(const std::string& file, uint32_t count) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + ": can't be read");
  std::vector<Wanted> wanted;
  std::string line;
  for (size_t at = 1; std::getline(in, line); ++at) {
    const size_t space = line.find(' ');
    const std::string digits = line.substr(0, space);
    char* end = nullptr;
    const unsigned long number = std::strtoul(digits.c_str(), &end, 10);
    if (digits.empty() || *end != '\0' || number == 0 || number > count) {
      throw std::runtime_error(fmt::format("{}:{}: no mutant from 1 to {}", file, at, count));
    }
    wanted.push_back({static_cast<uint32_t>(number),
                      space == std::string::npos ? std::string{} : line.substr(space + 1)});
  }
  return wanted;
}

void judge(const std::vector<Wanted>& mutants, const Reach& reach, uint32_t& alive, Effort effort,
           const Fails& fails) {
  std::vector<std::string> lines(mutants.size());
  std::map<pid_t, Child> children;
  auto* const names =
      static_cast<char*>(mmap(nullptr, effort.jobs * name_bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  if (names == MAP_FAILED) throw std::runtime_error("no memory to share with children");
  std::vector<char*> free_names;
  for (unsigned n = 0; n < effort.jobs; ++n) free_names.push_back(names + n * name_bytes);
  size_t told = 0;
  const auto tell = [&] {
    for (; told < lines.size() && !lines[told].empty(); ++told) fmt::print("{}\n", lines[told]);
    std::fflush(stdout);
  };
  const auto await_one = [&] {
    int status = 0;
    const pid_t pid = wait(&status);
    if (pid < 0) throw std::runtime_error("a child is lost");
    const Child child = children.at(pid);
    children.erase(pid);
    lines[child.index] = line_of(mutants[child.index].mutant, status, child.name);
    free_names.push_back(child.name);
    tell();
  };
  std::fflush(stdout);
  for (size_t index = 0; index < mutants.size(); ++index) {
    const auto& [mutant, first] = mutants[index];
    const std::vector<Test> tests = reach.tests_of(mutant, first, effort.tests);
    if (tests.empty()) {
      lines[index] = fmt::format(R"({{"mutant":{},"result":"unreached"}})", mutant);
      continue;
    }
    if (free_names.empty()) await_one();
    char* const name = free_names.back();
    free_names.pop_back();
    std::memset(name, 0, name_bytes);
    const pid_t pid = fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid == 0) {
      alive = mutants[index].mutant;
      run_child(name, tests, fails);
    }
    children.emplace(pid, Child{index, name});
  }
  while (!children.empty()) await_one();
  tell();
}

}  // namespace generic
