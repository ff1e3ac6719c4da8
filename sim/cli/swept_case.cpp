// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/swept_case.hpp"

#include <fmt/format.h>

#include "ffa/names.hpp"
#include "sim/cli/child.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/engine/swept_fault.hpp"

namespace sim::cli {

bool sweeps(const ReadyCase& ready) {
  return !ready.compiled.sweeps.empty() || !ready.compiled.each_status.empty();
}

std::optional<ReadyCase> swept_case(const ReadyCase& ready, const std::string& where) {
  if (!sweeps(ready)) return {};
  ReadyCase one = ready;
  nlohmann::json* const world =
      one.loaded.data.doc.contains("world") ? &one.loaded.data.doc.at("world") : nullptr;
  const std::string& name = ready.loaded.data.name;
  for (const SweptFault& swept : swept_faults(where)) {
    if (world == nullptr || swept.fault >= world->value("faults", nlohmann::json::array()).size()) {
      throw InputError(name, fmt::format("its world has no fault {}", swept.fault));
    }
    nlohmann::json& fault = world->at("faults").at(swept.fault);
    if (swept.nth) fault["nth"] = *swept.nth;
    if (swept.status) {
      fault["answer"] = ffa::status_name(static_cast<ffa::Status>(*swept.status));
    }
  }
  one.compiled = scenario::compile(one.loaded.data);
  if (sweeps(one)) throw InputError(name, "its faults sweep, and no run of them was named");
  return one;
}

std::string first_that_fails(const ReadyCase& ready, CaseRunner& runner,
                             const ChoiceMaker& make_choices) {
  constexpr char failed = '+';
  constexpr char error = '-';
  const FromChild answer = ask_child([&]() -> std::string {
    try {
      const CaseResult result = runner.run(ready.compiled, make_choices);
      return result.failures.empty() ? std::string() : failed + result.where;
    } catch (const std::exception& caught) {
      return error + std::string(caught.what());
    }
  });
  if (!answer.said) return answer.death.where;
  if (answer.said->empty()) return {};
  if (answer.said->front() == error) {
    throw InputError(ready.loaded.data.name, answer.said->substr(1));
  }
  return answer.said->substr(1);
}

}  // namespace sim::cli
