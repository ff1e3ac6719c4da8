// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/inevitable.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <span>
#include <stdexcept>

#include "sim/cli/child.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/explore/strategies.hpp"
#include "sim/scenario/judge.hpp"

namespace sim::cli {
namespace {

/// Numbers that a child process writes and its parent reads, zero at first.
class SharedNumbers {
 public:
  explicit SharedNumbers(size_t count) : bytes_(count * sizeof(uint64_t)) {
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::runtime_error(std::strerror(errno));
  }
  ~SharedNumbers() { (void)munmap(memory_, bytes_); }
  SharedNumbers(const SharedNumbers&) = delete;
  SharedNumbers& operator=(const SharedNumbers&) = delete;
  [[nodiscard]] std::span<uint64_t> all() const {
    return {static_cast<uint64_t*>(memory_), bytes_ / sizeof(uint64_t)};
  }

 private:
  size_t bytes_;
  void* memory_;
};

/// In a child process; true if it came to its end. What it throws is thrown here.
bool in_child(const std::function<void()>& body, Death& death) {
  const FromChild answer = ask_child([&]() -> std::string {
    try {
      body();
      return {};
    } catch (const std::exception& error) {
      return error.what();
    }
  });
  death = answer.death;
  if (answer.said && !answer.said->empty()) throw InputError("--inevitable", *answer.said);
  return answer.said.has_value();
}

uint64_t count_decisions(const ReadyCase& ready, const std::string& text, CaseRunner& runner) {
  const SharedNumbers decisions(1);
  Death death;
  const auto run = [&] {
    Choices choices{recorded_choices(text, "choices")};
    (void)runner.run_once(ready.compiled, choices);
    decisions.all()[0] = choices.decisions();
  };
  return in_child(run, death) ? decisions.all()[0] : death.decisions;
}

}  // namespace

Continuations continue_randomly(const ReadyCase& ready, const std::string& text, CaseRunner& runner,
                                uint32_t count) {
  const uint64_t prefixes = count_decisions(ready, text, runner) + 1;
  const SharedNumbers numbers(prefixes + 1);
  const auto failed = numbers.all().first(prefixes);
  uint64_t& next = numbers.all().back();
  const auto run_those_left = [&] {
    const explore::RunSchedule run = runner.many_runs(ready.compiled);
    for (; next < prefixes * count; ++next) {
      Choices choices{explore::prefix_choices(text, next / count, next)};
      if (!scenario::judge(ready.compiled, run(choices)).empty()) ++failed[next / count];
    }
  };
  for (Death death; !in_child(run_those_left, death); ++next) ++failed[next / count];
  Continuations found{count, {}};
  for (const uint64_t number : failed) found.failed.push_back(static_cast<uint32_t>(number));
  return found;
}

std::string continuations_text(const Continuations& continuations, const std::string& choices) {
  const std::vector<uint32_t>& failed = continuations.failed;
  const auto percent = [&](uint32_t number) {
    return fmt::format("{:>6.1f}%", 100.0 * number / continuations.count);
  };
  std::string text =
      fmt::format("  of {} random continuations of its first choices fail\n", continuations.count);
  for (size_t first = 0; first < failed.size();) {
    size_t end = first + 1;
    while (end < failed.size() && failed[end] == failed[first]) ++end;
    const std::string last = end - first == 1 ? "" : fmt::format(" to {}", end - 1);
    text += fmt::format("    {:<14}{}\n", fmt::format("{}{}", first, last), percent(failed[first]));
    first = end;
  }
  size_t certain = failed.size();
  while (certain > 0 && failed[certain - 1] == continuations.count) --certain;
  if (certain == failed.size()) return text + "  at no place it was inevitable\n";
  if (certain == 0) return text + "  it was inevitable from the beginning\n";
  // "12:schedule=1,15:fault_smc=1": what is not there was 0.
  std::string decision = "0";
  const std::string mark = fmt::format(",{}:", certain - 1);
  const std::string all = "," + choices + ",";
  if (const size_t at = all.find(mark); at != std::string::npos) {
    decision = all.substr(at + mark.size(), all.find(',', at + 1) - at - mark.size());
  }
  return text + fmt::format("  inevitable since choice {}: {}\n", certain - 1, decision);
}

}  // namespace sim::cli
