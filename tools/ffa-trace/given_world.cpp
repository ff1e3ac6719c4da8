// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/given_world.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/compile_world.hpp"

namespace ffa_trace {
namespace {

/// Takes a number off the front of `text`, and the blank behind it.
template <class T>
bool take_number(std::string_view& text, T& into) {
  const bool hex = text.starts_with("0x");
  const char* const begin = text.data() + (hex ? 2 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, into, hex ? 16 : 10);
  if (error != std::errc{} || (stop != end && *stop != ' ')) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()) + (stop != end ? 1 : 0));
  return true;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

}  // namespace

std::optional<sim::WorldSpec> given_world(const std::optional<sim::trace::Header>& header,
                                          const std::string& file) {
  if (!header || header->world.empty()) return std::nullopt;
  nlohmann::json document = nlohmann::json::object();
  document["world"] = nlohmann::json::parse(header->world, nullptr, false);
  const std::string place = file + ": header";
  if (!document["world"].is_object()) throw sim::InputError(place, "\"world\": not an object");
  auto world = sim::scenario::compile_world(sim::scenario::Node{document, place, ""}).spec;
  for (const sim::FaultSpec& fault : world.faults) {
    // What an SMC was answered stands in the trace; what the machine did does not.
    if (fault.op == "smc") continue;
    throw sim::InputError(place, fmt::format("not supported yet: a fault of \"{}\"", fault.op));
  }
  world.faults.clear();
  return world;
}

HostStimulus parse_stimulus(const std::string& text, const std::string& place) {
  HostStimulus stimulus;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find("; "));
    rest.remove_prefix(std::min(rest.size(), one.size() + 2));
    if (take_word(one, "interrupt ")) {
      throw sim::InputError(place, "not supported yet: an interrupt that ends a call that waits");
    }
    HostStimulus::Page page;
    const bool budget = take_word(one, "budget ");
    const bool known = budget ? take_number(one, stimulus.budget)
                              : take_word(one, "remove ") && take_number(one, page.vm) &&
                                    take_number(one, page.ipa);
    if (!known || !one.empty()) {
      throw sim::InputError(place, fmt::format("\"stimulus\": \"{}\" is not known", text));
    }
    if (!budget) stimulus.removed.push_back(page);
  }
  return stimulus;
}

}  // namespace ffa_trace
