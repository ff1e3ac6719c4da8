// SPDX-License-Identifier: BSD-3-Clause
// What must come of programs from outside.
#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/expect_compile.hpp"

namespace sim::scenario {

ExpectedImage compile_image(const Node& node, const ExpectContext& context) {
  ExpectedImage image;
  if (const auto ends = node.find("ends")) image.ends = ends->text();
  if (const auto why = node.find("why")) image.why = why->text();
  if (const auto console = node.find("console")) image.console = console->text();
  const auto calls = node.find("calls");
  if (!calls) return image;
  image.calls.emplace();
  for (const Node& call : calls->elements()) {
    ExpectedCall expected;
    expected.pointer = call.pointer();
    expected.function = function_of(call.is_object() ? call.at("fid") : call);
    if (call.is_object()) {
      Expectation reply;
      compile_replies(call, context, reply);
      expected.replies = reply.replies;
      expected.registers = reply.registers;
      for (auto& reg : expected_registers(call, context)) expected.registers.push_back(reg);
    }
    image.calls->push_back(std::move(expected));
  }
  return image;
}

std::vector<ExpectedConsole> compile_consoles(const Node& node, const CompiledWorld& world) {
  std::vector<ExpectedConsole> consoles;
  const auto list = node.find("consoles");
  if (!list) return consoles;
  const auto has = [](const auto& endpoints, const std::string& name) {
    return std::any_of(endpoints.begin(), endpoints.end(), [&name](const auto& endpoint) {
      return endpoint.name == name && endpoint.image.has_value();
    });
  };
  for (const auto& [name, text] : list->members()) {
    if (!has(world.spec.vms, name) && !has(world.spec.sps, name)) {
      text.fail(fmt::format("'{}' is no endpoint with an image", name));
    }
    consoles.push_back({text.pointer(), name, text.text()});
  }
  return consoles;
}

}  // namespace sim::scenario
