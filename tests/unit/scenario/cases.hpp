// SPDX-License-Identifier: BSD-3-Clause
// Cases from JSON text, compiled and run, for the tests of compiler, judge and engine.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/engine/input_error.hpp"
#include "sim/engine/run.hpp"
#include "sim/scenario/case.hpp"
#include "sim/scenario/compile.hpp"

namespace sim::scenario::test {

inline Case case_of(const std::string& text, std::map<std::string, std::string> variables = {}) {
  return {"unit/case", "case.json", std::move(variables), nlohmann::json::parse(text)};
}

/// The message of the InputError that compiling gives, or "" if it compiles.
inline std::string compile_error(const std::string& text,
                                 std::map<std::string, std::string> variables = {}) {
  try {
    compile(case_of(text, std::move(variables)));
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

inline CaseResult run_text(const std::string& text,
                           std::map<std::string, std::string> variables = {}) {
  const CompiledCase compiled = compile(case_of(text, std::move(variables)));
  return run_case(compiled, *built_in_mediator(), [] { return seeded_choices(7); });
}

/// The texts of all failures, one a line.
inline std::string failures_text(const CaseResult& result) {
  std::string text;
  for (const Failure& failure : result.failures)
    text += failure.pointer + ": " + failure.text + "\n";
  return text;
}

}  // namespace sim::scenario::test
