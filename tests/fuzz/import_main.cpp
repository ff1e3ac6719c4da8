// SPDX-License-Identifier: BSD-3-Clause
// Makes a scenario of an input that a fuzzer found: fuzz_import FILE --target NAME [--name CASE].
// The scenario goes to standard output, with the decisions that the input took.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sim/engine/run.hpp"
#include "sim/scenario/case.hpp"
#include "tests/fuzz/call_world.hpp"

namespace {

constexpr const char* usage =
    "usage: fuzz_import FILE --target calls|single_call [--name regress/CASE]\n";

sim::scenario::CompiledCase compiled(const std::string& text, const std::string& name) {
  sim::Case source;
  source.name = name;
  source.file = name;
  source.doc = nlohmann::json::parse(text);
  return sim::scenario::compile(source);
}

int import(const std::string& file, const std::string& target, const std::string& name) {
  std::ifstream stream(file, std::ios::binary);
  const std::vector<char> text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad() || text.empty()) {
    fmt::print(stderr, "{}: can't be read, or is empty\n", file);
    return 2;
  }
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  fuzz::Plan plan = target == "calls" ? fuzz::read_plan(bytes) : fuzz::read_single_call(bytes);
  // The decisions as a scenario gives them. A mediator that dies takes this program with it, so the
  // text without them comes first.
  const std::string plain = fuzz::scenario_text(plan, name, "");
  sim::Choices choices{fuzz::decisions_of(plan)};
  const auto factory = sim::built_in_mediator();
  const sim::RunRecord record = sim::run(compiled(plain, name), *factory, choices);
  for (const sim::Violation& violation : record.violations) {
    fmt::print(stderr, "{}: {}\n", violation.invariant, violation.text);
  }
  std::string hash;
  (void)fuzz::run_plan(plan, &hash);
  if (hash != record.hash) {
    fmt::print(stderr, "{}: the scenario does not do what the input does\n", file);
    return 1;
  }
  fmt::print("{}", fuzz::scenario_text(plan, name, choices.to_text()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  std::string target;
  std::string name = "regress/fuzz";
  for (int n = 1; n < argc; ++n) {
    const std::string argument = argv[n];
    if (argument == "--target" && n + 1 < argc) {
      target = argv[++n];
    } else if (argument == "--name" && n + 1 < argc) {
      name = argv[++n];
    } else if (file.empty() && !argument.starts_with("-")) {
      file = argument;
    } else {
      file.clear();
      break;
    }
  }
  if (file.empty() || (target != "calls" && target != "single_call")) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  try {
    return import(file, target, name);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", file, error.what());
    return 2;
  }
}
