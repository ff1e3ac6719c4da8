// SPDX-License-Identifier: BSD-3-Clause
// Makes a scenario of an input that a fuzzer found: fuzz_import FILE --target NAME [--name CASE].
// The scenario goes to standard output, with the decisions that the input took. It is tried in a
// process of its own, since a finding may well be that this dies.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/engine/run.hpp"
#include "sim/scenario/case.hpp"
#include "sim/trace/hasher.hpp"
#include "tests/fuzz/call_world.hpp"
#include "tests/fuzz/input_file.hpp"
#include "tests/fuzz/plan_targets.hpp"

namespace {

using fuzz::plan_targets;
using Target = fuzz::PlanTarget;

void usage() {
  fmt::print(stderr, "usage: fuzz_import FILE --target NAME [--name regress/CASE]\ntargets:");
  for (const Target& target : plan_targets) fmt::print(stderr, " {}", target.name);
  fmt::print(stderr, " (fragment: as it is sent first; fragment:2: the second time)\n");
}

sim::scenario::CompiledCase compiled(const std::string& text, const std::string& name) {
  sim::Case source;
  source.name = name;
  source.file = name;
  source.doc = nlohmann::json::parse(text);
  return sim::scenario::compile(source);
}

/// The exit code: 0 if the scenario does what the input does. What is violated goes to stderr.
int try_out(const fuzz::Plan& plan, const std::string& name) {
  sim::Choices choices{fuzz::decisions_of(plan)};
  const auto factory = sim::built_in_mediator();
  const sim::RunRecord record =
      sim::run(compiled(fuzz::scenario_text(plan, name, ""), name), *factory, choices);
  for (const sim::Violation& violation : record.violations) {
    fmt::print(stderr, "{}: {}\n", violation.invariant, violation.text);
  }
  // What is decided from now on is not the scenario's.
  static sim::LastChoices of_input;
  sim::keep_last_choices(of_input);
  sim::trace::Hasher hasher;
  for (const sim::trace::Event& event : fuzz::run_plan(plan).events) hasher.add(event);
  return hasher.finish() == record.hash ? 0 : 1;
}

/// The same in a child. Nothing: it died, after the decisions in `last`.
std::optional<int> try_apart(const fuzz::Plan& plan, const std::string& name,
                             sim::LastChoices& last) {
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error(fmt::format("no process: {}", std::strerror(errno)));
  if (child == 0) {
    sim::keep_last_choices(last);
    try {
      const int code = try_out(plan, name);
      (void)std::fflush(stderr);
      _exit(code);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      _exit(2);
    }
  }
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("lost a process");
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  fmt::print(stderr, "it dies of signal {}\n", WTERMSIG(status));
  return std::nullopt;
}

int import(const std::string& file, const Target& target, const std::string& name) {
  const auto read = fuzz::bytes_of(file);
  if (!read || read->empty()) {
    fmt::print(stderr, "{}: can't be read, or is empty\n", file);
    return 2;
  }
  const std::vector<uint8_t>& bytes = *read;
  const fuzz::Plan plan = target.read(bytes);
  void* const shared = mmap(nullptr, sizeof(sim::LastChoices), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::bad_alloc();
  auto& last = *static_cast<sim::LastChoices*>(shared);
  const std::optional<int> code = try_apart(plan, name, last);
  if (code == 2) return 2;
  if (code == 1) {
    fmt::print(stderr, "{}: the scenario does not do what the input does\n", file);
    return 1;
  }
  if (last.cut) {
    fmt::print(stderr, "{}: too many decisions\n", file);
    return 1;
  }
  fmt::print("{}", fuzz::scenario_text(plan, name, {last.text, last.length}));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  const Target* target = nullptr;
  std::string name = "regress/fuzz";
  for (int n = 1; n < argc; ++n) {
    const std::string argument = argv[n];
    if (argument == "--target" && n + 1 < argc) {
      ++n;
      for (const Target& known : plan_targets) {
        if (std::strcmp(known.name, argv[n]) == 0) target = &known;
      }
      if (target == nullptr) fmt::print(stderr, "--target {}: no such target\n", argv[n]);
    } else if (argument == "--name" && n + 1 < argc) {
      name = argv[++n];
    } else if (file.empty() && !argument.starts_with("-")) {
      file = argument;
    } else {
      file.clear();
      break;
    }
  }
  if (file.empty() || target == nullptr) {
    usage();
    return 2;
  }
  try {
    return import(file, *target, name);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", file, error.what());
    return 2;
  }
}
